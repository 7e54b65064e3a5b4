"""A lake with committed runs of the clean days of a plan, computed in DuckDB.

It holds what a night reads: every manifest, `customer_risk` of every day, all tables of the last
days, the profile of the last. The other tables of older days are left out (their manifests name no
files for them), as if they had been moved to an archive. A test proves that a night on such a lake
gives the rows of a night on one that was scored day by day.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from benchmarks.history.manifests import ManifestWriter
from benchmarks.peers.duckdb_sql import DuckdbBatches
from benchmarks.peers.task import TABLES, Task
from fraudlake.runs import table_folder
from fraudlake.tables import CUSTOMER_PROFILE, CUSTOMER_RISK, scored_schema

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from benchmarks.data.write import Inputs
    from fraudlake.runs import Manifest

WHOLE_DAYS = 10  # more than windows, late rows and repeats can reach
_FOLDED_EVERY = 15  # days
_EXPECTED = {
    "scored_transactions": scored_schema().names,
    "customer_risk": CUSTOMER_RISK.names,
    "customer_profile": CUSTOMER_PROFILE.names,
}

Report = Callable[[str], None]


def build_lake(inputs: Inputs, lake: Path, report: Report) -> None:
    """Lay down the runs of the history of a plan below `lake`, unless they are there."""
    if lake.is_dir():
        return
    draft = lake.with_name(f".{lake.name}")
    shutil.rmtree(draft, ignore_errors=True)
    builder = LakeBuilder(inputs, draft)
    for at, day in enumerate(inputs.plan.history):
        report(f"history, {day}: day {at + 1} of {inputs.plan.history_days}")
        builder.add(day)
    draft.rename(lake)


@dataclass
class LakeBuilder:
    """The lake while it grows, a day at a time."""

    inputs: Inputs
    root: Path

    def __post_init__(self) -> None:
        """Open the database and the manifests."""
        days = self.inputs.plan.history
        self._days = days
        self._manifests = ManifestWriter(self.inputs, self.root)
        self._batches = DuckdbBatches.opened(_task(self.inputs, self.root))
        self._batches.set("rules_version", self._manifests.book.version)

    def add(self, day: date) -> Manifest:
        """Score a day and commit it."""
        self._batches.score(day)
        run_id = self._manifests.run_id(day)
        written = {table: self._written(table, day, run_id) for table in TABLES}
        if day.toordinal() % _FOLDED_EVERY == 0:
            self._batches.run("fold")
        return self._manifests.commit(day, self._batches.connection, written)

    def _written(self, table: str, day: date, run_id: str) -> dict[str, Any]:
        is_recent = day in self._days[-WHOLE_DAYS:]
        if not (table == "customer_risk" or is_recent):
            return {"rows": 0, "bytes": 0, "files": []}
        if table == "customer_profile":
            self._batches.run("profile")
        name = f"{table_folder(table, day, run_id)}/part-00000.zstd.parquet"
        path = self.root / name
        path.parent.mkdir(parents=True)
        self._batches.write(table, path)
        return {"rows": _checked_rows(table, path), "bytes": path.stat().st_size, "files": [name]}


def _checked_rows(table: str, path: Path) -> int:
    """The rows of a file; its columns must be those that fraudlake writes today."""
    metadata = pq.read_metadata(path)
    expected = _EXPECTED.get(table)
    found = set(metadata.schema.to_arrow_schema().names)
    if expected is not None and found != set(expected):
        raise ValueError(
            f"{table}: {sorted(found ^ set(expected))} differ; the bench is out of date"
        )
    return int(metadata.num_rows)


def _task(inputs: Inputs, out: Path) -> Task:
    return Task(
        transactions=inputs.transactions,
        customers=inputs.customers,
        blacklist=inputs.blacklist,
        fx_rates=inputs.fx_rates,
        out=out,
        first=inputs.plan.history[0],
        last=inputs.plan.history[-1],
    )
