"""Conversion to USD that fails closed: no rate, no amount."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
from pyspark.sql import functions as F

from fraudlake.exact import cents_of, usd
from fraudlake.tables import RATE
from fraudlake.text import trimmed
from fraudlake.timestamps import utc_date
from fraudlake.vectorised import local_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches
    from fraudlake.settings import FxSettings, Settings

_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_IN_FORCE = f"currency string, fx_on date, rate_date date, usd_per_unit {RATE.simpleString()}"
_STRETCH = "covered_currency string, covered_from date, covered_to date"
_NO_RATE = ("N/A", "NA", "NULL", "NONE", "-")


class Rate(NamedTuple):
    """A rate as it was published; a part that cannot be read is None.

    Attributes:
        rate_date: the date it is of.
        currency: its code in upper case.
        usd_per_unit: US dollars for one unit, ten decimals.
    """

    rate_date: date | None
    currency: str | None
    usd_per_unit: Decimal | None


class Stretch(NamedTuple):
    """Dates in a row on which a currency has a fresh rate, both ends included."""

    currency: str
    covered_from: date
    covered_to: date


@dataclass(frozen=True)
class FxRates:
    """The rates that batches can use, each once, and what all rates cover (`covered_stretches`).

    Without the latter, a foreign transaction that is too late counts as one without a rate.
    """

    rates: Sequence[Rate]
    covered: Sequence[Stretch]


def typed_rates(raw: DataFrame) -> DataFrame:
    """Raw fx_rates as the columns of `Rate`; null where a text is none of these.

    Empty and `N/A` rates are no rates and are left out. `is_ragged` marks a line whose number of
    fields is not that of the header.
    """
    rate = trimmed(F.col("usd_per_unit"))
    is_ragged = F.col("raw_line").isNotNull()
    is_rate = rate.isNotNull() & ~F.upper(rate).isin(*_NO_RATE)
    return raw.where(is_rate | is_ragged).select(
        F.substring(trimmed(F.col("rate_date")), 1, 10).cast("date").alias("rate_date"),
        F.upper(trimmed(F.col("currency"))).alias("currency"),
        F.when(rate.rlike(_NUMBER), rate.cast(RATE)).alias("usd_per_unit"),
        is_ragged.alias("is_ragged"),
    )


def doubtful_rates(rates: Iterable[Rate]) -> list[tuple[date | None, str | None, str]]:
    """What stops a run that can use it: date, currency and problem, those without a date first."""
    values: defaultdict[tuple[date | None, str | None], set[Decimal | None]] = defaultdict(set)
    for one in rates:
        values[one.rate_date, one.currency].add(one.usd_per_unit)
    found = [(*key, _problem(*key, those)) for key, those in values.items()]
    told = [(day, currency, problem) for day, currency, problem in found if problem]
    return sorted(told, key=lambda one: (one[0] or date.min, one[1] or ""))


def _problem(day: date | None, currency: str | None, values: set[Decimal | None]) -> str | None:
    if day is None or currency is None:
        return "lacks a date or currency"
    numbers = values - {None}
    if len(numbers) < len(values):
        return "is not a number of at most 8.10 digits"
    if any(one is not None and one <= 0 for one in numbers):
        return "is not above zero"
    return "has two different values" if len(numbers) > 1 else None


def covered_stretches(rates: Iterable[Rate], fx: FxSettings) -> list[Stretch]:
    """The stretches of dates on which a currency has a fresh rate.

    Rows too late to be converted need only to know whether there was a rate on their date; a
    handful of stretches a currency tells it for all of history.
    """
    fresh = timedelta(days=fx.max_age_days)
    found: list[Stretch] = []
    for currency, day in sorted(_dates_of(rates)):
        last = found[-1] if found else None
        if last and last.currency == currency and day <= last.covered_to + timedelta(days=1):
            found[-1] = last._replace(covered_to=day + fresh)
        else:
            found.append(Stretch(currency, day, day + fresh))
    return found


def _dates_of(rates: Iterable[Rate]) -> set[tuple[str, date]]:
    return {
        (one.currency, one.rate_date) for one in rates if one.currency and one.rate_date is not None
    }


def with_usd(
    transactions: DataFrame, rates: FxRates, batches: Batches, settings: Settings
) -> DataFrame:
    """Add fx_rate, fx_rate_date, cents, amount_usd and has_fx_rate to typed transactions.

    The rate is the newest on or before both the transaction's UTC date and the batch date, and at
    most `max_age_days` older than the transaction's date. USD is 1 on its own date. Transactions
    that are too late for the batch only learn whether there was a rate.
    """
    day, batch = utc_date(F.col("transaction_ts")), batches.date_at()
    is_usd = F.col("currency") == "USD"
    oldest = F.date_sub(batch, settings.cleansing.too_late_days)
    in_force = _rates_by_date(rates.rates, batches, settings)
    by_date = F.broadcast(_small_table(transactions, in_force, _IN_FORCE))
    # Nothing is looked up for a null: most rows are in USD, and hardly any is too late.
    looked_up = transactions.withColumn("fx_on", F.when(~is_usd, F.least(day, batch)))
    joined = looked_up.join(by_date, ["currency", "fx_on"], how="left")
    was_covered = F.lit(False)
    if rates.covered:
        late_currency = F.when(~is_usd & (day < oldest), F.col("currency"))
        joined = _with_stretch(joined, late_currency, rates.covered)
        was_covered = F.col("covered_from").isNotNull()
    is_fresh = F.col("rate_date") >= F.date_sub(day, settings.fx.max_age_days)
    one = F.lit(Decimal(1)).cast(RATE)
    cents = cents_of(F.col("amount"), F.col("fx_rate"), is_usd)
    return (
        joined.withColumn("fx_rate", F.when(is_usd, one).when(is_fresh, F.col("usd_per_unit")))
        .withColumn("fx_rate_date", F.when(is_usd, day).when(is_fresh, F.col("rate_date")))
        .withColumn("cents", cents)
        .withColumn("amount_usd", usd(F.col("cents")))
        .withColumn("has_fx_rate", F.col("fx_rate").isNotNull() | was_covered)
        .drop("fx_on", "rate_date", "usd_per_unit", "covered_from")
    )


def _small_table(beside: DataFrame, rows: Sequence[tuple[object, ...]], schema: str) -> DataFrame:
    names = [column.split()[0] for column in schema.split(", ")]
    return local_table(beside.sparkSession, pd.DataFrame(rows, columns=names, dtype=object), schema)


def _with_stretch(
    transactions: DataFrame, currency: Column, covered: Sequence[Stretch]
) -> DataFrame:
    """Add covered_from: the start of the stretch of a currency that the date lies in, or null."""
    stretches = _small_table(transactions, covered, _STRETCH)
    is_in = utc_date(F.col("transaction_ts")).between(F.col("covered_from"), F.col("covered_to"))
    is_met = (currency == F.col("covered_currency")) & is_in
    met = transactions.join(F.broadcast(stretches), is_met, how="left")
    return met.drop("covered_currency", "covered_to")


def usable_from(batch: date, settings: Settings) -> date:
    """The oldest rate date that an accepted transaction of the batch can be converted with."""
    reach = settings.cleansing.too_late_days + settings.fx.max_age_days
    return batch - timedelta(days=reach)


def _rates_by_date(
    rates: Iterable[Rate], batches: Batches, settings: Settings
) -> list[tuple[str, date, date, Decimal | None]]:
    """The rate in force on each date on which an acceptable transaction can look for one.

    Rows of `_IN_FORCE`: on `fx_on` the newest rate of the currency is that of `rate_date`.
    """
    first, longest = usable_from(batches.first, settings), timedelta(settings.fx.max_age_days)
    by_currency: defaultdict[str, dict[date, Decimal | None]] = defaultdict(dict)
    for one in rates:
        if one.currency and one.rate_date and first <= one.rate_date <= batches.last:
            by_currency[one.currency][one.rate_date] = one.usd_per_unit
    return [
        (currency, day + timedelta(later), day, values[day])
        for currency, values in sorted(by_currency.items())
        for day, ahead in pairwise([*sorted(values), batches.last + timedelta(1)])
        for later in range((min(day + longest, ahead - timedelta(1)) - day).days + 1)
    ]
