"""The times of every scenario as a picture: PNG, and an SVG whose bytes depend on them alone."""

# mypy: disable-error-code="import-not-found,unused-ignore"
from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.scenarios import SCENARIOS, TITLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

    from benchmarks.results import ScenarioResult, Standing

_COLOURS = {
    "fraudlake": "#0b6e4f",
    "fuzzy": "#0b6e4f",
    "spark_floor": "#b8b8b8",
    "naive_spark": "#c8553d",
    "duckdb_sql": "#e0a526",
    "polars_frames": "#4a7fb5",
    "pandas_frames": "#7b5ea7",
}
_BAR_INCHES, _MARGIN_INCHES, _WIDTH_INCHES = 0.34, 0.9, 8.0


def draw_results(results: Mapping[str, ScenarioResult], stem: Path) -> list[Path]:
    """Draw the medians, with the spread as a line, to `stem`.svg and `stem`.png."""
    from matplotlib import rc_context  # noqa: PLC0415 - of requirements-bench.txt
    from matplotlib.figure import Figure  # noqa: PLC0415

    shown = {name: _counted(results[name]) for name in SCENARIOS if name in results}
    shown = {name: bars for name, bars in shown.items() if bars}
    if not shown:
        return []
    heights = [len(bars) * _BAR_INCHES + _MARGIN_INCHES for bars in shown.values()]
    with rc_context({"svg.hashsalt": "fraudlake", "font.size": 9}):
        figure = Figure(figsize=(_WIDTH_INCHES, sum(heights)), layout="constrained")
        panels = figure.subplots(len(shown), 1, squeeze=False, height_ratios=heights)[:, 0]
        for panel, (name, bars) in zip(panels, shown.items(), strict=True):
            _draw_panel(panel, name, bars)
        paths = [stem.with_suffix(".svg"), stem.with_suffix(".png")]
        figure.savefig(paths[0], metadata={"Date": None})
        figure.savefig(paths[1], dpi=120, metadata={"Software": None})
    return paths


def _counted(result: ScenarioResult) -> list[Standing]:
    """The slowest first, because bars are drawn from below."""
    return [one for one in reversed(result.standings()) if one.median is not None]


def _draw_panel(panel: Axes, name: str, bars: list[Standing]) -> None:
    tools = {one.name: one.tool for one in SCENARIOS[name].contestants}
    labels = [_label(one.contestant, TITLES[tools[one.contestant]], tools) for one in bars]
    medians = [one.median or 0.0 for one in bars]
    spread = [
        [median - min(one.seconds) for median, one in zip(medians, bars, strict=True)],
        [max(one.seconds) - median for median, one in zip(medians, bars, strict=True)],
    ]
    colours = [_COLOURS[tools[one.contestant]] for one in bars]
    panel.barh(labels, medians, xerr=spread, color=colours, ecolor="#333333", height=0.7)
    for at, median in enumerate(medians):
        panel.text(median, at + 0.2, f" {median:.1f} s", va="center", fontsize=8)
    panel.set_title(SCENARIOS[name].title, loc="left", fontsize=10)
    panel.set_xlim(0, max(medians) * 1.18)
    panel.spines[["top", "right"]].set_visible(False)


def _label(contestant: str, title: str, tools: Mapping[str, str]) -> str:
    if contestant == tools[contestant]:
        return title
    return f"{title} ({contestant.partition('-')[2]})"
