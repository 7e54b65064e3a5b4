"""What every peer is asked to do, and where it finds and leaves files."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

THREADS = 2
TABLES = (
    "scored_transactions",
    "quarantine",
    "flagged_customers",
    "customer_risk",
    "customer_profile",
)
PARTITION = "ingest_date="


@dataclass(frozen=True, kw_only=True)
class Task:
    """Score the batches from `first` to `last`; earlier partitions hold what was accepted."""

    transactions: Path
    customers: Path
    blacklist: Path
    fx_rates: Path
    out: Path
    first: date
    last: date

    @property
    def batches(self) -> list[date]:
        """The dates to score, oldest first."""
        return [day for day in self._dates() if self.first <= day <= self.last]

    @property
    def history(self) -> list[date]:
        """The dates before them, oldest first."""
        return [day for day in self._dates() if day < self.first]

    def files_of(self, days: list[date]) -> list[str]:
        """The files of these partitions."""
        folders = (self.transactions / f"{PARTITION}{day}" for day in days)
        return [str(file) for folder in folders for file in sorted(folder.glob("*.parquet"))]

    def output(self, table: str, batch: date) -> Path:
        """The file for a table of a batch; its folder is made."""
        folder = self.out / table / f"batch_date={batch}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / "part-0000.parquet"

    def _dates(self) -> list[date]:
        names = (one.name for one in self.transactions.iterdir() if one.name.startswith(PARTITION))
        return sorted(date.fromisoformat(name.removeprefix(PARTITION)) for name in names)


def task_of_arguments(arguments: list[str] | None = None) -> Task:
    """The task that a command line names."""
    parser = argparse.ArgumentParser()
    for name in ("transactions", "customers", "blacklist", "fx-rates", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
    return Task(**vars(parser.parse_args(arguments)))
