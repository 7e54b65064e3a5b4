"""Inputs that are too old to score by: a blacklist or rates that nobody has brought up to date.

Batches are scored in the order of their dates, so one that may not be scored holds up all after it.
What a person can do about that is told as the command to type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fraudlake.errors import InputError
from glue_jobs.order import ALLOW_STALE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from fraudlake.files import TableFiles
    from fraudlake.sources import Sources


@dataclass(frozen=True)
class MaxAge:
    """The days by which a batch's blacklist snapshot, and its newest rate, may be older than it."""

    blacklist: int
    rates: int


@dataclass(frozen=True)
class Freshness:
    """How old inputs may be; `prefix` begins the names of the workflows and functions."""

    most: MaxAge
    prefix: str

    def fresh_until(self, blacklist: TableFiles, dates: Sequence[date]) -> tuple[date, ...]:
        """The dates before the first whose blacklist is too old; names of folders tell that."""
        stale = self._stale_snapshots(blacklist, dates)
        return tuple(day for day in dates if not stale or day < min(stale))

    def check_blacklist(self, blacklist: TableFiles, dates: Sequence[date]) -> None:
        """Raise InputError naming each batch whose blacklist is too old, and the way on."""
        stale = self._stale_snapshots(blacklist, dates)
        if not stale:
            return
        problems = [
            f"blacklist: the newest snapshot for batch {batch} is of {snapshot}, more than "
            f"{self.most.blacklist} days before"
            for batch, snapshot in stale.items()
        ]
        raise InputError([*problems, self._advice_on_blacklist(min(stale), dates[-1])])

    def check_rates(self, sources: Sources, dates: Sequence[date]) -> None:
        """Raise InputError naming each batch whose newest rate is too old, and the way on."""
        problems = [*self._rate_problems(_rate_dates(sources), dates)]
        if problems:
            raise InputError([*problems, self._advice_on_rates(dates)])

    def _stale_snapshots(self, blacklist: TableFiles, dates: Sequence[date]) -> dict[date, date]:
        """The snapshot of each batch for which it is too old."""
        found = {batch: blacklist.newest_until(batch) for batch in dates}
        return {
            batch: day
            for batch, day in found.items()
            if day is not None and (batch - day).days > self.most.blacklist
        }

    def _rate_problems(self, rate_dates: Iterable[date], dates: Sequence[date]) -> Iterator[str]:
        for batch in dates:
            newest = max((day for day in rate_dates if day <= batch), default=None)
            if newest is None or (batch - newest).days > self.most.rates:
                found = f"of {newest}" if newest else "none of the last weeks"
                yield (
                    f"fx_rates: the newest rate for batch {batch} is {found}, more than "
                    f"{self.most.rates} days before"
                )

    def _advice_on_blacklist(self, first: date, last: date) -> str:
        return (
            f"a list of an earlier day cannot come any more, and every batch from {first} on waits "
            "for that one, for batches are scored in the order of their dates; score them with the "
            f"lists that are there: {self._rerun(first, last)}"
        )

    def _advice_on_rates(self, dates: Sequence[date]) -> str:
        return (
            f"fetch the rates: aws lambda invoke --function-name {self.prefix}-fx-rates "
            '--cli-binary-format raw-in-base64-out --payload \'{"file": "history"}\' '
            "--cli-read-timeout 320 answer.json; then run the workflow again. To score them "
            f"without: {self._rerun(dates[0], dates[-1])}"
        )

    def _rerun(self, first: date, last: date) -> str:
        return (
            f"aws glue start-workflow-run --name {self.prefix}-rerun "
            f"--run-properties from={first},to={last},{ALLOW_STALE}=true"
        )


def _rate_dates(sources: Sources) -> set[date]:
    return {one.rate_date for one in sources.fx_rates.rates.rates if one.rate_date}
