"""Transactions of earlier batches that stand within seconds of one of a later batch.

Nearly all of them are made just before midnight. The others stand beside late rows, whose
customers are few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fraudlake.batches import Batches

_MICROSECONDS = 1_000_000


def earlier_times(
    rows: DataFrame, days: DataFrame, batches: Batches, window_seconds: int
) -> DataFrame:
    """The times that can count for a customer's transactions of a batch.

    `rows` are accepted transactions (customer_id, transaction_ts, batch_at) of all batches up to
    the last, `days` the `customer_days` of those that are scored. Out: customer_id, batch_at,
    `earlier` (microseconds).
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
