from __future__ import annotations

import pytest

from fraudlake.local.crawls.folders import Folder, Listed, folders_below
from fraudlake.local.crawls.samples import is_as_declared

CSV = {"classification": "csv", "compressionType": "none"}
PARQUET = {"classification": "parquet", "compressionType": "none"}
JSON = {"classification": "json", "compressionType": "none"}
GZIPPED = {"classification": "csv", "compressionType": "gzip"}


def below(*keys: str, partitioned_by: tuple[str, ...] = ("day",), size: int = 9) -> set[str]:
    """The partitions that objects at `t/...` make up, joined with dashes."""
    found = folders_below("t/", partitioned_by, [Listed(f"t/{key}", size) for key in keys])
    return {"-".join(values) for values in found.partitions}


def skipped(*keys: str, partitioned_by: tuple[str, ...] = ("day",)) -> list[str]:
    return folders_below("t/", partitioned_by, [Listed(f"t/{key}", 9) for key in keys]).skipped


def test_a_folder_with_objects_is_one_partition_however_many_they_are() -> None:
    assert below("day=1/a.csv", "day=1/b.csv", "day=2/a.csv") == {"1", "2"}


def test_partitions_have_the_values_of_all_keys_in_the_order_of_the_table() -> None:
    keys = ("day", "run")
    assert below("day=1/run=a/x", "day=1/run=b/x", partitioned_by=keys) == {"1-a", "1-b"}
    assert skipped("run=a/day=1/x", partitioned_by=keys) == ["t/run=a/day=1/"]


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        ("x.csv", "t/"),
        ("/x.csv", "t//"),
        ("day/x.csv", "t/day/"),
        ("2026-01-01/x.csv", "t/2026-01-01/"),
        ("hour=1/x.csv", "t/hour=1/"),
        ("day=1/hour=2/x.csv", "t/day=1/hour=2/"),
    ],
)
def test_a_folder_of_other_keys_depth_or_spelling_is_skipped_and_named(
    key: str, folder: str
) -> None:
    assert below(key, "day=2/x.csv") == {"2"}
    assert skipped(key, "day=2/x.csv") == [folder]


def test_objects_loose_beside_partitions_leave_the_partitions_as_they_are() -> None:
    assert below("day=1/x.csv", "loose.csv") == {"1"}
    assert skipped("day=1/x.csv", "loose.csv") == ["t/"]


@pytest.mark.parametrize("key", ["day=1/_SUCCESS", "day=1/.x.crc", "_temporary/day=1/x", ".s/x"])
def test_hidden_objects_count_for_nothing(key: str) -> None:
    assert below(key) == set()
    assert skipped(key) == []


@pytest.mark.parametrize("key", ["", "day=1/", "day=1_$folder$"])
def test_folder_markers_count_for_nothing(key: str) -> None:
    found = folders_below("t/", ("day",), [Listed(f"t/{key}", 0)])
    assert found.partitions == {}
    assert found.skipped == []


def test_values_are_decoded_as_hive_encodes_them_and_may_hold_an_equals_sign() -> None:
    assert below("day=10%3A30/x", "day=a+b/x", "day=c=d/x") == {"10:30", "a+b", "c=d"}


def test_the_name_of_a_key_is_read_without_regard_to_case() -> None:
    assert below("Day=1/x") == {"1"}


def test_of_two_folders_that_spell_one_value_the_first_is_the_partition() -> None:
    listed = [Listed("t/day=10%3A30/x", 9), Listed("t/day=10:30/x", 9)]
    found = folders_below("t/", ("day",), listed)
    assert found.partitions == {("10:30",): Folder("t/day=10%3A30/", "t/day=10%3A30/x")}
    assert found.skipped == ["t/day=10:30/"]


def test_the_sample_of_a_folder_is_its_first_object_with_content() -> None:
    listed = [Listed("t/day=1/a", 0), Listed("t/day=1/b", 5), Listed("t/day=1/c", 5)]
    found = folders_below("t/", ("day",), listed)
    assert found.partitions[("1",)].sample == "t/day=1/b"
    empty = folders_below("t/", ("day",), [Listed("t/day=1/a", 0)])
    assert empty.partitions[("1",)].sample is None


@pytest.mark.parametrize(
    ("start", "parameters"),
    [
        (b"a,b\n1,2\n", CSV),
        (b"PAR1\x15\x04", PARQUET),
        (b' {"run_id": "r"}', JSON),
        (b"[1]", JSON),
        (b"\x1f\x8b\x08", GZIPPED),
    ],
)
def test_an_object_that_begins_as_its_format_does_is_as_declared(
    start: bytes, parameters: dict[str, str]
) -> None:
    assert is_as_declared(start, parameters)


@pytest.mark.parametrize(
    ("start", "parameters"),
    [
        (b"PAR1\x15\x04", CSV),
        (b"a,b\n1,2\n", PARQUET),
        (b"a,b\n", JSON),
        (b"\x1f\x8b\x08", CSV),
        (b"a,b\n", GZIPPED),
    ],
)
def test_an_object_of_another_format_or_compression_is_not_as_declared(
    start: bytes, parameters: dict[str, str]
) -> None:
    assert not is_as_declared(start, parameters)
