"""Exchange rates: a seeded random walk on working days, one file a year."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np

from fraudlake.sample_data.streams import open_stream
from fraudlake.sample_data.world import CURRENCY_WITHOUT_RATE, USD_PER_UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.sample_data.plan import SamplePlan

DAYS_BEFORE = 15
DAYS_WITHOUT_RATE_BEFORE = 11
DAILY_VOLATILITY = 0.004
SATURDAY = 5
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Rate:
    """USD per unit of a currency, as published for one day."""

    rate_date: date
    currency: str
    usd_per_unit: Decimal


@dataclass(frozen=True)
class RateTable:
    """Every rate of the sample, ordered by date and currency."""

    rates: tuple[Rate, ...]
    by_currency: Mapping[str, tuple[Rate, ...]]

    def find_rate(self, currency: str, day: date) -> Decimal:
        """USD per unit in force on a day: the newest on or before it; USD is 1."""
        if currency == "USD":
            return Decimal(1)
        rates = self.by_currency[currency]
        return rates[bisect_right([rate.rate_date for rate in rates], day) - 1].usd_per_unit

    def convert_to_usd(self, amount: Decimal, currency: str, day: date) -> Decimal:
        """Exact product, rounded once, half up to the cent."""
        return (amount * self.find_rate(currency, day)).quantize(CENT, ROUND_HALF_UP)

    def find_first_over(self, limit_usd: Decimal, currency: str, day: date) -> Decimal:
        """The smallest amount in whole cents of the currency that converts to over the limit."""
        amount = (limit_usd / self.find_rate(currency, day)).quantize(CENT, ROUND_FLOOR) - CENT
        while self.convert_to_usd(amount, currency, day) <= limit_usd:
            amount += CENT
        return amount


def make_rates(plan: SamplePlan) -> RateTable:
    """Rates of every working day from 15 days before the sample to its last day.

    `CURRENCY_WITHOUT_RATE` ends 12 days before the sample, beyond the 7 days a rate lives.
    """
    rng = open_stream(plan.seed, "rates")
    days = _working_days(plan)
    rates = [rate for currency in USD_PER_UNIT for rate in _walk(rng, currency, days)]
    kept = [rate for rate in rates if _is_published(rate, plan)]
    kept.sort(key=lambda rate: (rate.rate_date, rate.currency))
    groups = {code: tuple(r for r in kept if r.currency == code) for code in USD_PER_UNIT}
    return RateTable(tuple(kept), groups)


def _working_days(plan: SamplePlan) -> list[date]:
    start = plan.first_date - timedelta(days=DAYS_BEFORE)
    every = [start + timedelta(days=step) for step in range(DAYS_BEFORE + plan.days)]
    return [day for day in every if day.weekday() < SATURDAY]


def _walk(rng: np.random.Generator, currency: str, days: list[date]) -> list[Rate]:
    steps = rng.normal(0.0, DAILY_VOLATILITY, len(days))
    values = USD_PER_UNIT[currency] * np.exp(np.cumsum(steps))
    return [
        Rate(day, currency, Decimal(f"{value:.10f}"))
        for day, value in zip(days, values.tolist(), strict=True)
    ]


def _is_published(rate: Rate, plan: SamplePlan) -> bool:
    last = plan.first_date - timedelta(days=DAYS_WITHOUT_RATE_BEFORE)
    return rate.currency != CURRENCY_WITHOUT_RATE or rate.rate_date < last
