"""Results as tables: on the screen, and between the markers of docs/performance.md."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmarks.scenarios import SCENARIOS, TARGETS, TITLES, Contestant, Scenario, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from benchmarks.results import Run, ScenarioResult, Standing

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
_BUSY = 0.5  # load before a run over which its times are doubtful


def report_text(results: Mapping[str, ScenarioResult], picture: str | None = None) -> str:
    """The targets, then a table for each scenario, in Markdown.

    With a `picture`, a file to show, it is the whole report: targets not measured stand in it too.
    """
    targets = [one for one in TARGETS if picture or one.scenario in results]
    parts = [_targets_table(targets, results)] if targets else []
    if picture:
        parts.append(f"![Times of fraudlake and its peers]({picture})")
    parts += [
        _scenario_text(SCENARIOS[name], results[name]) for name in SCENARIOS if name in results
    ]
    return "\n\n".join(parts)


def write_report(document: Path, text: str) -> None:
    """Put the text between the markers of a document. Raises ValueError when they are not there."""
    before, begin, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document} has no {BEGIN} and {END}; put them where the tables belong")
    document.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def measured_target(target: Target, result: ScenarioResult) -> float | None:
    """The ratio or the seconds that a target limits; None when a time of it does not count."""
    above = _time(target, target.above, result)
    if target.below is None or above is None:
        return above
    below = _time(target, target.below, result)
    return above / below if below else None


def _time(target: Target, contestant: str, result: ScenarioResult) -> float | None:
    if contestant not in result.rows:
        return None
    median = result.standing(contestant).median
    if median is None or not target.is_per_row:
        return median
    return median / result.rows[contestant]


def _targets_table(targets: list[Target], results: Mapping[str, ScenarioResult]) -> str:
    rows = [
        [one.work, _formula(one), _limit(one), *_verdict(one, results.get(one.scenario))]
        for one in targets
    ]
    return _table(["Work", "Time of", "Target", "Measured", ""], rows)


def _formula(target: Target) -> str:
    scenario = SCENARIOS[target.scenario]
    names = [_label(scenario, name) for name in (target.above, target.below) if name]
    return " / ".join(names) + (", a row" if target.is_per_row else "")


def _limit(target: Target) -> str:
    unit = " s" if target.below is None else ""
    if target.at_least is not None:
        return f"at least {target.at_least:g}{unit}"
    return f"at most {target.at_most:g}{unit}"


def _verdict(target: Target, result: ScenarioResult | None) -> tuple[str, str]:
    if result is None or not _ran(target, result):
        return ("-", "not measured")
    measured = measured_target(target, result)
    if measured is None:
        least = _least(target, result)
        return (f"above {_rounded_down(least)}", "met") if least else ("-", "no time that counts")
    unit = " s" if target.below is None else ""
    return (f"{measured:.2f}{unit}", "met" if target.is_met(measured) else "**missed**")


def _rounded_down(ratio: float) -> str:
    return f"{math.floor(ratio * 100) / 100:.2f}"


def _least(target: Target, result: ScenarioResult) -> float | None:
    """What a ratio is at least, where that meets its target: `above` was stopped at its limit."""
    stopped = result.standing(target.above).stopped_after
    below = _time(target, target.below, result) if target.below else None
    if target.at_least is None or target.is_per_row or stopped is None or below is None:
        return None
    return stopped / below if target.is_met(stopped / below) else None


def _ran(target: Target, result: ScenarioResult) -> bool:
    """Whether all that a target compares was run, however it ended."""
    return {target.above, target.below} - {None} <= {one.contestant for one in result.runs}


def _scenario_text(scenario: Scenario, result: ScenarioResult) -> str:
    ours = _ours(scenario, result)
    rows = [_row(scenario, one, ours) for one in result.standings()]
    header = [
        "",
        "Median",
        "Spread",
        "Against ours",
        "Peak memory",
        "CPU",
        "Read",
        "Written",
        "Rows",
    ]
    return "\n\n".join(
        [f"### {scenario.title} (`{scenario.name}`)", _table(header, rows), _told_of(result)]
    )


def _ours(scenario: Scenario, result: ScenarioResult) -> float | None:
    """Our median; of several the one on the inputs that the others have too."""
    found = [
        one
        for one in result.standings()
        if _contestant(scenario, one.contestant).tool == "fraudlake"
    ]
    named = [one for one in found if one.contestant == "fraudlake"]
    return next((one.median for one in (*named, *found)), None)


def _row(scenario: Scenario, one: Standing, ours: float | None) -> list[str]:
    label, problem = _label(scenario, one.contestant), one.problem
    if not one.seconds:
        after = f", {one.stopped_after:.0f} s" if one.stopped_after else ""
        return [label, f"({problem}{after})", *["-"] * 7]
    ended = [run for run in one.runs if not run.usage.failure]
    ratio = f"{one.median / ours:.2f}" if one.median is not None and ours else "-"
    median = f"{one.median:.1f} s" if one.median is not None else "not ranked"
    return [
        label,
        median,
        f"{min(one.seconds):.1f} to {max(one.seconds):.1f} s",
        ratio,
        _mebibytes(max(run.usage.peak_memory for run in ended)),
        f"{max(run.usage.cpu_seconds for run in ended):.0f} s",
        _megabytes(max(run.usage.bytes_read for run in ended)),
        _megabytes(max(run.output_bytes for run in ended)),
        _same_rows(one, ended[-1]),
    ]


def _same_rows(one: Standing, last: Run) -> str:
    if not one.must_be_compared:
        return "not compared"
    return one.problem or f"{last.rows_compared:,} the same"


def _told_of(result: ScenarioResult) -> str:
    machine = result.machine
    used = ", ".join(f"{name} {number}" for name, number in result.versions.items())
    busy = (
        f" The machine was busy: load {result.load_before}." if result.load_before > _BUSY else ""
    )
    runs = max(run.repeat for run in result.runs) + 1
    return (
        f"{result.measured_at[:10]}, commit `{result.commit}`, {runs} "
        f"{'run' if runs == 1 else 'runs'} each; {machine['processor']}, {machine['cores']} cores "
        f"(2 used), {machine['memory']}; {used}.{busy}"
    )


def _contestant(scenario: Scenario, name: str) -> Contestant:
    return next(one for one in scenario.contestants if one.name == name)


def _label(scenario: Scenario, name: str) -> str:
    one = _contestant(scenario, name)
    title = TITLES[one.tool]
    return title if one.name == one.tool else f"{title} ({one.name.partition('-')[2]})"


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
