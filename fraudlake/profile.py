"""The customers' lives so far and their moments of the baseline, day by day.

An account book: every customer starts with what the profile says, a batch adds to it, and a batch
that leaves the days of the baseline is taken away again. Sums up to a date are what that date sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake.aggregates import average_usd
from fraudlake.tables import CENTS, CUSTOMER_PROFILE, SQUARE_CENTS, USD_TOTAL, shaped

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

    from fraudlake.batches import Batches

_LIFE = ("lifetime_transaction_count", "lifetime_total_amount_usd")
_MOMENTS = ("baseline_count", "baseline_sum_cents", "baseline_sum_of_squares_cents")
_TIMES = ("first_transaction_ts", "last_transaction_ts")
_KINDS: list[DataType | str] = ["long", USD_TOTAL, "long", CENTS, SQUARE_CENTS]
_TYPES = dict(zip((*_LIFE, *_MOMENTS), _KINDS, strict=True))


@dataclass(frozen=True)
class Standings:
    """What each customer's account says on the dates of a few batches, and on the days after.

    `rows`: customer_id, `point` (a position in `dates`, from the first at which anything was
    booked), the sums and the first and last time.
    """

    rows: DataFrame
    dates: tuple[date, ...]
    batches: Batches

    def own_moments(self) -> DataFrame:
        """What a batch knows of its customers: customer_id, batch_at, own_count, _sum, _squares."""
        at = self._batch_at(self.batches.dates)
        own = self.rows.withColumn("batch_at", at).where("batch_at is not null")
        names = dict(zip(_MOMENTS, ("own_count", "own_sum", "own_squares"), strict=True))
        return own.select("customer_id", "batch_at", *names).withColumnsRenamed(names)

    def profiles(self) -> DataFrame:
        """The profile after each batch (`CUSTOMER_PROFILE`, and `batch_at`)."""
        at = self._batch_at([day + timedelta(1) for day in self.batches.dates])
        after = self.rows.withColumn("batch_at", at)
        seen = after.where(f"batch_at is not null and {_LIFE[0]} > 0")
        average = average_usd(_LIFE[1], _LIFE[0]).alias("lifetime_average_amount_usd")
        return shaped(seen.select("*", average), CUSTOMER_PROFILE, "batch_at")

    def _batch_at(self, days: list[date] | tuple[date, ...]) -> Column:
        """The batch whose date (of `days`) a point is, or null."""
        at_point: list[int | None] = [None] * len(self.dates)
        for at, day in enumerate(days):
            at_point[self.dates.index(day)] = at
        numbers = F.array(*(F.lit(one).cast("int") for one in at_point))
        return F.element_at(numbers, F.col("point") + 1)


def standings(
    profile: DataFrame, days: DataFrame, left: DataFrame, batches: Batches, baseline_days: int
) -> Standings:
    """The accounts from the profile before the first batch on.

    `days` are the batches' transactions by customer (`customer_days`), `left` the customer_risk,
    with batch_date, of earlier batches that leave the baseline's days meanwhile.
    """
    dates = _dates(batches)
    book = _Book(dates, baseline_days)
    arrived = days.where("transaction_count > 0").withColumn("batch_date", batches.date_at())
    entries = [_opening(profile), book.arrivals(arrived), book.departures(left)]
    if batches.first <= last_leaving(batches, baseline_days):
        entries.append(book.departures(arrived))
    booked = entries[0]
    for one in entries[1:]:
        booked = booked.unionByName(one, allowMissingColumns=True)
    return Standings(_running(booked, len(dates)), dates, batches)


def last_leaving(batches: Batches, baseline_days: int) -> date:
    """The newest batch date that leaves the baseline's days by the end of the last batch."""
    return batches.last - timedelta(days=baseline_days)


def _dates(batches: Batches) -> tuple[date, ...]:
    after = {day + timedelta(days=1) for day in batches.dates}
    return tuple(sorted({*batches.dates, *after}))


@dataclass(frozen=True)
class _Book:
    dates: tuple[date, ...]
    baseline_days: int

    def arrivals(self, rows: DataFrame) -> DataFrame:
        """A batch counts from the day after it on."""
        counted = _counted(rows, 1)
        return counted.select(
            "customer_id",
            self._point_of(1).alias("point"),
            F.col("transaction_count").alias(_LIFE[0]),
            F.col("total_amount_usd").alias(_LIFE[1]),
            *_MOMENTS,
            *_TIMES,
        )

    def departures(self, rows: DataFrame) -> DataFrame:
        """A batch stops to count for the baseline some days later; it stays in the life."""
        point = self._point_of(self.baseline_days + 1).alias("point")
        return _counted(rows, -1).select("customer_id", point, *_MOMENTS).where("point is not null")

    def _point_of(self, later: int) -> Column:
        """The first date of the book that is not before so many days after a batch."""
        due = F.date_add("batch_date", later)
        known = [F.when(due <= F.lit(day), at) for at, day in enumerate(self.dates)]
        return F.coalesce(*known)


def _counted(rows: DataFrame, sign: int) -> DataFrame:
    amounts = (
        F.col("transaction_count"),
        (F.col("total_amount_usd") * 100).cast(CENTS),
        F.col("sum_of_squares_cents"),
    )
    moments = zip(_MOMENTS, amounts, strict=True)
    return rows.select("*", *((one * sign).alias(name) for name, one in moments))


def _opening(profile: DataFrame) -> DataFrame:
    return profile.select("customer_id", F.lit(0).alias("point"), *_LIFE, *_MOMENTS, *_TIMES)


def _running(booked: DataFrame, points: int) -> DataFrame:
    """What stands at each point for each customer, from the first that something was booked at."""
    by_customer = Window.partitionBy("customer_id").orderBy("point")
    so_far = by_customer.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    sums = [F.coalesce(F.sum(name), F.lit(0)).cast(_TYPES[name]).alias(name) for name in _TYPES]
    times = [F.min(_TIMES[0]).alias(_TIMES[0]), F.max(_TIMES[1]).alias(_TIMES[1])]
    # Spread by customer once: rows of a point, and points of a customer, then lie together.
    at_point = booked.repartition("customer_id").groupBy("customer_id", "point").agg(*sums, *times)
    running = {name: F.sum(name).over(so_far).cast(kind) for name, kind in _TYPES.items()}
    first, last = F.min(_TIMES[0]).over(so_far), F.max(_TIMES[1]).over(so_far)
    following = F.coalesce(F.lead("point").over(by_customer), F.lit(points))
    stands = at_point.withColumns(
        {**running, _TIMES[0]: first, _TIMES[1]: last, "until": following - 1}
    )
    every = F.explode(F.sequence("point", "until")).alias("point")
    return stands.select("customer_id", every, *_TYPES, *_TIMES)
