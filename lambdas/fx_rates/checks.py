"""What must hold of delivered rates before any is stored: days in order, and no sudden jumps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby, islice, pairwise
from typing import TYPE_CHECKING

from fraudlake.ecb import DECIMALS, Rate
from fraudlake.errors import InputError
from lambdas.fx_rates.target_days import publication_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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


def refuse_jumps(delivered: list[Rate], stored: list[Rate], order: Order) -> None:
    """Check that no rate moves over 20 % a publication day, from the newest stored ones on.

    Where a currency has no rate for some publication days, as much again is let pass for each
    of them. Passed over are `KNOWN_JUMPS`, those the order allows, and those stored already.

    Args:
        delivered: the rates of the file, sorted.
        stored: the rates there are before and in the years of the file, sorted.
        order: names the jumps that are let pass.

    Raises:
        InputError: names every jump, and how to let it pass.
    """
    first = delivered[0].rate_date
    before = {rate.currency: rate for rate in stored if rate.rate_date < first}
    found = find_jumps([*before.values(), *delivered])
    jumps = [jump for jump in found if jump.name not in KNOWN_JUMPS | order.allow_jumps]
    stored_already = frozenset(stored) if jumps else frozenset()
    if new := [jump for jump in jumps if not {jump.old, jump.new} <= stored_already]:
        raise InputError(_jump_problems(new, order))


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


def _jump_problems(jumps: list[Jump], order: Order) -> list[str]:
    named = [str(jump) for jump in islice(jumps, NAMED_MOST)]
    more = [f"and {len(jumps) - NAMED_MOST} more"] if len(jumps) > NAMED_MOST else []
    names = sorted(order.allow_jumps | {jump.name for jump in islice(jumps, NAMED_MOST)})
    event = json.dumps({"file": order.file, "allow_jumps": names})
    advice = f"{NOTHING_WRITTEN}. If these rates are right, call the function with {event}"
    return [*named, *more, advice]
