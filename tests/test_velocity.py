"""Velocity at its borders: what is within the window, and across batches."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from fraudlake import velocity
from fraudlake.batches import Batches
from tests.frames import DAY, frame, pairs
from tests.plans import nodes

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TIMELINE = "transaction_id string, customer_id string, transaction_ts timestamp, batch_at int"
# Each case is one customer: moments of this batch, and of earlier ones; counts of this batch's.
VELOCITIES: dict[str, tuple[list[str], list[str], list[int]]] = {
    "alone": (["12:00:00"], [], [1]),
    "inside": (["12:00:00", "12:00:59.999999"], [], [1, 2]),
    "outside": (["12:00:00", "12:01:00.000000"], [], [1, 1]),
    "at once": (["12:00:00"] * 3, [], [3, 3, 3]),
    "a chain": (["12:00:00", "12:00:40", "12:01:20"], [], [1, 2, 2]),
    "over midnight": (["23:59:30", "2025-03-11 00:00:29.999999"], [], [1, 2]),
    "just past midnight": (["23:59:30", "2025-03-11 00:00:30"], [], [1, 1]),
    "batch border": (["00:00:10"], ["2025-03-09 23:59:10.000001"], [2]),
    "past the batch border": (["00:00:10"], ["2025-03-09 23:59:10"], [1]),
    "a late row sees the batch of its day": (["2025-03-08 12:00:30"], ["2025-03-08 12:00:00"], [2]),
    "an earlier row that is later": (["12:00:00"], ["12:00:00.000001"], [1]),
    "an earlier row of the same moment": (["12:00:00"], ["12:00:00"], [2]),
    # Blocks of 64 windows begin at midnight of 1970, one of them here at 12:16:00.
    "over the end of a block": (["12:15:00.000001", "12:15:59.999999", "12:16:00"], [], [1, 2, 3]),
    "just past the end of a block": (["12:15:00", "12:16:00"], [], [1, 1]),
}


@pytest.mark.parametrize("earlier_at", [-1, 0])
def test_velocity_is_counted_over_a_half_open_window(spark: SparkSession, earlier_at: int) -> None:
    literals = [
        {"transaction_id": f"{case} {at}", "customer_id": case}
        | {"transaction_ts": moment(when), "batch_at": batch_at}
        for case, (current, earlier, _) in VELOCITIES.items()
        for batch_at, group in ((earlier_at + 1, current), (earlier_at, earlier))
        for at, when in enumerate(group, start=0 if batch_at > earlier_at else 100)
    ]
    batches = Batches((DAY,) if earlier_at < 0 else (DAY - timedelta(1), DAY))
    found = pairs(velocities(frame(spark, TIMELINE, *literals), batches), *NAMED)
    for case, (current, _, expected) in VELOCITIES.items():
        assert [found[f"{case} {at}"] for at in range(len(current))] == expected, case


# One customer: rows of the first batch, and late ones of the second; the count that each sees.
BESIDE_LATER = {
    "first": (0, "12:00:00", 1),
    "late": (1, "12:00:10", 2),
    "second": (0, "12:00:20", 2),
    "alone but for a late one": (0, "18:00:00", 1),
    "late too": (1, "17:59:59", 1),
    # A moment meets the rows of two blocks of a window each: its own and the one before.
    "at the end of a block": (0, "19:00:59.5", 1),
    "late in the next": (1, "19:01:10", 2),
    "in the next": (0, "19:01:20", 2),
    "at the start of a block": (0, "20:00:00", 1),
    "late in the same": (1, "20:00:30", 2),
    "a window later": (0, "20:01:00", 1),
}


@pytest.fixture
def beside_later(spark: SparkSession) -> DataFrame:
    """The velocities of these rows."""
    rows = frame(
        spark,
        TIMELINE,
        *(
            {"transaction_id": name, "customer_id": "c", "batch_at": at}
            | {"transaction_ts": f"2025-03-09 {when}"}
            for name, (at, when, _) in BESIDE_LATER.items()
        ),
    )
    return velocities(rows, Batches((DAY - timedelta(1), DAY)))


def test_a_later_batch_is_not_seen(beside_later: DataFrame) -> None:
    expected = {name: count for name, (*_, count) in BESIDE_LATER.items()}
    assert pairs(beside_later, *NAMED) == expected


def test_a_moment_beside_later_rows_does_not_meet_all_of_a_busy_customer(
    beside_later: DataFrame,
) -> None:
    plan = beside_later._jdf.queryExecution().executedPlan()
    keys = {node.leftKeys().mkString(" ") for node in nodes(plan) if "HashJoin" in node.nodeName()}
    [of_pairs] = [names for names in keys if "block" in names]
    assert "customer_id" in of_pairs


NAMED = ("transaction_id", "velocity_count")


def velocities(rows: DataFrame, batches: Batches) -> DataFrame:
    """Velocity of the rows of the batches, the others being of earlier runs."""
    current = rows.where("batch_at >= 0")
    days = current.groupBy("customer_id", "batch_at").agg(
        F.count(F.lit(1)).alias("transaction_count"),
        F.min("transaction_ts").alias("first_transaction_ts"),
        F.max("transaction_ts").alias("last_transaction_ts"),
    )
    earlier = rows.where("batch_at < 0").select(*velocity.VELOCITY_KEYS)
    near = velocity.filter_in_reach(earlier, days, batches, 60)
    seen = current.select(*velocity.VELOCITY_KEYS).unionByName(near)
    return velocity.with_velocity(current, velocity.velocities(seen, 60, DataFrame.cache))


def moment(when: str) -> str:
    return when if " " in when else f"{DAY} {when}"
