"""What a transaction looks like beside the customer's past, and beside the last seconds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake.tables import CENTS, SQUARE_CENTS, Moments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches
    from fraudlake.rules.window import WindowRule
    from fraudlake.settings import BaselineSettings

_MICROSECONDS = 1_000_000
# Below these, products of a count and cents, and of two sums of cents, are whole longs.
_LONG = 4_000_000_000_000_000_000
_ROOT_OF_LONG = 2_000_000_000


def with_own_spread(people: DataFrame) -> DataFrame:
    """Add own_spread: `n` times the standard deviation in cents of own_count, own_sum, own_squares.

    It belongs to the customer, so it is taken once for all of a customer's transactions.
    """
    return people.withColumn("own_spread", _spread("own_count", "own_sum", "own_squares"))


def with_baseline(
    accepted: DataFrame,
    batches: Batches,
    population: Sequence[Moments],
    of_batches: Sequence[Moments],
    settings: BaselineSettings,
) -> DataFrame:
    """Add the baseline columns and amount_zscore to accepted transactions.

    In: batch_at, cents, and the customer's past (own_count, own_sum, own_spread; null without
    one). The source is the customer's own past when it is long enough, else everybody's
    (`population` of each batch), else the other transactions of the batch (`of_batches`, its own
    moments), else none.
    """
    everybody = _Literals(batches, population)
    together = _Literals(batches, of_batches)
    source = _baseline_source(everybody, together, settings)
    return (
        accepted.withColumn("baseline_source", source)
        .withColumn("moments", _moments_of_source(everybody, together))
        .withColumn("baseline_count", F.coalesce("own_count", F.lit(0)).cast("long"))
        .withColumn("baseline_mean_usd", _mean_usd())
        .withColumn("baseline_sd_usd", F.col("moments.spread") / F.col("moments.n") / 100)
        .withColumn("amount_zscore", _zscore(settings))
        .drop("own_count", "own_sum", "own_spread", "moments")
    )


def with_velocity(accepted: DataFrame, window_seconds: int) -> DataFrame:
    """Add velocity_count: the customer's transactions of the last seconds, across batches.

    In: batch_at, customer_hash, customer_id, transaction_ts, and `earlier`, the times of the
    customer's transactions of earlier batches that can count (microseconds; null without any).
    The window is half open: `(transaction_ts - window, transaction_ts]`, rows of the same moment
    included.
    """
    now, span = F.unix_micros("transaction_ts"), window_seconds * _MICROSECONDS

    def is_inside(one: Column) -> Column:
        return (one > now - span) & (one <= now)

    before = F.when(F.col("earlier").isNotNull(), F.size(F.filter("earlier", is_inside)))
    count = F.col("own_velocity") + F.coalesce(before, F.lit(0))
    return accepted.withColumn("velocity_count", count).drop("own_velocity", "earlier")


def with_own_velocity(accepted: DataFrame, window_seconds: int) -> DataFrame:
    """Add own_velocity: `with_velocity` within the batch alone.

    Rows come out sorted batch by batch, which lets files of many batches be written one after
    another. The first key is one number that says nearly all, and numbers sort fast.
    """
    low_bits = F.shiftrightunsigned("customer_hash", 8)
    in_order = F.shiftleft(F.col("batch_at").cast("long"), 56).bitwiseOR(low_bits)
    same_batch = Window.partitionBy("in_order", "customer_hash", "customer_id", "batch_at")
    span = window_seconds * _MICROSECONDS - 1
    last_seconds = same_batch.orderBy("at_micros").rangeBetween(-span, Window.currentRow)
    return (
        accepted.withColumn("in_order", in_order)
        .withColumn("at_micros", F.unix_micros("transaction_ts"))
        .withColumn("own_velocity", F.count(F.lit(1)).over(last_seconds))
        .drop("in_order", "at_micros")
    )


def with_measures(timeline: DataFrame, rules: Sequence[WindowRule]) -> DataFrame:
    """Add the measure of every window rule."""
    for rule in rules:
        timeline = rule.with_measure(timeline)
    return timeline


class _Literals:
    """Moments of each batch as columns of a row's batch."""

    def __init__(self, batches: Batches, moments: Sequence[Moments]) -> None:
        def column(value: Callable[[Moments], object]) -> Column:
            return batches.value_at([value(one) for one in moments])

        self.count = column(lambda one: one.count)
        self.sum = column(lambda one: Decimal(one.sum_cents)).cast(CENTS)
        self.squares = column(lambda one: Decimal(one.sum_of_squares_cents)).cast(SQUARE_CENTS)


def _baseline_source(
    everybody: _Literals, together: _Literals, settings: BaselineSettings
) -> Column:
    has_own = F.coalesce("own_count", F.lit(0)) >= settings.customer_min
    return (
        F.when(has_own, "customer")
        .when(everybody.count >= settings.population_min, "population")
        .when(together.count - 1 >= settings.batch_min, "batch")
        .otherwise("none")
    )


def _moments_of_source(everybody: _Literals, together: _Literals) -> Column:
    """Struct n, sum (cents), spread of the chosen source, null for none."""
    own, source = F.col("cents"), F.col("baseline_source")
    exact = own.cast(CENTS)
    others = (together.count - 1, together.sum - exact, together.squares - exact * exact)
    of_customer = _moments(F.col("own_count"), F.col("own_sum"), F.col("own_spread"))
    of_all = (everybody.count, everybody.sum, _spread_of(*_all_of(everybody)))
    return (
        F.when(source == "customer", of_customer)
        .when(source == "population", _moments(*of_all))
        .when(source == "batch", _moments(others[0], others[1], _spread_of(*others)))
    )


def _all_of(one: _Literals) -> tuple[Column, Column, Column]:
    return one.count, one.sum, one.squares


def _moments(n: Column, total: Column, spread: Column) -> Column:
    return F.struct(
        n.cast("long").alias("n"), total.cast(CENTS).alias("sum"), spread.alias("spread")
    )


def _mean_usd() -> Column:
    return F.col("moments.sum").cast("double") / F.col("moments.n") / 100


def _spread(n: str, total: str, squares: str) -> Column:
    return _spread_of(F.col(n), F.col(total), F.col(squares))


def _spread_of(n: Column, total: Column, squares: Column) -> Column:
    """`n` times the standard deviation in cents, from exact integers up to the root."""
    count = n.cast("decimal(18,0)")
    sums, parts = total.cast(CENTS), squares.cast(SQUARE_CENTS)
    exact = (count * parts - sums * sums).cast("double")
    rounded = n.cast("double") * parts.cast("double") - F.pow(sums.cast("double"), F.lit(2.0))
    return F.sqrt(F.greatest(F.coalesce(exact, rounded), F.lit(0.0)))


def _zscore(settings: BaselineSettings) -> Column:
    """`(amount - mean) / max(sd, share * mean, floor)`, numerator and divisor both times `n`.

    Whole cents make a distance of exactly 3 come out as exactly 3, whatever the mean is.
    """
    n, total = F.col("moments.n"), F.col("moments.sum")
    least = [
        total.cast("double") * float(settings.sd_floor_share),
        n.cast("double") * float(settings.sd_floor_usd * 100),
    ]
    return _distance(n, total) / F.greatest(F.col("moments.spread"), *least)


def _distance(n: Column, total: Column) -> Column:
    """`n * cents - sum`, exact, as a double."""
    own = F.col("cents")
    is_small = (n < _ROOT_OF_LONG) & (own < _ROOT_OF_LONG) & (total < _LONG)
    small = n * own - total.cast("long")
    exact = n.cast("decimal(18,0)") * own.cast(CENTS) - total
    return F.when(is_small, small.cast("double")).otherwise(exact.cast("double"))
