"""The stored rates: one CSV object a year, replaced whole and only when its text changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING

from fraudlake.ecb import Rate, rates_text
from fraudlake.errors import InputError
from lambdas.objects import Bucket, NewObject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdas.objects import StoredObject

KEY = re.compile("fx_rates/fx_rates_([0-9]{4})[.]csv")
LINE = re.compile("([0-9]{4}-[0-9]{2}-[0-9]{2}),([A-Z]{3}),([0-9]{1,8}[.][0-9]{10})")


@dataclass(frozen=True)
class StoredYear:
    """The rates of a year as they were read, sorted; no ETag when there was no object."""

    year: int
    rates: tuple[Rate, ...] = ()
    etag: str | None = None


def key_of(year: int) -> str:
    """Return the key of a year's object."""
    return f"fx_rates/fx_rates_{year}.csv"


def stored_years(bucket: Bucket) -> list[int]:
    """Return the years that have an object, oldest first; other keys are passed over.

    Raises:
        RunError: S3 refuses.
    """
    found = (KEY.fullmatch(key) for key in bucket.keys("fx_rates/"))
    return sorted(int(match[1]) for match in found if match)


def read_days(bucket: Bucket, year: int) -> set[date]:
    """Return the days a year's object has lines of.

    Nothing else of it is parsed or checked: for every year in every call that would take long.

    Raises:
        RunError: S3 refuses.
    """
    found = bucket.get(key_of(year))
    lines = found.body.decode(errors="replace").split("\n") if found else []
    starts = {line[:11] for line in lines}
    days = (date(year, 1, 1) + timedelta(number) for number in range(366))
    return {day for day in days if f"{day}," in starts}


def read_year(bucket: Bucket, year: int) -> StoredYear:
    """Return what is stored for a year.

    Raises:
        InputError: the object is not what `put_year` writes.
        RunError: S3 refuses.
    """
    found = bucket.get(key_of(year))
    return _parsed(bucket, year, found) if found else StoredYear(year)


def merged(stored: StoredYear, delivered: Iterable[Rate]) -> list[Rate]:
    """Return the rates of a year with each delivered day in place of the stored one, sorted."""
    new = list(delivered)
    days = {rate.rate_date for rate in new}
    return sorted([*new, *(rate for rate in stored.rates if rate.rate_date not in days)])


def changed_days(stored: StoredYear, rates: Iterable[Rate]) -> set[date]:
    """Return the stored days that have other rates in `rates`."""
    days = {rate.rate_date for rate in stored.rates}
    return {rate.rate_date for rate in {*stored.rates} ^ {*rates}} & days


def put_year(bucket: Bucket, stored: StoredYear, rates: list[Rate]) -> bool:
    """Put the sorted rates of a year in place of those read, and return whether that was needed.

    Raises:
        PutConflict: the object is no longer the one that was read; it stays.
        RunError: S3 refuses.
    """
    if stored.etag and rates == list(stored.rates):
        return False
    bucket.put(
        NewObject(
            key=key_of(stored.year),
            body=BytesIO(rates_text(rates).encode()),
            content_type="text/csv",
            replaces=stored.etag,
            is_new=stored.etag is None,
        )
    )
    return True


def _parsed(bucket: Bucket, year: int, found: StoredObject) -> StoredYear:
    lines = found.body.decode(errors="replace").split("\n")
    rates = [_rate(line) for line in lines[1:-1]]
    sound = [rate for rate in rates if rate and rate.rate_date.year == year]
    names = [(rate.rate_date, rate.currency) for rate in sound]
    in_order = all(one < other for one, other in pairwise(names))
    # Whatever was read must give the same bytes again: nothing was lost on the way.
    if not sound or not in_order or rates_text(sound).encode() != found.body:
        raise InputError(
            f"s3://{bucket.name}/{key_of(year)} is not as this function writes it: a CSV of the "
            f"rates of {year}, sorted. It was not overwritten. Restore its earlier version; or "
            'delete it and call the function with {"file": "history"} to load every year again'
        )
    return StoredYear(year, tuple(sound), found.etag)


def _rate(line: str) -> Rate | None:
    fields = LINE.fullmatch(line)
    if not fields or not Decimal(fields[3]):
        return None
    try:
        return Rate(date.fromisoformat(fields[1]), fields[2], Decimal(fields[3]))
    except ValueError:  # no such day
        return None
