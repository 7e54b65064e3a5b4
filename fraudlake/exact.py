"""Money that is exact at any size, and fast at the usual one.

Spark calculates with decimals beyond 18 digits as objects, some hundred times slower than with
whole numbers of a machine, and turns any decimal into a double by way of its text. So what fits is
worked out in longs: amounts in units of their last digit, sums in two halves that cannot overflow
before four billion rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark import SparkContext
from pyspark.sql import Column
from pyspark.sql import functions as F

from fraudlake.tables import AMOUNT, CENTS, RATE, SQUARE_CENTS, USD

if TYPE_CHECKING:
    from pyspark.sql.types import DecimalType

_HALF = 32  # bits
ROOT = 3_000_000_000  # the square of anything below fits a long
_LARGEST = 9_000_000_000_000_000_000  # whole number that surely fits a long
SAFE_PRODUCT = 9e18  # below it a product of two longs is one, whatever doubles round off
_UNITS_A_CENT = 10 ** (AMOUNT.scale - USD.scale)
_PRODUCT_UNITS_A_CENT = 10 ** (AMOUNT.scale + RATE.scale - USD.scale)


def usd(whole_cents: Column) -> Column:
    """Whole cents (a long) as an amount in `USD`."""
    return _of_catalyst("MakeDecimal", whole_cents, USD.precision, USD.scale, True)


def cents_of(amount: Column, usd_per_unit: Column, is_usd: Column) -> Column:
    """`round_half_up(amount * usd_per_unit, 2)` in whole cents, a long; null when it does not fit.

    In: an `AMOUNT`, a `RATE`, and whether it is in USD, whose rate is 1. The product is exact.
    """
    units_of_amount, units_of_rate = units(amount), units(usd_per_unit)
    estimate = units_of_amount.cast("double") * units_of_rate.cast("double")
    product = units_of_amount * units_of_rate
    at_any_size = units((amount * usd_per_unit).cast(USD))
    return (
        F.when(units_of_amount < 0, at_any_size)
        .when(is_usd, _rounded_half_up(units_of_amount, _UNITS_A_CENT))
        .when(estimate < SAFE_PRODUCT, _rounded_half_up(product, _PRODUCT_UNITS_A_CENT))
        .otherwise(at_any_size)
    )


def units(decimal: Column) -> Column:
    """A decimal of at most 18 digits in units of its last digit, a long: 12.34 is 1234."""
    return _of_catalyst("UnscaledValue", decimal)


def as_double(whole: Column) -> Column:
    """A decimal without a fraction as the nearest double; by way of a long where it fits one."""
    fits = whole.between(-_LARGEST, _LARGEST)
    return F.when(fits, whole.cast("long").cast("double")).otherwise(whole.cast("double"))


def _rounded_half_up(value: Column, divisor: int) -> Column:
    """A long that is not negative, divided by an even number of units."""
    return F.call_function("div", value + F.lit(divisor // 2), F.lit(divisor).cast("long"))


def _of_catalyst(expression: str, value: Column, *parameters: object) -> Column:
    """One of the expressions that Spark keeps for itself, over a column.

    Spark's own sums and averages of decimals are built of these two; no public function looks into
    a decimal without making an object of many digits of it.
    """
    context = SparkContext._active_spark_context  # noqa: SLF001
    if context is None or context._jvm is None:  # noqa: SLF001
        raise ValueError("there is no Spark session yet")
    sql = context._jvm.org.apache.spark.sql  # noqa: SLF001
    made = getattr(sql.catalyst.expressions, expression)(value._jc.expr(), *parameters)  # noqa: SLF001
    return Column(sql.Column(made))


def sum_of_cents(values: Column) -> Column:
    """The sum of longs that are not negative, as `CENTS`; null counts as nothing, never null."""
    return _sum_of_halves(values, CENTS)


def sum_of_squares(values: Column) -> Column:
    """The sum of the squares of longs, as `SQUARE_CENTS`; null counts as nothing, never null."""
    is_small = values < ROOT
    small = _sum_of_halves(F.when(is_small, values * values), SQUARE_CENTS)
    as_decimal = values.cast("decimal(19,0)")
    large = F.sum(F.when(~is_small, as_decimal * as_decimal)).cast(SQUARE_CENTS)
    return (small + F.coalesce(large, F.lit(0))).cast(SQUARE_CENTS)


def _sum_of_halves(values: Column, kind: DecimalType) -> Column:
    high = F.coalesce(F.sum(F.shiftright(values, _HALF)), F.lit(0)).cast(kind)
    low = F.coalesce(F.sum(values.bitwiseAND(F.lit((1 << _HALF) - 1))), F.lit(0))
    return (high * F.lit(1 << _HALF) + low).cast(kind)
