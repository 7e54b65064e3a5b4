"""What must hold of delivered rates before any is stored: days in order, no jumps, none lost."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from fraudlake.ecb import DECIMALS, Rate
from fraudlake.errors import InputError
from lambdas.fx_rates.target_days import publication_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from lambdas.fx_rates.settings import Order

# Jumps that happened: Turkey floats the lira (2001), Iceland's banks fail and its central bank
# stops the krona's fall (2008), the lira's rebound after deposits were insured against it (2021).
KNOWN_JUMPS = frozenset(
    {
        "TRL 2001-02-22",
        *("ISK 2008-10-06", "ISK 2008-10-08", "ISK 2008-11-06"),
        "TRY 2021-12-21",
    }
)
NAMED_MOST = 100  # a broken file may have thousands, and a log line has an end
NOTHING_WRITTEN = "Nothing was written"


@dataclass(frozen=True)
class Jump:
    """Two rates of a currency, one after the other, that lie too far apart."""

    old: Rate
    new: Rate

    @property
    def name(self) -> str:
        """How an order allows it: currency and day, as in `TRY 2021-12-21`."""
        return f"{self.new.currency} {self.new.rate_date}"

    def __str__(self) -> str:
        """Say currency, days, both rates in USD, and the change in percent."""
        old, new = self.old, self.new
        percent = (new.usd_per_unit / old.usd_per_unit - 1) * 100
        return (
            f"{new.currency} jumps by {percent:+.1f} %: {old.usd_per_unit:f} USD on "
            f"{old.rate_date}, {new.usd_per_unit:f} USD on {new.rate_date}"
        )


@dataclass(frozen=True)
class Lost:
    """A currency that a stored day has, and the delivered one in its place or after it has not."""

    currency: str
    day: date
    stored: date

    @property
    def name(self) -> str:
        """How an order allows it: currency and delivered day, as in `BGN 2026-01-02`."""
        return f"{self.currency} {self.day}"

    def __str__(self) -> str:
        """Say currency, delivered day, and stored day."""
        return f"{self.currency} is missing on {self.day}, and is stored on {self.stored}"


def refuse_wrong_days(rates: Iterable[Rate], today: date) -> None:
    """Check that rates in the order of their file have days in one order, none after today (UTC).

    Raises:
        InputError: no day at all, days up and down, or days to come.
    """
    days = [day for day, _ in groupby(rates, key=lambda rate: rate.rate_date)]
    problems = [*_disorder(days), *_days_to_come(days, today)]
    if not days:
        problems = ["the file has no day with a rate of the dollar"]
    if problems:
        raise InputError([*problems, f"{NOTHING_WRITTEN}: see what the ECB serves, call again"])


def refuse_doubtful(delivered: list[Rate], stored: list[Rate], order: Order) -> None:
    """Check that no rate jumps and that none is lost, and say all that is in doubt at once.

    A jump is a move of over 20 % a publication day, from the newest stored rates on. Where a
    currency has no rate for some publication days, as much again is let pass for each of them.
    Passed over are `KNOWN_JUMPS`, those the order allows, and those stored already.

    Args:
        delivered: the rates of the file, sorted.
        stored: the rates there are before and in the years of the file, sorted.
        order: names the jumps and the lost rates that are let pass.

    Raises:
        InputError: names every jump and every lost rate, and how to let them pass.
    """
    jumps = _new_jumps(delivered, stored, order)
    lost = [one for one in find_lost(delivered, stored) if one.name not in order.allow_missing]
    if jumps or lost:
        raise InputError([*_named(jumps), *_named(lost), _advice(jumps, lost, order)])


def find_lost(delivered: Iterable[Rate], stored: Iterable[Rate]) -> Iterator[Lost]:
    """Return what delivered days lack of the same day as it is stored, or of the one before.

    A day that follows another of the file, not a stored one, is not compared: in the history
    currencies end.
    """
    had, given = _currencies_by_day(stored), _currencies_by_day(delivered)
    known = sorted({*had, *given})
    day_before = dict(zip(known[1:], known, strict=False))
    for day, currencies in given.items():
        compared = day if day in had else day_before.get(day, day)
        if compared in had:
            yield from (Lost(one, day, compared) for one in sorted(had[compared] - currencies))


def _currencies_by_day(rates: Iterable[Rate]) -> dict[date, set[str]]:
    found: defaultdict[date, set[str]] = defaultdict(set)
    for rate in rates:
        found[rate.rate_date].add(rate.currency)
    return dict(found)


def _new_jumps(delivered: list[Rate], stored: list[Rate], order: Order) -> list[Jump]:
    first = delivered[0].rate_date
    before = {rate.currency: rate for rate in stored if rate.rate_date < first}
    found = find_jumps([*before.values(), *delivered])
    jumps = [jump for jump in found if jump.name not in KNOWN_JUMPS | order.allow_jumps]
    stored_already = frozenset(stored) if jumps else frozenset()
    return [jump for jump in jumps if not {jump.old, jump.new} <= stored_already]


def find_jumps(rates: Iterable[Rate]) -> Iterator[Jump]:
    """Return the pairs of rates, next to each other in their currency, that are too far apart."""
    last: dict[str, Rate] = {}
    for new in rates:
        old = last.get(new.currency)
        if old and _is_jump(old, new):
            yield Jump(old, new)
        last[new.currency] = new


def _is_jump(old: Rate, new: Rate) -> bool:
    # Counting days is slow, and few rates move too far for a single one.
    return _moves_too_far(old, new, 1) and _moves_too_far(old, new, _days_between(old, new))


def _moves_too_far(old: Rate, new: Rate, days: int) -> bool:
    # In whole numbers, so exactly: above 6/5 or below 4/5 to the power of the days.
    before, after = (int(rate.usd_per_unit.scaleb(DECIMALS)) for rate in (old, new))
    return not before * 4**days <= after * 5**days <= before * 6**days


def _days_between(old: Rate, new: Rate) -> int:
    return len(publication_days(old.rate_date + timedelta(1), new.rate_date))


def _disorder(days: list[date]) -> list[str]:
    if not (ups := [pair for pair in pairwise(days) if pair[0] < pair[1]]):
        return []
    if not (downs := [pair for pair in pairwise(days) if pair[0] > pair[1]]):
        return []
    (up, later), (down, earlier) = ups[0], downs[0]
    return [f"the days are in no order: {later} follows {up}, and {earlier} follows {down}"]


def _days_to_come(days: list[date], today: date) -> list[str]:
    to_come = sorted(day for day in days if day > today)
    return [f"{len(to_come)} days are after today, {today}: up to {to_come[-1]}"] if to_come else []


def _named(found: Sequence[Jump | Lost]) -> list[str]:
    more = [f"and {len(found) - NAMED_MOST} more"] if len(found) > NAMED_MOST else []
    return [*(str(one) for one in found[:NAMED_MOST]), *more]


def _advice(jumps: list[Jump], lost: list[Lost], order: Order) -> str:
    allowed = {
        "allow_jumps": order.allow_jumps | {jump.name for jump in jumps[:NAMED_MOST]},
        "allow_missing": order.allow_missing | {one.name for one in lost[:NAMED_MOST]},
    }
    event = {"file": order.file, **{key: sorted(names) for key, names in allowed.items() if names}}
    return f"{NOTHING_WRITTEN}. If the file is right, call the function with {json.dumps(event)}"
