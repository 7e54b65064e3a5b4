"""Runs a scenario: makes its inputs once, then its contestants in turn, and compares their rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.compare import Comparison, compare_scores
from benchmarks.data.write import Inputs, bytes_to_write, write_inputs
from benchmarks.history.lake import build_lake
from benchmarks.measure import Usage, measured
from benchmarks.recall import compare_with_all_pairs
from benchmarks.results import Run, ScenarioResult
from benchmarks.scenarios import NOT_COMPARED
from benchmarks.tools import (
    ENVIRONMENT,
    command_of,
    facts_of,
    prepare_output,
    scored_files,
    written_bytes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.data.plan import DataPlan
    from benchmarks.scenarios import Contestant, Scenario

_LAKE_BYTES_A_CUSTOMER = 28  # and day: customer_risk as zstd Parquet, measured

Report = Callable[[str], None]
Measure = Callable[..., Usage]


@dataclass
class Bench:
    """A folder with inputs, lakes and outputs, and what runs in it."""

    folder: Path
    report: Report
    measure: Measure = measured
    _inputs: dict[str, Inputs] = field(default_factory=dict)
    _reference: dict[str, list[Path]] = field(default_factory=dict)

    def run(self, scenario: Scenario, repeats: int, limit_seconds: float) -> ScenarioResult:
        """Run every contestant `repeats` times, in turn, each time in another order.

        Ours goes first of all: its rows are what the others are compared with.
        """
        self._reference.clear()
        for one in scenario.contestants:
            self.prepare(one.data)
        load = machine.load_average()
        runs = [
            self._run(one, repeat, limit_seconds)
            for repeat in range(repeats)
            for one in _turned(scenario.contestants, repeat)
        ]
        shutil.rmtree(self._work, ignore_errors=True)
        return ScenarioResult(
            scenario=scenario.name,
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            machine=machine.machine_facts(),
            versions=machine.versions(),
            commit=machine.commit(),
            load_before=load,
            rows={one.name: one.data.rows for one in scenario.contestants},
            compared={one.name: one.tool not in NOT_COMPARED for one in scenario.contestants},
            runs=runs,
        )

    def prepare(self, plan: DataPlan) -> Inputs:
        """Make the inputs of a plan, and the lake of its history, unless they are there."""
        if plan.name not in self._inputs:
            self._check_space(plan)
            inputs = write_inputs(self.folder, plan, lambda step, *_: self.report(step))
            if plan.history_days:
                build_lake(inputs, self._lake(plan), self.report)
            self._inputs[plan.name] = inputs
        return self._inputs[plan.name]

    @property
    def _work(self) -> Path:
        return self.folder / "work"

    def _lake(self, plan: DataPlan) -> Path:
        return self.folder / "lakes" / plan.name

    def _check_space(self, plan: DataPlan) -> None:
        """Say what will be written, and refuse when it does not fit."""
        self.folder.mkdir(parents=True, exist_ok=True)
        needed = bytes_to_write(self.folder, plan)
        if not self._lake(plan).is_dir():
            needed += plan.history_days * plan.customers * _LAKE_BYTES_A_CUSTOMER
        free = shutil.disk_usage(self.folder).free
        if needed:
            self.report(
                f"{plan.name}: making inputs, about {needed / 1e9:.1f} GB (and as much again while "
                f"scoring); {free / 1e9:.0f} GB are free"
            )
        if 2 * needed > free:
            have = f"{self.folder} has {free / 1e9:.0f} GB free"
            raise OSError(f"{have}, {2 * needed / 1e9:.0f} GB are needed; name another --folder")

    def _run(self, one: Contestant, repeat: int, limit_seconds: float) -> Run:
        inputs = self.prepare(one.data)
        out = self._work / f"{one.name}-{repeat}"
        prepare_output(one, out, self._lake(one.data) if one.data.history_days else None)
        self.report(f"{one.name}, run {repeat + 1}")
        usage = self.measure(
            command_of(one, inputs, out), self._work / "said", limit_seconds, ENVIRONMENT
        )
        self.report(_told(one, usage))
        run = self._judged(one, repeat, usage, out)
        if scored_files(one, out, one.data.scored) != self._reference.get(one.data.name):
            shutil.rmtree(out, ignore_errors=True)
        return run

    def _judged(self, one: Contestant, repeat: int, usage: Usage, out: Path) -> Run:
        if usage.failure:
            return Run(contestant=one.name, repeat=repeat, usage=usage)
        batches = one.data.scored
        compared = self._compared(one, out)
        if compared and not compared.is_equal:
            self.report(f"{one.name}: {compared.differences:,} rows differ from ours")
            for difference in compared.first:
                self.report(f"  {difference}")
        return Run(
            contestant=one.name,
            repeat=repeat,
            usage=usage,
            output_bytes=written_bytes(out, batches),
            rows_compared=compared.rows if compared else 0,
            differences=compared.differences if compared else None,
            first_differences=[str(row) for row in compared.first] if compared else [],
            facts=facts_of(one, out, batches),
        )

    def _compared(self, one: Contestant, out: Path) -> Comparison | None:
        """The comparison with the first run of ours on the same inputs, or with all pairs."""
        if one.tool in NOT_COMPARED:
            return None
        if one.tool == "fuzzy":
            return compare_with_all_pairs(self.prepare(one.data), out)
        files = scored_files(one, out, one.data.scored)
        if one.tool == "fraudlake":
            self._reference.setdefault(one.data.name, files)
        ours = self._reference.get(one.data.name)
        return compare_scores(ours, files) if ours else None


def _turned(contestants: tuple[Contestant, ...], repeat: int) -> tuple[Contestant, ...]:
    at = repeat % len(contestants)
    return contestants[at:] + contestants[:at]


def _told(one: Contestant, usage: Usage) -> str:
    if usage.failure:
        return f"{one.name}: {usage.failure}"
    return f"{one.name}: {usage.seconds:.1f} s, {usage.peak_memory / 2**20:,.0f} MiB"
