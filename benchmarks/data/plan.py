"""What a set of inputs holds: how many days, rows, customers and blacklist entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

ROWS_A_FILE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class DataPlan:
    """Days of transactions: `history_days` clean ones, then `scored_days` with all that goes wrong.

    A clean day has neither rejects nor repeats nor late rows: what was delivered is what was
    accepted. `skew` is the share of all rows that one customer owns, `unborn` the share of the
    blacklist's people whose birth date is not known.
    """

    rows_a_day: int
    scored_days: int = 1
    history_days: int = 0
    first_scored: date = date(2025, 6, 2)
    customers: int = 200_000
    entries: int = 1_000
    unborn: float = 0.05
    skew: float = 0.0
    seed: int = 7

    @property
    def history(self) -> list[date]:
        """The clean days, oldest first."""
        first = self.first_scored - timedelta(days=self.history_days)
        return [first + timedelta(days=at) for at in range(self.history_days)]

    @property
    def scored(self) -> list[date]:
        """The days to be scored, oldest first."""
        return [self.first_scored + timedelta(days=at) for at in range(self.scored_days)]

    @property
    def chunks(self) -> list[int]:
        """Rows of each file of a day before repeats are added: as even as can be."""
        files = -(-self.rows_a_day // ROWS_A_FILE)
        return [
            self.rows_a_day * (at + 1) // files - self.rows_a_day * at // files
            for at in range(files)
        ]

    @property
    def rows(self) -> int:
        """Rows of the scored days, without repeats."""
        return self.rows_a_day * self.scored_days

    @property
    def pool_name(self) -> str:
        """A name for what the bytes of a single day depend on."""
        skew = f"-skew{self.skew:g}" if self.skew else ""
        return f"days-{self.rows_a_day}x{self.customers}{skew}-seed{self.seed}"

    @property
    def name(self) -> str:
        """A name for the whole set."""
        days = f"{self.history_days}+{self.scored_days}"
        listed = f"{self.entries}e{self.unborn * 100:g}"
        return f"{self.pool_name}-{days}d-{listed}".removeprefix("days-")
