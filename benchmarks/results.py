"""The results of a bench as plain data: written as JSON, read again for the report."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.measure import OVER_LIMIT, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Run:
    """One contestant, once. `differences` is None when its rows were not compared with ours."""

    contestant: str
    repeat: int
    usage: Usage
    output_bytes: int = 0
    rows_compared: int = 0
    differences: int | None = None
    first_differences: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the runs of a contestant come to."""

    contestant: str
    runs: list[Run]
    must_be_compared: bool

    @property
    def problem(self) -> str | None:
        """Why its times do not count; None when they do."""
        if not self.runs:
            return "it did not run"
        failed = [one.usage.failure for one in self.runs if one.usage.failure]
        if failed:
            return failed[0].splitlines()[0]
        if not self.must_be_compared:
            return None
        if any(one.differences is None for one in self.runs):
            return "its rows were not compared"
        worst = max(one.differences or 0 for one in self.runs)
        return f"{worst:,} rows differ" if worst else None

    @property
    def seconds(self) -> list[float]:
        """The wall time of each run that ended."""
        return [one.usage.seconds for one in self.runs if not one.usage.failure]

    @property
    def median(self) -> float | None:
        """The median wall time in seconds; None when its times do not count."""
        return statistics.median(self.seconds) if self.problem is None else None

    @property
    def stopped_after(self) -> float | None:
        """The seconds after which each of its runs was stopped; None when one ended by itself."""
        if not self.runs or any(one.usage.failure != OVER_LIMIT for one in self.runs):
            return None
        return min(one.usage.seconds for one in self.runs)


@dataclass(frozen=True, kw_only=True)
class ScenarioResult:
    """All runs of a scenario, and what they ran on."""

    scenario: str
    measured_at: str
    machine: dict[str, str]
    versions: dict[str, str]
    commit: str
    load_before: float
    rows: dict[str, int]
    compared: dict[str, bool]
    runs: list[Run]

    def standing(self, contestant: str) -> Standing:
        """One contestant's runs."""
        runs = [one for one in self.runs if one.contestant == contestant]
        return Standing(
            contestant=contestant, runs=runs, must_be_compared=self.compared[contestant]
        )

    def standings(self) -> list[Standing]:
        """Those that count, the fastest first; then the others."""
        every = [self.standing(name) for name in self.rows]
        return sorted(every, key=lambda one: (one.median is None, one.median or 0.0))


def write_results(path: Path, results: Iterable[ScenarioResult]) -> None:
    """Write one file for a run of the bench."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = [asdict(one) for one in results]
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def read_results(path: Path) -> list[ScenarioResult]:
    """Read such a file."""
    return [_result(one) for one in json.loads(path.read_text(encoding="utf-8"))]


def newest_results(folder: Path) -> dict[str, ScenarioResult]:
    """The newest result of each scenario among the files of a folder."""
    every = [one for path in sorted(folder.glob("*.json")) for one in read_results(path)]
    return {one.scenario: one for one in sorted(every, key=lambda one: one.measured_at)}


def _result(values: dict[str, Any]) -> ScenarioResult:
    runs = [Run(**{**one, "usage": Usage(**one["usage"])}) for one in values.pop("runs")]
    return ScenarioResult(**values, runs=runs)
