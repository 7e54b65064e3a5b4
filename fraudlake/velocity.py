"""How many transactions a customer makes within seconds, across batches.

Hardly any moment has company. So the few that have are found among narrow rows, and looked up for
each whole transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches

VELOCITY_KEYS = ("customer_id", "batch_at", "transaction_ts")
_MICROSECONDS = 1_000_000


def velocities(accepted: DataFrame, earlier: DataFrame | None, window_seconds: int) -> DataFrame:
    """The velocity_count of every moment of a batch at which it is above one.

    In: `accepted` transactions (`VELOCITY_KEYS`) and `earlier_times`. Out: the keys, each once, and
    velocity_count. The window is half open, `(transaction_ts - window, transaction_ts]`, and rows
    of the same moment are included.
    """
    within = _within_batch(accepted, window_seconds)
    if earlier is None:
        return within
    across = _with_earlier(accepted, earlier, window_seconds)
    both = within.join(across, [*VELOCITY_KEYS], how="full")
    count = F.coalesce("velocity_count", F.lit(1)) + F.coalesce("before", F.lit(0))
    return both.select(*VELOCITY_KEYS, count.cast("long").alias("velocity_count"))


def with_velocity(accepted: DataFrame, found: DataFrame) -> DataFrame:
    """Add velocity_count to accepted transactions, from `velocities`."""
    met = accepted.join(found, [*VELOCITY_KEYS], how="left")
    return met.withColumn("velocity_count", F.coalesce("velocity_count", F.lit(1).cast("long")))


def earlier_times(
    rows: DataFrame, days: DataFrame, batches: Batches, window_seconds: int
) -> DataFrame:
    """The times of earlier batches that can count for a customer's transactions of a batch.

    Nearly all of them are made just before midnight. The others stand beside late rows, whose
    customers are few. `rows` are accepted transactions (customer_id, transaction_ts, batch_at) of
    all batches up to the last, `days` the `customer_days` of those that are scored. Out:
    customer_id, batch_at, `earlier` (microseconds).
    """
    span = window_seconds * _MICROSECONDS
    made = rows.select(
        "customer_id",
        F.col("batch_at").alias("made_at"),
        F.unix_micros("transaction_ts").alias("at"),
    )
    reach = days.where("transaction_count > 0").select(
        "customer_id",
        "batch_at",
        (F.unix_micros("first_transaction_ts") - span).alias("after"),
        F.unix_micros("last_transaction_ts").alias("until"),
    )
    starts = batches.value_at([one - span for one in batches.starts_micros()])
    is_late = F.col("after") < starts
    near = _met(_at_the_end(made, batches, span), reach.where(~is_late))
    beside_late = _met(made, F.broadcast(reach.where(is_late)))
    both = near.unionByName(beside_late)
    return both.groupBy("customer_id", "batch_at").agg(F.collect_list("at").alias("earlier"))


def _within_batch(accepted: DataFrame, window_seconds: int) -> DataFrame:
    # A hash comes first because numbers sort fast.
    customer = F.xxhash64("customer_id").alias("customer_number")
    same_batch = Window.partitionBy("customer_number", "customer_id", "batch_at")
    span = window_seconds * _MICROSECONDS - 1
    last_seconds = same_batch.orderBy("at_micros").rangeBetween(-span, Window.currentRow)
    at_micros = F.unix_micros("transaction_ts").alias("at_micros")
    timed = accepted.select(customer, *VELOCITY_KEYS, at_micros)
    counted = timed.withColumn("velocity_count", F.count(F.lit(1)).over(last_seconds))
    return counted.where("velocity_count > 1").select(*VELOCITY_KEYS, "velocity_count").distinct()


def _with_earlier(accepted: DataFrame, earlier: DataFrame, window_seconds: int) -> DataFrame:
    """How many transactions of earlier batches stand `before` a moment, where there are any."""
    now, span = F.unix_micros("transaction_ts"), window_seconds * _MICROSECONDS

    def is_inside(one: Column) -> Column:
        return (one > now - span) & (one <= now)

    met = accepted.select(*VELOCITY_KEYS).join(earlier, ["customer_id", "batch_at"])
    before = F.size(F.filter("earlier", is_inside)).alias("before")
    return met.select(*VELOCITY_KEYS, before).where("before > 0").distinct()


def _at_the_end(made: DataFrame, batches: Batches, span: int) -> DataFrame:
    """The rows from shortly before the start of the batch after their own on."""
    borders = [F.lit(one - span) for one in batches.starts_micros()]
    border = F.when(F.col("made_at") < 0, borders[0])
    for at, one in enumerate(borders[1:]):
        border = border.when(F.col("made_at") == at, one)
    return made.where(F.col("at") > border)


def _met(made: DataFrame, reach: DataFrame) -> DataFrame:
    is_in_reach = "made_at < batch_at and at > after and at <= until"
    return (
        made.join(reach, "customer_id").where(is_in_reach).select("customer_id", "batch_at", "at")
    )
