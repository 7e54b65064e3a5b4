"""How many transactions a customer makes within seconds, across batches.

Hardly any moment has company. So the few that have are found among narrow rows, and looked up for
each whole transaction. Time is cut into blocks that are counted apart, each with the end of the one
before: so no customer, however busy, is the work of one task alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake.joins import sized

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches

VELOCITY_KEYS = ("customer_id", "batch_at", "transaction_ts")
_MICROSECONDS = 1_000_000  # in a second
_WINDOWS_A_BLOCK = 64  # so that one row in so many is looked at twice


def velocities(
    rows: DataFrame, window_seconds: int, keep: Callable[[DataFrame], DataFrame]
) -> DataFrame:
    """The velocity_count of every moment of a batch at which it is above one.

    In: accepted transactions (`VELOCITY_KEYS`) of the batches, and of earlier runs those in reach,
    their batch_at below zero. Out: the keys, each once, and velocity_count. The window is half
    open, `(transaction_ts - window, transaction_ts]`; rows of the same moment are included, those
    of later batches are not. `keep` keeps a frame that is used more than once. The frame says by
    a hint how it is joined.
    """
    met = keep(_with_company(rows, window_seconds))
    beside_later = F.col("newest") > F.col("batch_at")
    [sizes] = met.agg(F.count(F.lit(1)), F.count_if(beside_later)).collect()
    found = met.where(~beside_later).select(*VELOCITY_KEYS, "velocity_count")
    if sizes[1]:
        mixed = met.where(beside_later).select(*VELOCITY_KEYS)
        found = found.unionByName(_recounted(rows, mixed, sizes[1], window_seconds))
    return sized(found, sizes[0])


def with_velocity(accepted: DataFrame, found: DataFrame) -> DataFrame:
    """Add velocity_count to accepted transactions, from `velocities`."""
    met = accepted.join(found, [*VELOCITY_KEYS], how="left")
    return met.withColumn("velocity_count", F.coalesce("velocity_count", F.lit(1).cast("long")))


def filter_in_reach(
    earlier: DataFrame, days: DataFrame, batches: Batches, window_seconds: int
) -> DataFrame:
    """Of earlier runs' rows (`VELOCITY_KEYS`) those that can count for a row of the batches.

    They were made just before the first batch or later, or by a customer of whom a batch has rows
    from before it. `days` are the `customer_days`.
    """
    midnight = F.lit(datetime.combine(batches.first, time(tzinfo=UTC)))
    is_near = F.unix_micros("transaction_ts") > F.unix_micros(midnight) - _span(window_seconds)
    late = days.where(F.col("first_transaction_ts") < midnight).select("customer_id").distinct()
    beside_late = earlier.where(~is_near).join(F.broadcast(late), "customer_id", how="left_semi")
    return earlier.where(is_near).unionByName(beside_late)


def _with_company(rows: DataFrame, window_seconds: int) -> DataFrame:
    """The moments of the batches with more than one row in their window, of whatever batch.

    Adds velocity_count, and the `newest` batch among the rows in the window.
    """
    same_block = Window.partitionBy("number", "customer_id", "block")
    seconds = same_block.orderBy("at").rangeBetween(1 - _span(window_seconds), Window.currentRow)
    counted = _in_blocks(rows, window_seconds).withColumns(
        {
            "velocity_count": F.count(F.lit(1)).over(seconds),
            "newest": F.max("batch_at").over(seconds),
        }
    )
    met = counted.where("is_own and batch_at >= 0 and velocity_count > 1")
    moment = F.timestamp_micros("at").alias("transaction_ts")
    return met.select("customer_id", "batch_at", moment, "velocity_count", "newest").distinct()


def _in_blocks(rows: DataFrame, window_seconds: int) -> DataFrame:
    """Rows by blocks of time, those at the end of one in the next too, where they are not its own.

    A hash of customer and block comes first because numbers sort fast.
    """
    at, length = F.unix_micros("transaction_ts"), _WINDOWS_A_BLOCK * _span(window_seconds)
    number = F.xxhash64("customer_id", "block").alias("number")
    block = _block_of("transaction_ts", length).alias("block")
    timed = rows.select("customer_id", "batch_at", at.alias("at"), block)
    own = timed.withColumn("is_own", F.lit(True))
    is_at_end = F.col("at") - F.col("block") > length - _span(window_seconds)
    again = timed.where(is_at_end).withColumns(
        {"block": F.col("block") + length, "is_own": F.lit(False)}
    )
    return own.unionByName(again).select("*", number)


def _recounted(rows: DataFrame, mixed: DataFrame, moments: int, window_seconds: int) -> DataFrame:
    """The velocity of moments that a later batch has rows beside, without these.

    A moment meets the rows of its own and of the block before, each as long as a window: a
    customer's other rows, however many, are none of its business.
    """
    span = _span(window_seconds)
    named = {"batch_at": "made_at", "transaction_ts": "made_ts"}
    made = rows.select(*VELOCITY_KEYS).withColumnsRenamed(named)
    own = _block_of("transaction_ts", span)
    looking = mixed.withColumn("block", F.explode(F.array(own - span, own)))
    others = made.withColumn("block", _block_of("made_ts", span))
    pairs = others.join(sized(looking, 2 * moments), ["customer_id", "block"], how="inner")
    counted = pairs.where(_is_within(window_seconds)).groupBy(*VELOCITY_KEYS)
    velocity = F.count(F.lit(1)).alias("velocity_count")
    return counted.agg(velocity).where("velocity_count > 1")


def _block_of(moment: str, length: int) -> Column:
    """The start of the block of time that a moment lies in; both in microseconds."""
    at = F.unix_micros(moment)
    return at - F.pmod(at, F.lit(length))


def _is_within(window_seconds: int) -> Column:
    before = F.unix_micros("transaction_ts") - F.unix_micros("made_ts")
    is_seen = F.col("made_at") <= F.col("batch_at")
    return is_seen & (before >= 0) & (before < _span(window_seconds))


def _span(window_seconds: int) -> int:
    return window_seconds * _MICROSECONDS
