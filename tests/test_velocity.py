"""Velocity at its borders: what is within the window, and across batches."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F

from fraudlake import velocity
from fraudlake.batches import Batches
from tests.frames import DAY, frame, pairs

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

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


NAMED = ("transaction_id", "velocity_count")


def velocities(rows: DataFrame, batches: Batches) -> DataFrame:
    """Velocity of the rows of the batches, the others being of earlier runs."""
    current = rows.where("batch_at >= 0")
    days = current.groupBy("customer_id", "batch_at").agg(
        F.count(F.lit(1)).alias("transaction_count"),
        F.min("transaction_ts").alias("first_transaction_ts"),
        F.max("transaction_ts").alias("last_transaction_ts"),
    )
    near = velocity.earlier_times(rows, days, batches, 60)
    return velocity.with_velocity(current, velocity.velocities(current, near, 60))


def moment(when: str) -> str:
    return when if " " in when else f"{DAY} {when}"
