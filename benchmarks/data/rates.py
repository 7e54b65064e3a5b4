"""Daily currency rates: a seeded random walk, without week-ends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks.data.columns import decimals
from benchmarks.data.streams import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.data.plan import DataPlan

USD_PER_UNIT = {
    "EUR": 1.0873,
    "GBP": 1.2651,
    "JPY": 0.0067,
    "CHF": 1.1312,
    "CAD": 0.7334,
    "AUD": 0.6548,
    "SEK": 0.0956,
    "MXN": 0.0556,
    "INR": 0.0119,
    "BRL": 0.1987,
}
CURRENCIES = ("USD", *USD_PER_UNIT)
FIRST_RATE = date(2024, 1, 1)
_DAYS_BEFORE = 30
_DAILY_VOLATILITY = 0.004
_SATURDAY = 5
_ONE = 10**10  # a rate has ten decimals


def rate_table(plan: DataPlan) -> pa.Table:
    """rate_date, currency, usd_per_unit (decimal 18,10) of every working day that can matter.

    The walk always starts on `FIRST_RATE`, so that a day has one rate in every set.
    """
    first, last = [*plan.history, *plan.scored][0], plan.scored[-1]
    days = [FIRST_RATE + timedelta(days=at) for at in range((last - FIRST_RATE).days + 1)]
    working = [day for day in days if day.weekday() < _SATURDAY]
    from_day = first - timedelta(days=_DAYS_BEFORE)
    kept = np.array([day >= from_day for day in working])
    parts = [_rates_of(plan.seed, code, working, kept) for code in USD_PER_UNIT]
    return pa.concat_tables(parts).combine_chunks()


def _rates_of(seed: int, code: str, days: list[date], kept: NDArray[np.bool_]) -> pa.Table:
    steps = stream(seed, f"rate {code}").normal(0.0, _DAILY_VOLATILITY, len(days))
    rates = np.rint(USD_PER_UNIT[code] * np.exp(np.cumsum(steps)) * _ONE).astype(np.int64)
    rows = int(kept.sum())
    return pa.table(
        {
            "rate_date": pa.array(np.array(days, dtype="datetime64[D]")[kept]),
            "currency": pa.array([code] * rows),
            "usd_per_unit": decimals(rates[kept], 18, 10),
        }
    )
