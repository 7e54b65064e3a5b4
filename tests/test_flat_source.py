"""Transactions without partitions: the time of each row says to which batch it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.lake import Lake
from tests.lake_story import write_people
from tests.lakes import Inputs, score_days, tables, transaction

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

FLAT = [
    transaction("f1", "C1", "2025-03-03T23:59:50Z"),
    transaction("f2", "C1", "2025-03-04T01:30:00+02:00"),
    transaction("f3", "C1", "2025-03-04T00:00:05Z"),
    transaction("f4", "C2", "yesterday"),
    transaction("f5", "C2", "2025-03-03T22:30:00-03:00"),
    transaction("f6", "C2", ""),
]
FLAT_DAYS = {"f1": 3, "f2": 3, "f3": 4, "f4": 3, "f5": 4, "f6": 3}


def test_a_source_without_partitions_gives_the_rows_of_the_same_rows_in_partitions(
    spark: SparkSession, tmp_path: Path
) -> None:
    flat, parted = (_flat_inputs(tmp_path / name) for name in ("flat", "parted"))
    flat.write("transactions/all.csv", FLAT[::-1])
    for day in (3, 4):
        rows = [row for row in FLAT if FLAT_DAYS[row["transaction_id"]] == day]
        parted.write_transactions(f"2025-03-0{day}", rows)
    found = []
    for one in (flat, parted):
        lake = Lake(one.root / "lake")
        result = score_days(spark, one, lake, "2025-03-03", "2025-03-04")
        found.append([tables(lake, manifest) for manifest in result.manifests])
    assert found[0] == found[1]
    assert [len(day["scored_transactions"]) for day in found[0]] == [2, 2]
    assert [len(day["quarantine"]) for day in found[0]] == [2, 0]


def _flat_inputs(root: Path) -> Inputs:
    inputs = Inputs(root)
    write_people(inputs)
    inputs.write_rates(("2025-03-03", "EUR", "1.08"))
    return inputs
