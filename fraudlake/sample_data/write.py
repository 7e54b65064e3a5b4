"""Write a whole sample: the four input tables and the truth about what was planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from fraudlake.sample_data.blacklist import make_blacklist, write_blacklist
from fraudlake.sample_data.cast import Roles, assign_roles
from fraudlake.sample_data.customers import make_customers, write_customers, write_text_table
from fraudlake.sample_data.labels import plant_all
from fraudlake.sample_data.ordinary import Spending, make_ordinary_day, make_spending
from fraudlake.sample_data.plan import SamplePlan, SampleSummary
from fraudlake.sample_data.rates import Rate, RateTable, make_rates
from fraudlake.sample_data.transactions import write_day_csv, write_day_parquet

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from fraudlake.sample_data.planted_row import PlantedRow

Progress = Callable[[str, int, int], None]
TruthRow = tuple[str, ...]

# Monday to Sunday: how busy a day is.
WEEKDAY_WEIGHTS = (0.97, 0.98, 1.0, 1.03, 1.1, 1.04, 0.88)
RATE_COLUMNS = ("rate_date", "currency", "usd_per_unit")
TRUTH_COLUMNS = (
    "ingest_date",
    "file",
    "line",
    "transaction_id",
    "customer_id",
    "label",
    "expected_rules",
    "forbidden_rules",
    "expected_reasons",
)


@dataclass(frozen=True)
class _World:
    """What every day of the sample shares."""

    plan: SamplePlan
    rates: RateTable
    spending: Spending
    planted: dict[date, list[PlantedRow]]


def ignore_progress(step: str, done: int, total: int) -> None:
    """Say nothing."""


def write_sample_data(
    out: Path, plan: SamplePlan, progress: Progress = ignore_progress
) -> SampleSummary:
    """Write the sample below `out` and return what it holds.

    Writes `transactions/ingest_date=*/part-0000.<format>`, `customers/snapshot_date=*/`,
    `blacklist/snapshot_date=*/`, `fx_rates/fx_rates_<year>.csv` and `truth/planted.csv`, whose
    expectations hold when the dates are scored in order. Files of the same names are replaced.
    `progress(step, done, total)` is called after the reference tables and after each day.
    """
    roles, rates = assign_roles(plan), make_rates(plan)
    rows = {"fx_rates": _write_rates(out, rates), **_write_people(out, plan, roles)}
    progress("reference tables", 1, 1)
    planted = plant_all(plan, roles.cast, rates)
    world = _World(plan, rates, make_spending(plan, roles), planted)
    truth, rows["transactions"] = _write_days(out, world, progress)
    write_text_table(out / "truth" / "planted.csv", TRUTH_COLUMNS, truth)
    rows["truth"] = len(truth)
    return SampleSummary(rows, _measure(out, rows), _count_labels(planted))


def _write_rates(out: Path, rates: RateTable) -> int:
    for year, group in groupby(rates.rates, key=lambda rate: rate.rate_date.year):
        path = out / "fx_rates" / f"fx_rates_{year}.csv"
        write_text_table(path, RATE_COLUMNS, (_rate_row(rate) for rate in group))
    return len(rates.rates)


def _rate_row(rate: Rate) -> tuple[str, ...]:
    return str(rate.rate_date), rate.currency, str(rate.usd_per_unit)


def _write_people(out: Path, plan: SamplePlan, roles: Roles) -> dict[str, int]:
    folder = f"snapshot_date={plan.first_date}"
    people = make_customers(plan, roles)
    entries = make_blacklist(plan, people, roles)
    customers = write_customers(plan, people, out / "customers" / folder / "customers.csv")
    listed = write_blacklist(entries, out / "blacklist" / folder / "blacklist.csv")
    return {"customers": customers, "blacklist": listed}


def _write_days(out: Path, world: _World, progress: Progress) -> tuple[list[TruthRow], int]:
    truth: list[TruthRow] = []
    sizes = _day_sizes(world)
    for index, size in enumerate(sizes):
        truth += _write_day(out, world, index, size)
        progress("transactions", index + 1, len(sizes))
    return truth, sum(sizes) + sum(map(len, world.planted.values()))


def _day_sizes(world: _World) -> list[int]:
    """Ordinary rows per day: the day's part of all rows, less what is planted."""
    dates = world.plan.dates
    weights = np.array([WEEKDAY_WEIGHTS[day.weekday()] for day in dates])
    total = world.plan.transactions - sum(map(len, world.planted.values()))
    edges = np.rint(np.cumsum(weights) / weights.sum() * total).astype(int).tolist()
    return [upper - lower for lower, upper in zip([0, *edges], edges, strict=False)]


def _write_day(out: Path, world: _World, index: int, size: int) -> list[TruthRow]:
    day, plan = world.plan.dates[index], world.plan
    name = f"transactions/ingest_date={day}/part-0000.{plan.format}"
    ordinary = make_ordinary_day(plan, index, size, world.spending, world.rates)
    planted = world.planted[day]
    write = write_day_csv if plan.format == "csv" else write_day_parquet
    lines = write(out / name, day, ordinary, planted)
    rows = sorted(zip(lines, planted, strict=True), key=lambda pair: pair[0])
    return [_truth_row(name, line, row) for line, row in rows]


def _truth_row(name: str, line: int, row: PlantedRow) -> TruthRow:
    groups = (row.expected_rules, row.forbidden_rules, row.expected_reasons)
    ids = (row.transaction_id, row.customer_id, row.label)
    return (str(row.ingest_date), name, str(line), *ids, *("|".join(group) for group in groups))


def _measure(out: Path, tables: dict[str, int]) -> dict[str, int]:
    return {
        table: sum(file.stat().st_size for file in (out / table).rglob("*") if file.is_file())
        for table in tables
    }


def _count_labels(planted: dict[date, list[PlantedRow]]) -> dict[str, int]:
    counts = Counter(row.label for rows in planted.values() for row in rows)
    return dict(sorted(counts.items()))
