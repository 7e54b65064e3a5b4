"""The flow of one call: fetch, check, store year by year, and say which days are missing."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fraudlake.ecb import Rate, parse_rates, unpack_lines
from fraudlake.errors import InputError, RunError
from lambdas.fx_rates.checks import refuse_doubtful, refuse_wrong_days
from lambdas.fx_rates.fetch import fetch
from lambdas.fx_rates.store import (
    changed_days,
    merged,
    put_year,
    read_days,
    read_year,
    stored_years,
)
from lambdas.fx_rates.target_days import publication_days
from lambdas.json_logs import log_event
from lambdas.objects import PutConflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdas.fx_rates.settings import Order, Settings
    from lambdas.fx_rates.store import StoredYear
    from lambdas.objects import Bucket

ATTEMPTS = 4
LISTED_MOST = 100
ONE_DAY = timedelta(1)
RESCORE = "the ECB corrected these days; scores of their batches may be stale"
MISSING_ADVICE = {
    "daily": 'call the function with {"file": "history"}',
    "history": "the history lacks these days too; see what the ECB published",
}


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a call delivered, wrote and found missing.

    `first`, `last`, `days`, `currencies` and `rates` are those of the file; objects are years.
    `days_changed` were stored with other rates before; `days_missing` are publication days without
    rates, from the first stored day up to yesterday; `newest_rate_date` is that of all rates that
    are stored now.
    """

    file: str
    first: date
    last: date
    days: int
    currencies: int
    rates: int
    objects_written: int
    objects_unchanged: int
    days_changed: list[date]
    days_missing: list[date]
    newest_rate_date: date

    def answer(self) -> dict[str, Any]:
        """Return it as JSON can hold it: days as ISO dates, long lists cut, their counts beside."""
        facts = {name: str(value) if isinstance(value, date) else value
                 for name, value in asdict(self).items()}  # fmt: skip
        for name in ("days_changed", "days_missing"):
            facts[f"{name}_count"] = len(facts[name])
            facts[name] = [str(day) for day in facts[name][:LISTED_MOST]]
        return facts


@dataclass
class Stored:
    """What storing did: days known now, objects that had to be written, days that changed."""

    years: int
    days: set[date] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    changed: set[date] = field(default_factory=set)


def load_rates(order: Order, settings: Settings, bucket: Bucket, today: date) -> Loaded:
    """Bring a file of the ECB into the bucket; nothing is put when a check refuses it.

    Days the file does not have stay as they are stored, so a call can be repeated. `today` is
    the UTC date.

    Raises:
        InputError: the file or a stored object cannot be trusted.
        RunError: the ECB or S3 refused, or could not be reached.
    """
    address = settings.address_of(order.file)
    delivered = read_rates(fetch(address, settings.patience), address)
    refuse_wrong_days(delivered, today)
    delivered.sort()
    stored = store_rates(delivered, order, bucket)
    loaded = _loaded(order, delivered, stored, missing_days(stored.days, today))
    _log(loaded)
    return loaded


def read_rates(data: bytes, address: str) -> list[Rate]:
    """Return the rates in the bytes of the ECB's file, the days in its order.

    Raises:
        InputError: the bytes are not what the ECB publishes.
    """
    try:
        return list(parse_rates(unpack_lines(data, address)))
    except InputError as error:
        advice = f"Nothing was written. Call again later; if this stays, see what {address} serves"
        raise InputError([*error.problems, advice]) from error


def store_rates(delivered: list[Rate], order: Order, bucket: Bucket) -> Stored:
    """Check sorted rates against those stored, and put each year that changes, oldest first.

    An object that changed since it was read is not overwritten: all is read, checked and merged
    again, a few times. Read are the years of the file, and before each the newest stored one (its
    rates are those that jumps and lost rates are measured from). Of all other stored years only
    the days are taken: to say which are missing that is enough, and parsing 28 years takes long.
    """
    done = Stored(years=len({rate.rate_date.year for rate in delivered}))
    for _ in range(ATTEMPTS):
        there = stored_years(bucket)
        years = {year: read_year(bucket, year) for year in _years_to_read(delivered, there)}
        stored = [rate for year in years.values() for rate in year.rates]
        refuse_doubtful(delivered, stored, order)
        others = (read_days(bucket, year) for year in there if year not in years)
        done.days = {rate.rate_date for rate in [*stored, *delivered]}.union(*others)
        with suppress(PutConflict):
            _put_years(bucket, years, delivered, done)
            return done
    raise RunError(
        f"s3://{bucket.name}/fx_rates/ changed {ATTEMPTS} times while rates were stored; what "
        "others wrote there stays. See what else writes there, and call again"
    )


def missing_days(days: set[date], today: date) -> list[date]:
    """Return the publication days without rates from the first of `days` up to yesterday."""
    return [day for day in publication_days(min(days), today - ONE_DAY) if day not in days]


def _years_to_read(delivered: Sequence[Rate], stored: Sequence[int]) -> list[int]:
    years = {rate.rate_date.year for rate in delivered}
    before = (max((one for one in stored if one < year), default=year) for year in years)
    return sorted(years.union(before))


def _put_years(
    bucket: Bucket, stored: dict[int, StoredYear], delivered: list[Rate], done: Stored
) -> None:
    for year, rates in groupby(delivered, key=lambda rate: rate.rate_date.year):
        new = merged(stored[year], rates)
        if put_year(bucket, stored[year], new):
            changed = changed_days(stored[year], new)
            done.written.add(year)
            done.changed |= changed
            _warn_of_changes(changed)  # now: a later year may be refused


def _warn_of_changes(days: set[date]) -> None:
    if days:
        named = [str(day) for day in sorted(days)]
        log_event("days_changed", level=logging.WARNING, days=named, advice=RESCORE)


def _loaded(order: Order, rates: list[Rate], stored: Stored, missing: list[date]) -> Loaded:
    return Loaded(
        file=order.file,
        first=rates[0].rate_date,
        last=rates[-1].rate_date,
        days=len({rate.rate_date for rate in rates}),
        currencies=len({rate.currency for rate in rates}),
        rates=len(rates),
        objects_written=len(stored.written),
        objects_unchanged=stored.years - len(stored.written),
        days_changed=sorted(stored.changed),
        days_missing=missing,
        newest_rate_date=max(stored.days),
    )


def _log(loaded: Loaded) -> None:
    answer = loaded.answer()
    if missing := answer["days_missing"]:
        advice = MISSING_ADVICE[loaded.file]
        log_event("days_missing", level=logging.WARNING, days=missing, advice=advice)
    log_event("loaded", **answer)
