"""Input files that came or changed after the batch that they belong to was scored."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from fraudlake.files import InputFile, is_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fraudlake.files import TableFiles
    from fraudlake.runs import Manifest

Change = dict[str, str]


def described_inputs(files: Mapping[str, Iterable[InputFile]]) -> list[dict[str, Any]]:
    """The input objects of a run as its manifest names them."""
    return [{"table": table, **_described(one)} for table, found in files.items() for one in found]


def changed_inputs(runs: Iterable[Manifest], tables: Mapping[str, TableFiles]) -> list[Change]:
    """What differs between the inputs that runs named and the files there are now.

    Each change: batch_date, table, name, and what happened to it (came, changed, gone). Looks at
    dated partitions; a table without partitions is its own current state, and only changes of the
    transactions' files are told.
    """
    return [
        {"batch_date": run.batch_date.isoformat(), "table": table, "name": name, "change": change}
        for run in runs
        for table, files in tables.items()
        for name, change in sorted(_differences(run, table, files).items())
    ]


def changes_since(files: Sequence[InputFile]) -> list[tuple[str, str]]:
    """What happened to files, all of one partition or table, since they were found: name, change.

    Looks at storage again. In a partition other files may have come; a table without partitions
    is read as it was found.
    """
    if not files:
        return []
    storage, partition = files[0].storage, files[0].partition
    before, listed = _facts(files), storage.files(partition or "")
    now = _facts(InputFile(storage, one) for one in listed if is_data(one.name))
    if partition is None:
        now = {name: fact for name, fact in now.items() if name in before}
    return sorted(_changes(before, now).items())


def _differences(run: Manifest, table: str, files: TableFiles) -> dict[str, str]:
    before = {one["name"]: _mark(one) for one in run.inputs if one["table"] == table}
    day = _partition_of(run, table)
    if files.is_partitioned:
        now = _facts(files.by_date.get(day, []))
    elif table == "transactions":
        now = {name: fact for name, fact in _facts(files.by_date[None]).items() if name in before}
    else:
        return {}
    return _changes(before, now)


def _changes(
    before: Mapping[str, tuple[int, str]], now: Mapping[str, tuple[int, str]]
) -> dict[str, str]:
    came = dict.fromkeys(now.keys() - before.keys(), "came")
    gone = dict.fromkeys(before.keys() - now.keys(), "gone")
    both = now.keys() & before.keys()
    changed = {name: "changed" for name in both if now[name] != before[name]}
    return came | gone | changed


def _partition_of(run: Manifest, table: str) -> date | None:
    if table == "transactions":
        return run.batch_date
    facts = run.customers if table == "customers" else run.blacklist
    named = facts.get("snapshot_date")
    return date.fromisoformat(named) if named else None


def _facts(files: Iterable[InputFile]) -> dict[str, tuple[int, str]]:
    return {one.name: _mark(_described(one)) for one in files}


def _described(file: InputFile) -> dict[str, Any]:
    facts = file.stored
    etag = {"etag": facts.etag} if facts.etag else {}
    return {"name": facts.name, "size": facts.size, "modified": facts.modified, **etag}


def _mark(described: Mapping[str, Any]) -> tuple[int, str]:
    """What differs when the content does: S3's ETag where there is one, else the time."""
    return described["size"], described.get("etag") or described["modified"]
