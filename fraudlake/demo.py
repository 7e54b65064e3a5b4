"""The demo: sample data, scored day by day, and what an analyst would look at first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from fraudlake.local_run import LocalRun, score_locally
from fraudlake.sample_data import SamplePlan, write_sample_data
from fraudlake.screen import counting, err, out, print_result, print_top_risks
from fraudlake.sources import InputPaths

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.runs import Manifest

_FIRST_DATE = date(2025, 1, 6)
_TOP = 8


def run_demo(
    folder: Path, *, transactions: int, days: int, master: str, memory_mb: int | None
) -> None:
    """Make sample data below `folder` unless it is there, score it, and print what was found."""
    plan = SamplePlan(transactions=transactions, customers=2_000, days=days, first_date=_FIRST_DATE)
    samples = folder / f"input-{transactions}-{days}"
    _write_once(samples, plan)
    paths = InputPaths(
        transactions=samples / "transactions",
        customers=samples / "customers",
        blacklist=samples / "blacklist",
        fx_rates=samples / "fx_rates",
    )
    lake = folder / f"lake-{transactions}-{days}"
    run = LocalRun(paths=paths, out=lake, master=master, memory_mb=memory_mb)
    last = _FIRST_DATE + timedelta(days=days - 1)
    result = score_locally(run, _FIRST_DATE, last, is_backfill=True)
    out().print(f"The riskiest of {last}, one for each set of reasons", style="bold")
    print_top_risks(top_risks(lake, result.manifests[-1]))
    print_result(result, lake, as_json=False)
    out().print(f"The truth of the planted rows: {samples}/truth/planted.csv", soft_wrap=True)
    out().print("Next: fraudlake rules show, fraudlake score --help", highlight=False)


def top_risks(lake: Path, manifest: Manifest) -> list[dict[str, Any]]:
    """The transactions of a run that rank highest, one for each set of reasons, riskiest first."""
    columns = [
        "transaction_id",
        "customer_id",
        "amount_usd",
        "risk_score",
        "risk_rank",
        "risk_reasons",
        "evidence",
    ]
    files = manifest.outputs["scored_transactions"]["files"]
    rows = [
        row for name in files for row in pq.read_table(lake / name, columns=columns).to_pylist()
    ]
    ranked = sorted(rows, key=lambda row: (row["risk_rank"], row["transaction_id"]))
    highest = {tuple(row["risk_reasons"]): row for row in ranked if row["risk_reasons"]}
    return sorted(highest.values(), key=lambda row: -row["risk_rank"])[:_TOP]


def _write_once(samples: Path, plan: SamplePlan) -> None:
    """Sample data has the same bytes each time, so what is complete is left alone."""
    marker = samples / "complete"
    if marker.exists():
        return
    err().print(f"writing sample data to {samples}", highlight=False, soft_wrap=True)
    with counting() as progress:
        write_sample_data(samples, plan, progress)
    marker.touch()
