"""Write the inputs of a plan: days once into a pool, sets of days as links to them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.data.listed import blacklist_table
from benchmarks.data.people import Customers, customer_table
from benchmarks.data.rates import rate_table
from benchmarks.data.rows import clean_rows, transaction_table
from benchmarks.data.trouble import troubled_rows

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from benchmarks.data.plan import DataPlan

BYTES_A_ROW = 16  # of transactions as zstd Parquet, measured
BYTES_A_PERSON = 60
_ROWS_A_GROUP = 250_000

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Inputs:
    """The four tables of a plan below one folder."""

    root: Path
    plan: DataPlan

    @property
    def transactions(self) -> Path:
        """Partitions by ingest_date."""
        return self.root / "transactions"

    @property
    def customers(self) -> Path:
        """One file."""
        return self.root / "customers"

    @property
    def blacklist(self) -> Path:
        """One file."""
        return self.root / "blacklist"

    @property
    def fx_rates(self) -> Path:
        """One file."""
        return self.root / "fx_rates"


def ignore_progress(step: str, done: int, total: int) -> None:
    """Say nothing."""


def bytes_to_write(folder: Path, plan: DataPlan) -> int:
    """About how many bytes `write_inputs` would still write."""
    people = 0 if (folder / plan.name).is_dir() else plan.customers * BYTES_A_PERSON
    return len(_missing_days(folder, plan)) * plan.rows_a_day * BYTES_A_ROW + people


def write_inputs(folder: Path, plan: DataPlan, report: Report = ignore_progress) -> Inputs:
    """The inputs of a plan below `folder`; what is there already is taken as it is."""
    inputs = Inputs(folder / plan.name, plan)
    customers, missing = Customers(plan), _missing_days(folder, plan)
    for at, (kind, day) in enumerate(missing):
        report(f"transactions of {day}", at, len(missing))
        _write_day(folder / plan.pool_name, customers, kind, day)
    if not inputs.root.is_dir():
        _write_set(folder, inputs, _days_of(plan))
    return inputs


def _days_of(plan: DataPlan) -> list[tuple[str, date]]:
    return [
        *(("clean", day) for day in plan.history),
        *(("scored", day) for day in plan.scored),
    ]


def _missing_days(folder: Path, plan: DataPlan) -> list[tuple[str, date]]:
    pool = folder / plan.pool_name
    return [(kind, day) for kind, day in _days_of(plan) if not (pool / kind / str(day)).is_dir()]


def _write_day(pool: Path, customers: Customers, kind: str, day: date) -> None:
    """Write the files of a day aside, then put them in place as a whole."""
    folder = pool / kind / str(day)
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    make_rows = clean_rows if kind == "clean" else troubled_rows
    for chunk in range(len(customers.plan.chunks)):
        rows = make_rows(customers, day, chunk)
        _write(draft / f"part-{chunk:04d}.parquet", transaction_table(customers, rows))
    draft.rename(folder)


def _write_set(folder: Path, inputs: Inputs, days: list[tuple[str, date]]) -> None:
    plan, draft = inputs.plan, folder / f".{inputs.plan.name}"
    shutil.rmtree(draft, ignore_errors=True)
    for kind, day in days:
        partition = draft / "transactions" / f"ingest_date={day}"
        partition.mkdir(parents=True)
        for file in sorted((folder / plan.pool_name / kind / str(day)).iterdir()):
            os.link(file, partition / file.name)
    people = customer_table(plan)
    _write(draft / "customers" / "customers.parquet", people)
    _write(draft / "blacklist" / "blacklist.parquet", blacklist_table(plan, people))
    _write(draft / "fx_rates" / "fx_rates.parquet", rate_table(plan))
    draft.rename(inputs.root)


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", row_group_size=_ROWS_A_GROUP)
