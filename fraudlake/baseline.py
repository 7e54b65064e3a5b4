"""What a transaction's amount looks like beside a past: the customer's own, or everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.exact import ROOT, SAFE_PRODUCT, as_double
from fraudlake.tables import CENTS, SQUARE_CENTS, Moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches
    from fraudlake.settings import BaselineSettings

# Below these, products of a count and cents, and of two sums of cents, are whole longs.
_LONG = 4_000_000_000_000_000_000
_ROOT_OF_LONG = 2_000_000_000
_SPLIT = 40  # bits of the lower half of a number that is too large for a long
_LOW = (1 << _SPLIT) - 1
_LARGEST_SPLIT = 1 << (_SPLIT + 52)  # its higher half is a whole double
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
    sources = [_source(*both, settings) for both in zip(population, of_batches, strict=True)]
    found = [(has_own, _Baseline(*(F.col(name) for name in OWN_BASELINE)))]
    if "population" in sources:
        everybody = [_Baseline.of(*_literals(one), settings) for one in population]
        found.append((_is(sources, "population", batches), _of_batch(everybody, batches)))
    if "batch" in sources:
        others = _others(batches, of_batches, settings)
        found.append((_is(sources, "batch", batches), others))
    chosen = _Baseline(*(_first_of(found, part) for part in _PARTS))
    source = F.when(has_own, "customer").otherwise(batches.value_at(sources))
    return (
        accepted.withColumn("baseline_count", F.coalesce("own_count", F.lit(0)).cast("long"))
        .withColumn("baseline_source", source)
        .withColumn("baseline_mean_usd", chosen.mean)
        .withColumn("baseline_sd_usd", chosen.sd)
        .withColumn("amount_zscore", chosen.zscore())
        .drop(*OWN_BASELINE)
    )


def _is(sources: Sequence[str], source: str, batches: Batches) -> Column:
    return batches.value_at([one == source for one in sources])


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
        return cls.of_squared(count, total, _squared(count, total, squares), settings)

    @classmethod
    def of_squared(
        cls, count: Column, total: Column, squared: Column, settings: BaselineSettings
    ) -> _Baseline:
        """What follows from count, sum, and the square of the `count` standard deviations."""
        n, amount = count.cast("double"), as_double(total)
        spread = F.sqrt(F.greatest(squared, F.lit(0.0)))
        least = (amount * float(settings.sd_floor_share), n * float(settings.sd_floor_usd * 100))
        is_small = (count < _ROOT_OF_LONG) & (total < _LONG)
        return cls(
            count=count.cast("long"),
            total=total.cast(CENTS),
            whole=F.when(is_small, total.cast("long")),
            mean=amount / count / 100,
            sd=spread / count / 100,
            divisor=F.greatest(spread, *least),
        )

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


def _of_batch(baselines: Sequence[_Baseline], batches: Batches) -> _Baseline:
    """Of one baseline for each batch that of a row's batch."""
    return _Baseline(
        *(batches.value_at([getattr(one, part) for one in baselines]) for part in _PARTS)
    )


def _first_of(found: Sequence[tuple[Column, _Baseline]], part: str) -> Column:
    """A part of the first baseline whose condition holds, null or not; null without any."""
    chosen = F.lit(None)
    for holds, one in reversed(found):
        chosen = F.when(holds, getattr(one, part)).otherwise(chosen)
    return chosen


def _others(
    batches: Batches, of_batches: Sequence[Moments], settings: BaselineSettings
) -> _Baseline:
    """The baseline of the other transactions of a row's batch."""
    cents = F.col("cents")
    if all(_is_usual(one) for one in of_batches):
        count = _whole(batches, [one.count - 1 for one in of_batches])
        total = _whole(batches, [one.sum_cents for one in of_batches]) - cents
        squared = _squared_of_others(batches, of_batches)
        return _Baseline.of_squared(count, total, squared, settings)
    return _Baseline.of(*_moments_of_others(batches, of_batches), settings)


def _is_usual(one: Moments) -> bool:
    return one.sum_cents < _LONG and abs(_alike_in_batch(one)) < _LARGEST_SPLIT


def _whole(batches: Batches, values: Sequence[int]) -> Column:
    return batches.value_at(values).cast("long")


def _moments_of_others(
    batches: Batches, of_batches: Sequence[Moments]
) -> tuple[Column, Column, Column]:
    parts = zip(*(_literals(one) for one in of_batches), strict=True)
    count, total, squares = (batches.value_at(one) for one in parts)
    own = F.col("cents").cast(CENTS)
    return count - 1, total - own, squares - own * own


def _alike_in_batch(one: Moments) -> int:
    """The part of `_squared_of_others` that is the same for all rows of a batch."""
    return (one.count - 1) * one.sum_of_squares_cents - one.sum_cents**2


def _squared_of_others(batches: Batches, of_batches: Sequence[Moments]) -> Column:
    """`_squared` of a batch's other transactions: a whole number, as the nearest double.

    Of n amounts with sum s and sum of squares q all but one, x, have the square
    `(n - 1) q - s s - x (n x - 2 s)`: the first part is the same for all rows. In two halves of
    whole numbers, which are only added as doubles, nothing but that sum is rounded.
    """
    x, constants = F.col("cents"), [_alike_in_batch(one) for one in of_batches]
    high = _whole(batches, [one >> _SPLIT for one in constants])
    low = _whole(batches, [one & _LOW for one in constants])
    n = _whole(batches, [one.count for one in of_batches])
    s = _whole(batches, [one.sum_cents for one in of_batches])
    left = low - x * (n * x - s * 2)
    carried = (high + F.shiftright(left, _SPLIT)).cast("double")
    in_longs = carried * float(1 << _SPLIT) + left.bitwiseAND(F.lit(_LOW)).cast("double")
    size = x.cast("double") * (n.cast("double") * x + s.cast("double") * 2)
    return F.when(size < SAFE_PRODUCT, in_longs).otherwise(
        _squared(*_moments_of_others(batches, of_batches))
    )


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


def _squared(n: Column, total: Column, squares: Column) -> Column:
    """The square of `n` standard deviations in cents: exact integers, in longs where they fit."""
    count = n.cast("decimal(18,0)")
    sums, parts = total.cast(CENTS), squares.cast(SQUARE_CENTS)
    at_any_size = (count * parts - sums * sums).cast("double")
    rounded = n.cast("double") * as_double(parts) - F.pow(as_double(sums), F.lit(2.0))
    whole = sums.cast("long")
    in_longs = (n * parts.cast("long") - whole * whole).cast("double")
    is_small = (sums < ROOT) & (n.cast("double") * as_double(parts) < SAFE_PRODUCT)
    return F.when(is_small, in_longs).otherwise(F.coalesce(at_any_size, rounded))
