"""What a transaction's amount looks like beside a past: the customer's own, or everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.tables import CENTS, SQUARE_CENTS, Moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches
    from fraudlake.settings import BaselineSettings

# Below these, products of a count and cents, and of two sums of cents, are whole longs.
_LONG = 4_000_000_000_000_000_000
_ROOT_OF_LONG = 2_000_000_000
_PARTS = ("count", "total", "whole", "mean", "sd", "divisor")
OWN_BASELINE = ("own_count", "own_sum", *(f"own_{name}" for name in _PARTS[2:]))


def with_own_baseline(people: DataFrame, settings: BaselineSettings) -> DataFrame:
    """Add what a customer's past is as a baseline (`OWN_BASELINE`), in place of its moments.

    In: own_count, own_sum, own_squares (cents). It belongs to the customer, so it is worked out
    once for all of a customer's transactions, which then take long and double alone.
    """
    own = _Baseline.of(F.col("own_count"), F.col("own_sum"), F.col("own_squares"), settings)
    named = dict(zip(OWN_BASELINE[2:], (own.whole, own.mean, own.sd, own.divisor), strict=True))
    return people.withColumns(named).drop("own_squares")


def with_baseline(
    accepted: DataFrame,
    batches: Batches,
    population: Sequence[Moments],
    of_batches: Sequence[Moments],
    settings: BaselineSettings,
) -> DataFrame:
    """Add the baseline columns and amount_zscore to accepted transactions.

    In: batch_at, cents, and the customer's past (`OWN_BASELINE`, null without one). The source is
    the customer's own past when it is long enough, else everybody's (`population` of each batch),
    else the other transactions of the batch (`of_batches`, its own moments), else none.
    """
    has_own = F.coalesce("own_count", F.lit(0)) >= settings.customer_min
    own = _Baseline(*(F.col(name) for name in OWN_BASELINE))
    found = [F.when(has_own, own.named("customer"))]
    names = [_source(*both, settings) for both in zip(population, of_batches, strict=True)]
    source = batches.value_at(names)
    if "population" in names:
        everybody = [_Baseline.of(*_literals(one), settings) for one in population]
        of_batch = batches.value_at([one.named("population") for one in everybody])
        found.append(F.when(source == "population", of_batch))
    if "batch" in names:
        others = _others(batches, of_batches, settings)
        found.append(F.when(source == "batch", others.named("batch")))
    chosen = _Baseline(*(F.col(f"found.{name}") for name in _PARTS))
    return (
        accepted.withColumn("found", F.coalesce(*found))
        .withColumn("baseline_count", F.coalesce("own_count", F.lit(0)).cast("long"))
        .withColumn("baseline_source", F.coalesce("found.source", F.lit("none")))
        .withColumn("baseline_mean_usd", chosen.mean)
        .withColumn("baseline_sd_usd", chosen.sd)
        .withColumn("amount_zscore", chosen.zscore())
        .drop(*OWN_BASELINE, "found")
    )


@dataclass(frozen=True)
class _Baseline:
    """A past as columns: `count` and `total` (cents, exact), and what follows from them.

    `whole` is the total as a long where it fits; `mean` and `sd` are in USD; `divisor` is what a
    distance of `count` times the cents is divided by: `count * max(sd, share * mean, floor)`.
    """

    count: Column
    total: Column
    whole: Column
    mean: Column
    sd: Column
    divisor: Column

    @classmethod
    def of(
        cls, count: Column, total: Column, squares: Column, settings: BaselineSettings
    ) -> _Baseline:
        """What follows from count, sum and sum of squares."""
        n, amount = count.cast("double"), total.cast("double")
        spread = _spread(count, total, squares)
        least = (amount * float(settings.sd_floor_share), n * float(settings.sd_floor_usd * 100))
        is_small = (count < _ROOT_OF_LONG) & (total < _LONG)
        whole = F.when(is_small, total.cast("long"))
        divisor = F.greatest(spread, *least)
        return cls(
            count.cast("long"),
            total.cast(CENTS),
            whole,
            amount / count / 100,
            spread / count / 100,
            divisor,
        )

    def named(self, source: str) -> Column:
        """All of it as a struct, with the `source`."""
        parts = zip(_PARTS, vars(self).values(), strict=True)
        return F.struct(F.lit(source).alias("source"), *(one.alias(name) for name, one in parts))

    def zscore(self) -> Column:
        """`(amount - mean) / max(sd, share * mean, floor)` of a transaction's `cents`.

        Numerator and divisor are both times the count. Whole cents make a distance of exactly 3
        come out as exactly 3, whatever the mean is.
        """
        cents = F.col("cents")
        is_small = self.whole.isNotNull() & (cents < _ROOT_OF_LONG)
        small = (self.count * cents - self.whole).cast("double")
        exact = self.count.cast("decimal(18,0)") * cents.cast(CENTS) - self.total
        return F.when(is_small, small).otherwise(exact.cast("double")) / self.divisor


def _others(
    batches: Batches, of_batches: Sequence[Moments], settings: BaselineSettings
) -> _Baseline:
    """The baseline of the other transactions of a row's batch."""
    names = ("count", "total", "squares")
    together = [
        F.struct(*(one.alias(name) for name, one in zip(names, _literals(moments), strict=True)))
        for moments in of_batches
    ]
    of_batch = batches.value_at(together)
    count, total, squares = (of_batch[name] for name in names)
    own = F.col("cents").cast(CENTS)
    return _Baseline.of(count - 1, total - own, squares - own * own, settings)


def _literals(one: Moments) -> tuple[Column, Column, Column]:
    return (
        F.lit(one.count).cast("long"),
        F.lit(Decimal(one.sum_cents)).cast(CENTS),
        F.lit(Decimal(one.sum_of_squares_cents)).cast(SQUARE_CENTS),
    )


def _source(population: Moments, of_batch: Moments, settings: BaselineSettings) -> str:
    """Where a batch's customers without a past of their own get one."""
    if population.count >= settings.population_min:
        return "population"
    return "batch" if of_batch.count - 1 >= settings.batch_min else "none"


def _spread(n: Column, total: Column, squares: Column) -> Column:
    """`n` times the standard deviation in cents, from exact integers up to the root."""
    count = n.cast("decimal(18,0)")
    sums, parts = total.cast(CENTS), squares.cast(SQUARE_CENTS)
    exact = (count * parts - sums * sums).cast("double")
    rounded = n.cast("double") * parts.cast("double") - F.pow(sums.cast("double"), F.lit(2.0))
    return F.sqrt(F.greatest(F.coalesce(exact, rounded), F.lit(0.0)))
