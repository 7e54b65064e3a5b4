"""Currency rates and exact conversion in Polars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from benchmarks.peers import rules

if TYPE_CHECKING:
    from datetime import date

_E5, _E7, _HALF_E12 = 100_000, 10_000_000, 500_000_000_000
_ONE_USD = 10**10


def cents() -> pl.Expr:
    """Convert amount (4 decimals) times rate_e10 in whole cents, half up, in 64 bits.

    The product is taken in two parts of the rate, so amounts below a billion cannot overflow.
    """
    amount = pl.col("amount").to_physical().cast(pl.Int64)
    high, low = pl.col("rate_e10") // _E5, pl.col("rate_e10") % _E5
    return (amount * high + (amount * low + _HALF_E12) // _E5) // _E7


def rate_days(rates: pl.DataFrame, last: date) -> pl.DataFrame:
    """currency, day, rate_date, rate_e10 (10^-10 USD): the rate in force on each day."""
    first = min(rates["rate_date"].to_list())
    days = pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
    asked = days.join(rates.select("currency").unique(), how="cross").sort("day")
    typed = rates.with_columns(
        pl.col("usd_per_unit").to_physical().cast(pl.Int64).alias("rate_e10")
    )
    found = asked.join_asof(
        typed.drop("usd_per_unit").sort("rate_date"),
        left_on="day",
        right_on="rate_date",
        by="currency",
        coalesce=False,
        check_sortedness=False,
    ).filter(pl.col("rate_date") >= pl.col("day") - pl.duration(days=rules.RATE_AGE_DAYS))
    usd = days.with_columns(
        pl.lit("USD").alias("currency"),
        pl.col("day").alias("rate_date"),
        pl.lit(_ONE_USD, pl.Int64).alias("rate_e10"),
    )
    return pl.concat([found, usd], how="diagonal")
