"""The task in DuckDB: one group-by over the history, then a batch at a time in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks.peers.task import TABLES, Task, task_of_arguments

if TYPE_CHECKING:
    from datetime import date

_SQL = Path(__file__).with_name("sql")
_OUTPUTS = {"scored_transactions": "SELECT * EXCLUDE (cents) FROM scored"}


@dataclass
class DuckdbBatches:
    """A database in memory that scores one batch after the other."""

    task: Task
    connection: duckdb.DuckDBPyConnection
    previous: date | None

    @classmethod
    def opened(cls, task: Task) -> DuckdbBatches:
        """Read rates, people and the history before the first batch."""
        batches = cls(task, duckdb.connect(), task.history[-1] if task.history else None)
        for name, folder in (
            ("fx_files", task.fx_rates),
            ("customer_files", task.customers),
            ("blacklist_files", task.blacklist),
        ):
            batches.set(name, [str(one) for one in sorted(folder.rglob("*.parquet"))])
        batches.set("rules_version", "default")
        batches.set("first", str(task.first))
        batches.set("last", str(task.last))
        batches.set("history_files", task.files_of(task.history))
        batches.run("setup", "people", "history" if task.history else "no_history")
        return batches

    def score(self, batch: date) -> None:
        """Compute all tables of a batch but the profile, and remember what later ones need."""
        self.set("batch", str(batch))
        self.set("previous", None if self.previous is None else str(self.previous))
        self.set("batch_files", self.task.files_of([batch]))
        self.run("cleanse", "score", "summarise")
        self.previous = batch

    def write(self, table: str, path: Path) -> None:
        """Write a table of the batch that was scored last."""
        rows = self.connection.sql(_OUTPUTS.get(table, f"FROM {table}"))
        rows.write_parquet(str(path), compression="zstd")

    def set(self, name: str, value: str | list[str] | None) -> None:
        """Set a variable that the SQL reads."""
        self.connection.execute(f"SET VARIABLE {name} = $value", {"value": value})

    def run(self, *names: str) -> None:
        """Run files of SQL."""
        for name in names:
            self.connection.execute((_SQL / f"{name}.sql").read_text(encoding="utf-8"))


def run(task: Task) -> None:
    """Score every batch of the task and write its five tables."""
    batches = DuckdbBatches.opened(task)
    for batch in task.batches:
        batches.score(batch)
        batches.run("profile")
        for table in TABLES:
            batches.write(table, task.output(table, batch))


if __name__ == "__main__":
    run(task_of_arguments())
