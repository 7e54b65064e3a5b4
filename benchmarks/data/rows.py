"""The transactions of a day as whole arrays, before anything goes wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks.data.columns import chosen, decimals, numbered
from benchmarks.data.people import COUNTRIES, UNKNOWN_CUSTOMERS, Customers
from benchmarks.data.rates import CURRENCIES, USD_PER_UNIT
from benchmarks.data.streams import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
NO_TIME = np.iinfo(np.int64).min
# What a bad row may name beside the currencies that have rates: no rate, and no currency at all.
NAMED_CURRENCIES = (*CURRENCIES, "XAU", "U5D")
CHANNELS = ("card", "web", "app", "atm", "transfer")
MERCHANTS = 20_000

UNKNOWN_SHARE = 0.005
NO_MERCHANT_SHARE = 0.02
AT_HOME_SHARE = 0.9
EVEN_SHARE = 0.5  # of a day's rows; the others stand around its middle
OUTLIER_SHARE = 0.001
OVER_LIMIT_SHARE = 0.0005
BURST_SHARE = 0.001  # of the rows are part of a burst
BURST_ROWS = 5
FEWEST_BURSTS = 10  # a file, however small
BURST_SECONDS = 55
BORDER_ROWS = 3  # on either side of midnight
ROWS_A_BORDER_BURST = 50_000

_FIRST_NUMBERED = date(2020, 1, 1).toordinal()
_NUMBERS_A_DAY = 10**8
_USD = np.array([1.0, *USD_PER_UNIT.values()])


@dataclass
class Rows:
    """Transactions by column; a negative place is a null, `NO_TIME` a missing timestamp.

    `customer` is a place in `Customers.ids`, `amount` is in 10^-4 of the currency, `ts` in
    microseconds since 1970.
    """

    number: Whole
    customer: Whole
    ts: Whole
    amount: Whole
    currency: Whole
    merchant: Whole
    channel: Whole
    country: Whole

    def __len__(self) -> int:
        """How many there are."""
        return len(self.number)

    def taken(self, places: Whole) -> Rows:
        """The rows at these places, copied."""
        return Rows(*(getattr(self, one.name)[places] for one in fields(self)))

    def with_rows(self, *others: Rows) -> Rows:
        """These rows and others after them."""
        columns = (
            np.concatenate([getattr(part, one.name) for part in (self, *others)])
            for one in fields(self)
        )
        return Rows(*columns)


def clean_rows(customers: Customers, day: date, chunk: int) -> Rows:
    """The transactions of one file of a day, in the order of their times, all acceptable."""
    plan = customers.plan
    rng = stream(plan.seed, "rows", day.toordinal(), chunk)
    rows = plan.chunks[chunk]
    customer = _customers_of(rng, customers, rows)
    ts = _times(rng, day, rows)
    _plant_bursts(rng, customer, ts)
    if chunk == 0:
        _plant_border_bursts(customers, day, customer, ts)
    order = np.argsort(ts, kind="stable")
    customer, ts = customer[order], ts[order]
    first = (day.toordinal() - _FIRST_NUMBERED) * _NUMBERS_A_DAY + sum(plan.chunks[:chunk])
    currency = customers.currency[customer]
    return Rows(
        number=first + np.arange(rows),
        customer=customer,
        ts=ts,
        amount=_amounts(rng, customers, customer, currency),
        currency=currency,
        merchant=np.where(
            rng.random(rows) < NO_MERCHANT_SHARE, -1, rng.integers(0, MERCHANTS, rows)
        ),
        channel=rng.choice(len(CHANNELS), rows, p=[0.55, 0.2, 0.15, 0.05, 0.05]),
        country=np.where(
            rng.random(rows) < AT_HOME_SHARE, currency, rng.integers(0, len(COUNTRIES), rows)
        ),
    )


def transaction_table(customers: Customers, rows: Rows) -> pa.Table:
    """Typed transactions, as a lake holds them."""
    moments = pa.array(rows.ts, mask=rows.ts == NO_TIME).cast(pa.timestamp("us"))
    return pa.table(
        {
            "transaction_id": numbered("T", rows.number, 12),
            "customer_id": chosen(customers.ids, rows.customer),
            "transaction_ts": moments.cast(pa.timestamp("us", "UTC")),
            "amount": decimals(rows.amount, 16, 4),
            "currency": chosen(NAMED_CURRENCIES, rows.currency),
            "merchant_id": chosen(numbered("M", np.arange(MERCHANTS), 6), rows.merchant),
            "channel": chosen(CHANNELS, rows.channel),
            "country": chosen(COUNTRIES, rows.country),
        }
    )


def midnight(day: date) -> int:
    """The first microsecond of a day."""
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * DAY


def _customers_of(rng: np.random.Generator, customers: Customers, rows: int) -> Whole:
    plan = customers.plan
    customer = np.searchsorted(customers.busyness, rng.random(rows), side="right")
    unknown = plan.customers + rng.integers(0, UNKNOWN_CUSTOMERS, rows)
    customer = np.where(rng.random(rows) < UNKNOWN_SHARE, unknown, customer)
    chosen_ones: Whole = np.where(rng.random(rows) < plan.skew, 0, customer)
    return chosen_ones


def _times(rng: np.random.Generator, day: date, rows: int) -> Whole:
    """Half of them spread over the day, half around its middle."""
    even = rng.random(rows)
    middle = rng.beta(4, 3, rows)
    share = np.where(rng.random(rows) < EVEN_SHARE, even, middle)
    return midnight(day) + (share * DAY).astype(np.int64)


def _plant_bursts(rng: np.random.Generator, customer: Whole, ts: Whole) -> None:
    bursts = max(FEWEST_BURSTS, int(len(ts) * BURST_SHARE) // BURST_ROWS)
    start = rng.integers(0, len(ts) - BURST_ROWS, bursts)
    apart = np.sort(rng.integers(0, BURST_SECONDS * SECOND, (bursts, BURST_ROWS)), axis=1)
    last = ts - ts % DAY + DAY - 1
    for at in range(BURST_ROWS):
        customer[start + at] = customer[start]
        ts[start + at] = np.minimum(ts[start] + apart[:, at], last[start])


def _plant_border_bursts(customers: Customers, day: date, customer: Whole, ts: Whole) -> None:
    """Bursts across midnight: this day has the first half of one, and the second of another."""
    begins, ends = midnight(day), midnight(day) + DAY
    size = max(1, len(ts) // ROWS_A_BORDER_BURST) * BORDER_ROWS
    for at, border in ((0, begins), (1, ends)):
        rng = stream(customers.plan.seed, "border", border // DAY)
        who = np.repeat(rng.integers(0, customers.plan.customers, size // BORDER_ROWS), BORDER_ROWS)
        seconds = rng.integers(1, 28 * SECOND, (2, size))
        where = slice(at * size, (at + 1) * size)
        customer[where] = who
        ts[where] = border + seconds[0] if border == begins else border - seconds[1]


def _amounts(
    rng: np.random.Generator, customers: Customers, customer: Whole, currency: Whole
) -> Whole:
    """Around what the customer usually spends; some far above it, some over the limit."""
    rows = len(customer)
    usd = np.exp(customers.log_amount[customer] + rng.normal(0.0, 0.5, rows))
    usd = np.where(rng.random(rows) < OUTLIER_SHARE, usd * rng.uniform(8, 40, rows), usd)
    over = rng.random(rows) < OVER_LIMIT_SHARE
    usd = np.where(over, rng.uniform(5_001, 50_000, rows), np.minimum(usd, 40_000))
    cents = np.rint(usd / _USD[currency] * 100).astype(np.int64)
    amounts: Whole = np.maximum(cents, 100) * 100
    return amounts
