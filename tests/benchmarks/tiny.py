"""A tiny plan whose history stands where baselines begin, end, and just before the first batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from benchmarks.data.plan import DataPlan
from benchmarks.peers.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.data.write import Inputs

FIRST = date(2025, 6, 2)
DAYS_BEHIND = (90, 1)


@dataclass(frozen=True, kw_only=True)
class SparsePlan(DataPlan):
    """A plan with two days of history only, far apart."""

    @property
    def history(self) -> list[date]:
        return [self.first_scored - timedelta(days=days) for days in DAYS_BEHIND]


TINY = SparsePlan(
    rows_a_day=2_000, history_days=2, scored_days=2, first_scored=FIRST, customers=400, entries=80
)


def task(inputs: Inputs, out: Path, last: date = FIRST) -> Task:
    """What a peer is asked: the batches from the first scored day to `last`."""
    return Task(
        transactions=inputs.transactions,
        customers=inputs.customers,
        blacklist=inputs.blacklist,
        fx_rates=inputs.fx_rates,
        out=out,
        first=FIRST,
        last=last,
    )
