"""What a transaction looks like beside the customer's past, and beside the last seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F
from pyspark.sql import types as t

from fraudlake.tables import CENTS, SQUARE_CENTS, Moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

    from fraudlake.rules.window import WindowRule
    from fraudlake.settings import BaselineSettings

_MICROSECONDS = 1_000_000


def cents(amount_usd: Column) -> Column:
    """An amount in USD as whole cents, exact."""
    return (amount_usd * 100).cast(CENTS)


def batch_moments(accepted: DataFrame) -> DataFrame:
    """One row: batch_count, batch_sum and batch_squares (cents) of all accepted transactions."""
    amount = cents(F.col("amount_usd"))
    return accepted.agg(
        F.count(F.lit(1)).alias("batch_count"),
        F.coalesce(F.sum(amount), F.lit(0)).cast(CENTS).alias("batch_sum"),
        F.coalesce(F.sum(amount * amount), F.lit(0)).cast(SQUARE_CENTS).alias("batch_squares"),
    )


def with_baseline(
    accepted: DataFrame, population: Moments, settings: BaselineSettings
) -> DataFrame:
    """Add the baseline columns and amount_zscore to accepted transactions.

    In: own_count, own_sum, own_squares of the customer's past (null when there is none) and
    amount_usd. The source is the customer's own past when it is long enough, else everybody's,
    else the other transactions of this batch, else none.
    """
    return (
        accepted.crossJoin(F.broadcast(batch_moments(accepted)))
        .withColumn("baseline_source", _baseline_source(population, settings))
        .withColumn("moments", _moments_of_source(population))
        .withColumn("baseline_count", F.coalesce("own_count", F.lit(0)).cast("long"))
        .withColumn("baseline_mean_usd", _mean_usd())
        .withColumn("baseline_sd_usd", _spread() / F.col("moments.n") / 100)
        .withColumn("amount_zscore", _zscore(settings))
        .drop("own_count", "own_sum", "own_squares", "moments")
        .drop("batch_count", "batch_sum", "batch_squares")
    )


def with_velocity(timeline: DataFrame, window_seconds: int) -> DataFrame:
    """Add velocity_count to the rows of this batch; earlier rows (`is_current` false) keep theirs.

    The window is half open: `(transaction_ts - window, transaction_ts]`, rows of the same moment
    included.
    """
    span = window_seconds * _MICROSECONDS - 1
    same_customer = Window.partitionBy("customer_id").orderBy(F.unix_micros("transaction_ts"))
    count = F.count(F.lit(1)).over(same_customer.rangeBetween(-span, Window.currentRow))
    return timeline.withColumn(
        "velocity_count", F.when(F.col("is_current"), count).otherwise(F.col("velocity_count"))
    )


def with_measures(timeline: DataFrame, rules: Sequence[WindowRule]) -> DataFrame:
    """Add the measure of every window rule."""
    for rule in rules:
        timeline = rule.with_measure(timeline)
    return timeline


def _baseline_source(population: Moments, settings: BaselineSettings) -> Column:
    has_own = F.coalesce("own_count", F.lit(0)) >= settings.customer_min
    has_population = F.lit(population.count >= settings.population_min)
    has_batch = F.col("batch_count") - 1 >= settings.batch_min
    return (
        F.when(has_own, "customer")
        .when(has_population, "population")
        .when(has_batch, "batch")
        .otherwise("none")
    )


def _moments_of_source(population: Moments) -> Column:
    """Struct n, sum, squares (cents) of the chosen source, null for none."""
    amount, source = cents(F.col("amount_usd")), F.col("baseline_source")
    everybody = (population.count, population.sum_cents, population.sum_of_squares_cents)
    others = (
        F.col("batch_count") - 1,
        F.col("batch_sum") - amount,
        F.col("batch_squares") - amount * amount,
    )
    return (
        F.when(source == "customer", _moments("own_count", "own_sum", "own_squares"))
        .when(source == "population", _moments(*(F.lit(str(one)) for one in everybody)))
        .when(source == "batch", _moments(*others))
    )


def _moments(n: Column | str, total: Column | str, squares: Column | str) -> Column:
    return F.struct(
        _as_column(n).cast(t.DecimalType(18, 0)).alias("n"),
        _as_column(total).cast(CENTS).alias("sum"),
        _as_column(squares).cast(SQUARE_CENTS).alias("squares"),
    )


def _as_column(value: Column | str) -> Column:
    return F.col(value) if isinstance(value, str) else value


def _mean_usd() -> Column:
    return F.col("moments.sum").cast("double") / F.col("moments.n") / 100


def _spread() -> Column:
    """`n` times the standard deviation in cents, from exact integers up to the root."""
    n, total, squares = (F.col(f"moments.{name}") for name in ("n", "sum", "squares"))
    exact = (n * squares - total * total).cast("double")
    rounded = n.cast("double") * squares.cast("double") - F.pow(total.cast("double"), F.lit(2.0))
    return F.sqrt(F.greatest(F.coalesce(exact, rounded), F.lit(0.0)))


def _zscore(settings: BaselineSettings) -> Column:
    """`(amount - mean) / max(sd, share * mean, floor)`, numerator and divisor both times `n`.

    Whole cents make a distance of exactly 3 come out as exactly 3, whatever the mean is.
    """
    n, total = F.col("moments.n"), F.col("moments.sum")
    distance = (n * cents(F.col("amount_usd")) - total).cast("double")
    least = [
        total.cast("double") * float(settings.sd_floor_share),
        n.cast("double") * float(settings.sd_floor_usd * 100),
    ]
    return distance / F.greatest(_spread(), *least)
