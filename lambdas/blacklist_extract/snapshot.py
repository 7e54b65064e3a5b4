"""Snapshots of the blacklist in the raw bucket: their keys, their guard, their one PUT.

    blacklist/snapshot_date=D/blacklist.csv                              the snapshot in force
    control/blacklist/snapshot_date=D/<extract_id>/manifest.json, rejects.csv

Rejects and manifest are put first, below the id of this extract; the PUT of the snapshot commits
them by naming that id in its metadata. A manifest that no snapshot names never happened.
"""

from __future__ import annotations

import csv
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

from fraudlake.errors import InputError, RunError
from lambdas.objects import NewObject, PutConflict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
    from io import BufferedRandom

    from lambdas.objects import Bucket

FOLDER = "blacklist/"
CSV = "text/csv; charset=utf-8"
_KEY = re.compile(r"blacklist/snapshot_date=(\d{4}-\d{2}-\d{2})/blacklist\.csv", re.ASCII)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that is there: its date, its number of entries, and its ETag."""

    snapshot_date: date
    entries: int
    etag: str


def key_of(day: date) -> str:
    """The one object of a snapshot."""
    return f"{FOLDER}snapshot_date={day}/blacklist.csv"


def control_key(day: date, extract_id: str, name: str) -> str:
    """An object about an extract, outside every table."""
    return f"control/blacklist/snapshot_date={day}/{extract_id}/{name}"


def find_rivals(bucket: Bucket, day: date) -> list[Snapshot]:
    """The snapshots that a new one of `day` is compared with.

    The newest of an earlier date, and the one of the same date that it would replace. Raises
    InputError when the folder of the date holds other objects: they would be read along.
    """
    keys = list(bucket.keys(f"{FOLDER}snapshot_date="))
    _refuse_strangers(keys, day)
    dates = sorted(found for key in keys if (found := _date_of(key)))
    earlier = [one for one in dates if one < day][-1:]
    same = [one for one in dates if one == day]
    rivals = (_snapshot_of(bucket, one) for one in earlier + same)
    return [one for one in rivals if one]


def check_size(
    entries: int, rivals: list[Snapshot], max_shrink: Decimal, *, allow_shrink: bool
) -> None:
    """Refuse an empty snapshot, and one that lost too large a share of its entries (InputError)."""
    if not entries:
        raise InputError(
            "the new snapshot is empty; the earlier one stays in force. "
            "See that src_blacklist is filled and the user sees its rows, then call again"
        )
    shrunk = [one for one in rivals if entries < one.entries * (1 - max_shrink)]
    if shrunk and not allow_shrink:
        than = ", ".join(f"{one.entries} of {one.snapshot_date}" for one in shrunk)
        raise InputError(
            f"the new snapshot has {entries} entries, against {than}: more than the share of "
            f"{max_shrink} is gone; the earlier one stays in force. If that is right, call again "
            'with "allow_shrink": true'
        )


def put_rejects(bucket: Bucket, key: str, body: BufferedRandom) -> None:
    """Put the rows that were set aside, with their reasons."""
    bucket.put(NewObject(key=key, body=body, content_type=CSV))


def put_manifest(bucket: Bucket, key: str, manifest: Mapping[str, Any]) -> None:
    """Put the account of an extract."""
    body = BytesIO(json.dumps(manifest).encode())
    bucket.put(NewObject(key=key, body=body, content_type="application/json"))


def put_snapshot(
    bucket: Bucket, rivals: list[Snapshot], body: BufferedRandom, manifest: Mapping[str, Any]
) -> None:
    """Put the snapshot: the commit. From here on it is the one in force for its date.

    It takes the place of the one of its date among `rivals`, which it was compared with; RunError
    when another call has put one meanwhile, which then stays.
    """
    day = date.fromisoformat(manifest["snapshot_date"])
    replaced = [one.etag for one in rivals if one.snapshot_date == day]
    metadata = {
        "extract-id": manifest["extract_id"],
        "entries": str(manifest["rows"]["entries"]),
        "rejects": str(manifest["rows"]["rejects"]),
    }
    try:
        bucket.put(
            NewObject(
                key=key_of(day),
                body=body,
                content_type=CSV,
                metadata=metadata,
                replaces=replaced[0] if replaced else None,
                is_new=not replaced,
            )
        )
    except PutConflict as conflict:
        raise RunError(
            f"another call has put a snapshot of {day} while this one was reading; that one stays "
            "in force. Call again, so that they are compared"
        ) from conflict


def _date_of(key: str) -> date | None:
    """The date of a snapshot's key; None of a key of another form, or of no possible date."""
    found = _KEY.fullmatch(key)
    with suppress(ValueError):
        return date.fromisoformat(found[1]) if found else None
    return None


def _refuse_strangers(keys: list[str], day: date) -> None:
    folder = f"{FOLDER}snapshot_date={day}/"
    strangers = [key for key in keys if key.startswith(folder) and key not in (key_of(day), folder)]
    if strangers:
        raise InputError(
            f"{folder} holds {len(strangers)} other objects ({strangers[0]}), which would be read "
            "as part of the blacklist; move them away and call again"
        )


def _snapshot_of(bucket: Bucket, day: date) -> Snapshot | None:
    head = bucket.head(key_of(day))
    if head is None:  # gone since it was listed
        return None
    told = head.metadata.get("entries", "")
    return Snapshot(day, int(told) if told.isdecimal() else _counted(bucket, day), head.etag)


def _counted(bucket: Bucket, day: date) -> int:
    """The entries of a snapshot that came another way, and says nothing of them itself."""
    try:
        rows = sum(1 for row in csv.reader(bucket.lines(key_of(day))) if row)
    except csv.Error as error:
        raise InputError(
            f"the earlier snapshot {key_of(day)} is no CSV, so that its entries cannot be counted "
            "and compared; correct it or move it away, and call again"
        ) from error
    return max(0, rows - 1)
