"""The guard of the snapshot in force: which new ones are refused, and that nothing is put then."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest

from fraudlake.errors import FraudlakeError, InputError, RunError, SchemaError
from tests.lambdas.blacklist_extract.deployed import BUCKET, DAY, snapshot_key
from tests.lambdas.puts import watched_puts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.hooks import BaseEventHooks

    from tests.lambdas.blacklist_extract.deployed import Deployed, Row

EARLIER, OLDER, LATER = "2025-01-30", "2025-01-29", "2025-02-01"


def fill(deployed: Deployed, entries: int) -> None:
    """Make src_blacklist hold this many entries, and a row that names nobody."""
    deployed.delete_all()
    deployed.insert({"reason": "nobody"}, *({"customer_id": f"C{i}"} for i in range(entries)))


def leave(deployed: Deployed, day: str, entries: int) -> None:
    """A snapshot that an earlier call left, of which only the metadata matters."""
    metadata = {"entries": str(entries)}
    deployed.s3.put_object(Bucket=BUCKET, Key=snapshot_key(day), Body=b"x", Metadata=metadata)


def session_events() -> BaseEventHooks:
    """Where hooks go for the clients that the function will make."""
    assert boto3.DEFAULT_SESSION is not None
    return boto3.DEFAULT_SESSION.events


def objects(deployed: Deployed) -> dict[str, bytes]:
    return {key: deployed.text(key).encode() for key in deployed.keys("")}


@contextmanager
def refused(deployed: Deployed, kind: type[FraudlakeError], says: str) -> Iterator[None]:
    """A call within fails, leaves each object byte for byte and tries to put none."""
    before = objects(deployed)
    with watched_puts(session_events()) as puts, pytest.raises(kind, match=says):
        yield
    assert puts == []
    assert objects(deployed) == before


def compared_with(deployed: Deployed, day: str = DAY) -> list[tuple[str, int]]:
    """Which snapshots a call says it compared its own with."""
    rivals: list[Row] = deployed.call(day)["manifest"]["compared_with"]
    return [(one["snapshot_date"], one["entries"]) for one in rivals]


@pytest.mark.parametrize("rows", [0, 1])
def test_no_entries_are_no_snapshot_whatever_is_allowed(deployed: Deployed, rows: int) -> None:
    if rows:
        fill(deployed, 0)  # only a row that names nobody
    for allowed in (False, True):
        with refused(deployed, InputError, "the new snapshot is empty"):
            deployed.call(allow_shrink=allowed)
    leave(deployed, EARLIER, 1)
    with refused(deployed, InputError, "the earlier one stays in force"):
        deployed.call(allow_shrink=True)


def test_half_of_the_earlier_entries_are_enough_and_one_less_is_not(deployed: Deployed) -> None:
    leave(deployed, EARLIER, 4)
    fill(deployed, 1)
    with refused(deployed, InputError, "has 1 entries, against 4 of 2025-01-30: more than the sh"):
        deployed.call()
    fill(deployed, 2)
    assert compared_with(deployed) == [(EARLIER, 4)]


def test_a_shrunken_snapshot_passes_once_when_that_is_allowed(deployed: Deployed) -> None:
    leave(deployed, EARLIER, 9)
    fill(deployed, 1)
    assert deployed.call(allow_shrink=True)["manifest"]["allow_shrink"] is True
    assert len(deployed.entries()) == 1
    with refused(deployed, InputError, 'call again with "allow_shrink": true'):
        deployed.call()


def test_the_newest_earlier_date_counts_and_no_older_or_later_one(deployed: Deployed) -> None:
    for day, entries in ((OLDER, 99), (EARLIER, 2), (LATER, 99)):
        leave(deployed, day, entries)
    fill(deployed, 1)
    assert compared_with(deployed) == [(EARLIER, 2)]


def test_the_first_snapshot_has_nothing_to_shrink_from(deployed: Deployed) -> None:
    leave(deployed, LATER, 99)
    fill(deployed, 1)
    assert compared_with(deployed) == []


def test_the_snapshot_of_the_same_date_counts_as_well(deployed: Deployed) -> None:
    leave(deployed, EARLIER, 2)
    fill(deployed, 4)
    deployed.call()
    fill(deployed, 1)
    with refused(deployed, InputError, "1 entries, against 4 of 2025-01-31: more"):
        deployed.call()
    leave(deployed, EARLIER, 3)
    with refused(deployed, InputError, "against 3 of 2025-01-30, 4 of 2025-01-31: more"):
        deployed.call()


@pytest.mark.parametrize(
    ("max_shrink", "earlier", "least"), [("0", 3, 3), ("0.7", 10, 3), ("0.3", 10, 7), ("1", 9, 1)]
)
def test_how_much_may_go_is_a_setting_and_exact(
    deployed: Deployed, max_shrink: str, earlier: int, least: int
) -> None:
    deployed.set(MAX_SHRINK=max_shrink)
    leave(deployed, EARLIER, earlier)
    fill(deployed, least - 1)
    with refused(deployed, InputError, "the earlier one stays in force"):
        deployed.call()
    fill(deployed, least)
    deployed.call()


def test_a_snapshot_without_metadata_is_counted(deployed: Deployed) -> None:
    deployed.put(snapshot_key(EARLIER), '\ufeff"full\nname",email\r\n"Ana,\n""x""\nLima",\r\nB,b@c')
    fill(deployed, 1)
    assert compared_with(deployed) == [(EARLIER, 2)]
    deployed.put(snapshot_key(EARLIER), "full_name\n" + "x\n\n" * 3)
    with refused(deployed, InputError, "against 3 of 2025-01-30"):
        deployed.call("2025-01-31")


def test_an_empty_object_is_a_snapshot_of_no_entries(deployed: Deployed) -> None:
    deployed.put(snapshot_key(EARLIER), "")
    fill(deployed, 1)
    assert compared_with(deployed) == [(EARLIER, 0)]


def test_a_snapshot_that_cannot_be_counted_stops_the_call(deployed: Deployed) -> None:
    deployed.s3.put_object(Bucket=BUCKET, Key=snapshot_key(EARLIER), Body=b"name\nJos\xe9\n")
    fill(deployed, 1)
    with pytest.raises(RunError, match=r"blacklist.csv was not read \(UnicodeDecodeError\)"):
        deployed.call()
    assert deployed.keys() == [snapshot_key(EARLIER)]


def test_a_snapshot_that_is_no_csv_stops_the_call(deployed: Deployed) -> None:
    deployed.put(snapshot_key(EARLIER), 'full_name\n"' + "x" * 200_000)
    fill(deployed, 1)
    with refused(deployed, InputError, "is no CSV, so that its entries cannot be counted"):
        deployed.call()


def test_a_stranger_in_the_folder_of_the_date_is_refused(deployed: Deployed) -> None:
    folder = snapshot_key().removesuffix("blacklist.csv")
    fill(deployed, 1)
    deployed.put(folder + "copy.csv", "full_name\nAna\n")
    with refused(deployed, InputError, f"{folder} holds 1 other objects .{folder}copy.csv"):
        deployed.call(allow_shrink=True)


def test_objects_elsewhere_do_no_harm(deployed: Deployed) -> None:
    folder = snapshot_key().removesuffix("blacklist.csv")
    for key in (folder, f"blacklist/snapshot_date={DAY}0/a.csv", "blacklist/snapshot_date=x/a.csv"):
        deployed.put(key, "")
    deployed.put(f"blacklist/snapshot_date={EARLIER}/copy.csv", "a\n1\n")
    fill(deployed, 1)
    assert compared_with(deployed) == []


def test_a_folder_of_no_possible_date_does_no_harm(deployed: Deployed) -> None:
    deployed.put(snapshot_key("2025-02-30"), "full_name\nAna\n")
    fill(deployed, 1)
    assert compared_with(deployed) == []


def test_a_missing_column_is_named_with_those_that_are_there(deployed: Deployed) -> None:
    fill(deployed, 1)
    change = "ALTER TABLE src_blacklist DROP COLUMN email, DROP COLUMN is_confirmed, DROP source"
    deployed.mysql.run(change, database=deployed.database)
    found = "found id, blacklist_id, customer_id, full_name, phone, .*, expires_at. Add it"
    with refused(deployed, SchemaError, f"^src_blacklist has no column email, source; {found}"):
        deployed.call()


def test_columns_in_another_order_and_case_and_further_ones_do_no_harm(deployed: Deployed) -> None:
    columns = "Expires_At, LISTED_AT, `by hand?`, SOURCE, reason, DATE_OF_BIRTH, Phone, Email"
    names = f"{columns}, Full_Name, CUSTOMER_ID, Blacklist_ID".split(", ")
    deployed.mysql.run(
        "DROP TABLE src_blacklist",
        f"CREATE TABLE src_blacklist ({', '.join(f'{name} TEXT' for name in names)})",
        database=deployed.database,
    )
    deployed.insert({"LISTED_AT": "2024-12-31", "Full_Name": "Ana", "`by hand?`": "yes"})
    deployed.call()
    assert deployed.text(snapshot_key()).splitlines()[1] == ",,Ana,,,,unspecified,,2024-12-31,"
