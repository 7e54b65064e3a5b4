"""Sums of whole cents that are exact at any size, and fast at the usual one.

Spark adds decimals beyond 18 digits as objects, some hundred times slower than whole numbers of a
machine. So what fits is added in two halves that cannot overflow before four billion rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.tables import CENTS, SQUARE_CENTS

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DecimalType

_HALF = 32  # bits
_ROOT = 3_000_000_000  # the square of anything below fits a long
_PLAIN_USD = 10_000_000_000_000  # up to here a double tells every cent


def cents(amount_usd: Column) -> Column:
    """An amount in USD (two decimals) as whole cents, a long."""
    plain = F.rint(amount_usd.cast("double") * 100).cast("long")
    return F.when(F.abs(amount_usd) < _PLAIN_USD, plain).otherwise((amount_usd * 100).cast("long"))


def sum_of_cents(values: Column) -> Column:
    """The sum of longs that are not negative, as `CENTS`; null counts as nothing, never null."""
    return _sum_of_halves(values, CENTS)


def sum_of_squares(values: Column) -> Column:
    """The sum of the squares of longs, as `SQUARE_CENTS`; null counts as nothing, never null."""
    is_small = values < _ROOT
    small = _sum_of_halves(F.when(is_small, values * values), SQUARE_CENTS)
    as_decimal = values.cast("decimal(19,0)")
    large = F.sum(F.when(~is_small, as_decimal * as_decimal)).cast(SQUARE_CENTS)
    return (small + F.coalesce(large, F.lit(0))).cast(SQUARE_CENTS)


def _sum_of_halves(values: Column, kind: DecimalType) -> Column:
    high = F.coalesce(F.sum(F.shiftright(values, _HALF)), F.lit(0)).cast(kind)
    low = F.coalesce(F.sum(values.bitwiseAND(F.lit((1 << _HALF) - 1))), F.lit(0))
    return (high * F.lit(1 << _HALF) + low).cast(kind)
