"""How each tool is started on a set of inputs, and where it leaves what it wrote."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.launcher import CORES

if TYPE_CHECKING:
    from datetime import date

    from benchmarks.data.write import Inputs
    from benchmarks.scenarios import Contestant

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "POLARS_MAX_THREADS": str(CORES),
    "OMP_NUM_THREADS": str(CORES),
    "PYTHONWARNINGS": "ignore",
}


def command_of(one: Contestant, inputs: Inputs, out: Path) -> list[str]:
    """The command of a contestant; it writes below `out`."""
    first, last = str(inputs.plan.scored[0]), str(inputs.plan.scored[-1])
    files = ["--transactions", str(inputs.transactions), "--customers", str(inputs.customers)]
    files += ["--blacklist", str(inputs.blacklist)]
    if one.tool == "fraudlake":
        dates = ["--batch-date", first] if first == last else ["--from", first, "--to", last]
        heap = ["--memory-mb", str(one.memory_mb)] if one.memory_mb else []
        score = [str(Path(sys.executable).with_name("fraudlake")), "score"]
        return [*score, *files, "--fx", str(inputs.fx_rates), "--out", str(out), *dates, *heap]
    module = f"benchmarks.peers.{one.tool}"
    dates = ["--from", first, "--to", last]
    peer = [sys.executable, "-m", module, *files]
    return [*peer, "--fx-rates", str(inputs.fx_rates), "--out", str(out), *dates]


def prepare_output(one: Contestant, out: Path, lake: Path | None) -> None:
    """An empty folder, or for a night of ours the lake with its committed history, as links."""
    shutil.rmtree(out, ignore_errors=True)
    if one.tool == "fraudlake" and lake is not None:
        shutil.copytree(lake, out, copy_function=os.link)
    else:
        out.mkdir(parents=True)


def scored_files(one: Contestant, out: Path, batches: list[date]) -> list[Path]:
    """The files of scored transactions of the batches."""
    folders = [out / "scored_transactions" / f"batch_date={day}" for day in batches]
    if one.tool == "fraudlake":
        folders = [folder for one in folders for folder in sorted(one.glob("run_id=*"))]
    return [file for folder in folders for file in sorted(folder.glob("*.parquet"))]


def written_bytes(out: Path, batches: list[date]) -> int:
    """The size of the five tables of the batches."""
    named = {f"batch_date={day}" for day in batches}
    return sum(
        file.stat().st_size
        for file in out.rglob("*.parquet")
        if named & set(file.relative_to(out).parts)
    )


def facts_of(one: Contestant, out: Path, batches: list[date]) -> dict[str, Any]:
    """What our manifests tell of the time: seconds a step, summed over the batches."""
    totals: dict[str, float] = {}
    if one.tool == "fraudlake":
        for day in batches:
            for file in (out / "runs" / f"batch_date={day}").glob("*.json"):
                for step, seconds in json.loads(file.read_text("utf-8"))["durations"].items():
                    totals[step] = round(totals.get(step, 0.0) + seconds, 3)
    return {"steps": totals} if totals else {}
