"""Inputs that are too old to score by: a blacklist or rates that nobody has brought up to date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fraudlake.errors import InputError
from glue_jobs.order import ALLOW_STALE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from fraudlake.sources import Sources


@dataclass(frozen=True)
class MaxAge:
    """The days by which a batch's blacklist snapshot, and its newest rate, may be older than it."""

    blacklist: int
    rates: int


def check_fresh(sources: Sources, dates: Sequence[date], most: MaxAge) -> None:
    """Raise InputError naming each batch whose blacklist or rates are older than allowed."""
    rate_dates = _rate_dates(sources)
    problems = [
        problem
        for batch in dates
        for problem in _stale(batch, sources.blacklist.newest_until(batch), rate_dates, most)
    ]
    if problems:
        advice = (
            "bring the rates up to date; a blacklist of an earlier night cannot come any more: "
            f"score these dates by the rerun workflow with from, to and {ALLOW_STALE} = true"
        )
        raise InputError([*problems, advice])


def _stale(
    batch: date, snapshot: date | None, rate_dates: Sequence[date], most: MaxAge
) -> Iterator[str]:
    if snapshot is not None and (batch - snapshot).days > most.blacklist:
        yield (
            f"blacklist: the newest snapshot for batch {batch} is of {snapshot}, more than "
            f"{most.blacklist} days before"
        )
    newest = max((day for day in rate_dates if day <= batch), default=None)
    if newest is None or (batch - newest).days > most.rates:
        found = f"of {newest}" if newest else "none of the last weeks"
        yield (
            f"fx_rates: the newest rate for batch {batch} is {found}, more than {most.rates} days "
            "before"
        )


def _rate_dates(sources: Sources) -> list[date]:
    found = sources.fx_rates.rates.rates.select("rate_date").distinct().collect()
    return [row["rate_date"] for row in found]
