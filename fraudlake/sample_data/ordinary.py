"""Ordinary payments of a day: what each customer usually spends, when, where and in what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fraudlake.sample_data.customers import draw_homes
from fraudlake.sample_data.plant_amounts import OUTLIER
from fraudlake.sample_data.streams import open_stream
from fraudlake.sample_data.world import (
    CHANNEL_WEIGHTS,
    CHANNELS,
    CHANNELS_WITH_MERCHANT,
    COUNTRIES,
    CURRENCIES,
    CURRENCIES_WITHOUT_CENTS,
    Integers,
    Numbers,
    draw_weighted,
)

if TYPE_CHECKING:
    from datetime import date

    from fraudlake.sample_data.cast import Roles
    from fraudlake.sample_data.plan import SamplePlan
    from fraudlake.sample_data.rates import RateTable

MEDIAN_USD, LEVEL_SPREAD, OWN_SPREAD = 32.0, 0.6, 0.45
SMALL_LEVEL_USD = 12.0
LEAST_USD, MOST_USD = 1.0, 1_400.0
AT_HOME_SHARE = 0.95
HOUR_WEIGHTS = (
    *(2, 1.2, 0.8, 0.6, 0.7, 1.2, 2.5, 4, 5, 5.5, 5.8, 6.5),
    *(7, 6.4, 5.8, 5.8, 6.2, 7, 7.4, 7, 6, 5, 4, 3),
)
# No four rows of a customer inside 60 s: consecutive ones lie at least this far apart.
LEAST_GAP_MS = 21_000
HOUR_MS = 3_600_000
LAST_MS = 24 * HOUR_MS - 120_000
DAY_MS = 24 * HOUR_MS
ROWS_PER_MERCHANT, LEAST_MERCHANTS, MERCHANT_SPREAD = 4, 200, 0.5


@dataclass(frozen=True)
class Spending:
    """Customers with ordinary payments, as parallel arrays.

    Number in the customers table, home country (index into `COUNTRIES`), usual amount in USD,
    and how often they pay, as a weight.
    """

    number: Integers
    home: Integers
    level_usd: Numbers
    activity: Numbers


@dataclass(frozen=True)
class OrdinaryDay:
    """Payments of a day as parallel arrays, by time; -1 is a missing merchant.

    `ts_ms` counts from midnight UTC, `amount_cents` hundredths of the currency (its index in
    `CURRENCIES`); channel and country are indices into `CHANNELS` and `COUNTRIES`.
    """

    customer: Integers
    ts_ms: Integers
    amount_cents: Integers
    currency: Integers
    merchant: Integers
    channel: Integers
    country: Integers


def make_spending(plan: SamplePlan, roles: Roles) -> Spending:
    """Draw every ordinary customer's habits; those with a planted outlier spend little."""
    rng = open_stream(plan.seed, "spending")
    size = roles.ordinary.size
    level = MEDIAN_USD * rng.lognormal(0.0, LEVEL_SPREAD, size)
    level[np.isin(roles.ordinary, roles.indices[OUTLIER])] = SMALL_LEVEL_USD
    activity = rng.gamma(2.0, 1.0, size) + 0.2
    return Spending(roles.ordinary, draw_homes(plan)[roles.ordinary], level, activity)


def make_ordinary_day(
    plan: SamplePlan, index: int, size: int, spending: Spending, rates: RateTable
) -> OrdinaryDay:
    """`size` ordinary payments of the day with this index, all under 1,500 USD."""
    rng = open_stream(plan.seed, "ordinary", index)
    payer = np.sort(draw_weighted(rng, spending.activity, size))
    ts_ms = _keep_apart(payer, _draw_times(rng, payer))
    abroad = rng.random(size) >= AT_HOME_SHARE
    country = np.where(abroad, rng.integers(0, len(COUNTRIES), size), spending.home[payer])
    currency = _currency_of_country()[country]
    usd = _draw_usd(rng, spending.level_usd[payer])
    cents = _to_cents(usd, currency, rates, plan.dates[index])
    channel = draw_weighted(rng, CHANNEL_WEIGHTS, size)
    merchant = _draw_merchants(rng, plan, channel)
    columns = (spending.number[payer], ts_ms, cents, currency, merchant, channel, country)
    order = np.argsort(ts_ms, kind="stable")
    return OrdinaryDay(*(column[order] for column in columns))


def _draw_times(rng: np.random.Generator, payer: Integers) -> Integers:
    hours = draw_weighted(rng, HOUR_WEIGHTS, payer.size)
    times = np.minimum(hours * HOUR_MS + rng.integers(0, HOUR_MS, payer.size), LAST_MS)
    in_order: Integers = times[np.lexsort((times, payer))]
    return in_order


def _keep_apart(payer: Integers, ts_ms: Integers) -> Integers:
    """Push each row to `LEAST_GAP_MS` after the one before of its payer; both in order."""
    step = np.arange(payer.size, dtype=np.int64) * LEAST_GAP_MS
    # Lanes keep payers apart, so that one running maximum serves all of them.
    lane = payer * (DAY_MS + payer.size * LEAST_GAP_MS)
    pushed: Integers = np.maximum.accumulate(lane + ts_ms - step) + step - lane
    pushed[pushed >= DAY_MS] = DAY_MS - 1
    return pushed


def _draw_usd(rng: np.random.Generator, level_usd: Numbers) -> Numbers:
    usd = level_usd * rng.lognormal(0.0, OWN_SPREAD, level_usd.size)
    tamed = MOST_USD * rng.uniform(0.5, 1.0, usd.size)
    return np.maximum(np.where(usd > MOST_USD, tamed, usd), LEAST_USD)


def _currency_of_country() -> Integers:
    return np.array([CURRENCIES.index(country.currency) for country in COUNTRIES], dtype=np.int64)


def _to_cents(usd: Numbers, currency: Integers, rates: RateTable, day: date) -> Integers:
    per_unit = np.array([float(rates.find_rate(code, day)) for code in CURRENCIES])
    unit = np.array([100 if code in CURRENCIES_WITHOUT_CENTS else 1 for code in CURRENCIES])
    units = np.rint(usd / per_unit[currency] * 100 / unit[currency]).astype(np.int64)
    cents: Integers = np.maximum(units, 1) * unit[currency]
    return cents


def _draw_merchants(rng: np.random.Generator, plan: SamplePlan, channel: Integers) -> Integers:
    merchants = max(LEAST_MERCHANTS, plan.transactions // plan.days // ROWS_PER_MERCHANT)
    # The same merchants are the popular ones on every day.
    popular = open_stream(plan.seed, "merchants").lognormal(0.0, MERCHANT_SPREAD, merchants)
    drawn = draw_weighted(rng, popular, channel.size)
    has_one = np.isin(channel, [CHANNELS.index(name) for name in CHANNELS_WITH_MERCHANT])
    return np.where(has_one, drawn, -1)
