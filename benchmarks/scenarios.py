"""What is compared with what, and the targets: the only place where sizes and limits stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from benchmarks.data.plan import DataPlan

Tool = Literal[
    "fraudlake",
    "naive_spark",
    "duckdb_sql",
    "polars_frames",
    "pandas_frames",
    "spark_floor",
    "fuzzy",
]
TITLES: dict[Tool, str] = {
    "fraudlake": "fraudlake",
    "naive_spark": "naive PySpark",
    "duckdb_sql": "DuckDB",
    "polars_frames": "Polars",
    "pandas_frames": "pandas",
    "spark_floor": "Spark floor (no rules)",
    "fuzzy": "fraudlake's name matching",
}
NOT_COMPARED: tuple[Tool, ...] = ("spark_floor",)


@dataclass(frozen=True)
class Contestant:
    """A tool on a set of inputs; `name` is unique in its scenario. `memory_mb` is a Spark heap."""

    name: str
    tool: Tool
    data: DataPlan
    memory_mb: int | None = None


@dataclass(frozen=True)
class Scenario:
    """Contestants that run in turn on one machine, each in a process of its own."""

    name: str
    title: str
    contestants: tuple[Contestant, ...]
    repeats: int = 3
    limit_seconds: float = 1800


@dataclass(frozen=True)
class Target:
    """A limit on the time of one contestant divided by that of another, or on its seconds.

    `above` and `below` are contestants of the scenario; without `below` it is the seconds of
    `above`. Times are a row scored when `is_per_row`.
    """

    work: str
    scenario: str
    above: str
    below: str | None
    at_least: float | None = None
    at_most: float | None = None
    is_per_row: bool = False

    def is_met(self, measured: float) -> bool:
        """Whether a ratio, or a number of seconds, is within the limit."""
        if self.at_least is not None:
            return measured >= self.at_least
        return self.at_most is not None and measured <= self.at_most


NIGHT_90 = DataPlan(rows_a_day=1_000_000, history_days=90)
NIGHT_365 = replace(NIGHT_90, history_days=365)
NIGHT_30 = replace(NIGHT_90, history_days=30)
BACKFILL_10M = DataPlan(rows_a_day=1_428_572, scored_days=7)
BACKFILL_100M = DataPlan(rows_a_day=14_285_715, scored_days=7)
SKEW_10M = replace(BACKFILL_10M, skew=0.2)
FUZZY_1M = DataPlan(rows_a_day=1_000, customers=1_000_000, entries=15_000, unborn=1.0)
QUICK_NIGHT = DataPlan(rows_a_day=200_000, history_days=10, customers=50_000)
QUICK_BACKFILL = DataPlan(rows_a_day=142_858, scored_days=7, customers=50_000)
FRAMES: tuple[Tool, ...] = ("duckdb_sql", "polars_frames")
SMALL_HEAP_MB = 4096


def _each(data: DataPlan, *tools: Tool) -> tuple[Contestant, ...]:
    return tuple(Contestant(tool, tool, data) for tool in tools)


SCENARIOS = {
    one.name: one
    for one in (
        Scenario(
            "quick-night",
            "A night of 200 k rows, 10 days behind",
            _each(QUICK_NIGHT, "fraudlake", "naive_spark", *FRAMES, "pandas_frames"),
        ),
        Scenario(
            "quick-backfill",
            "A backfill of 1 M rows over 7 days",
            _each(
                QUICK_BACKFILL, "fraudlake", "spark_floor", "naive_spark", *FRAMES, "pandas_frames"
            ),
        ),
        Scenario(
            "night-30",
            "A night of 1 M rows, 30 days behind",
            _each(NIGHT_30, "fraudlake", "spark_floor", *FRAMES),
        ),
        Scenario(
            "night-90",
            "A night of 1 M rows, 90 days behind",
            _each(NIGHT_90, "fraudlake", "spark_floor", "naive_spark", *FRAMES),
            limit_seconds=3600,
        ),
        Scenario(
            "night-365",
            "A night of 1 M rows, 365 days behind",
            (
                *_each(NIGHT_365, "fraudlake", "spark_floor", *FRAMES),
                Contestant("fraudlake-30", "fraudlake", NIGHT_30),
            ),
        ),
        Scenario(
            "backfill-10m",
            "A backfill of 10 M rows over 7 days",
            _each(BACKFILL_10M, "fraudlake", "spark_floor", "naive_spark", *FRAMES),
            limit_seconds=3600,
        ),
        Scenario(
            "backfill-100m",
            "A backfill of 100 M rows over 7 days, 4 GB heap",
            (
                Contestant("fraudlake-100m", "fraudlake", BACKFILL_100M, SMALL_HEAP_MB),
                Contestant("fraudlake-10m", "fraudlake", BACKFILL_10M, SMALL_HEAP_MB),
            ),
            repeats=1,
            limit_seconds=7200,
        ),
        Scenario(
            "skew-10m",
            "A backfill of 10 M rows, one customer owning 20 % of them",
            (
                Contestant("fraudlake-skew", "fraudlake", SKEW_10M),
                Contestant("fraudlake", "fraudlake", BACKFILL_10M),
            ),
        ),
        Scenario(
            "fuzzy-1m",
            "1 M customers against a blacklist of 15 k entries",
            _each(FUZZY_1M, "fuzzy"),
        ),
    )
}
QUICK = ("quick-night", "quick-backfill")
FULL = tuple(name for name in SCENARIOS if name not in QUICK)

TARGETS = (
    Target("night, 90 days behind", "night-90", "naive_spark", "fraudlake", at_least=10),
    Target("night, 90 days behind", "night-90", "fraudlake", "duckdb_sql", at_most=1.5),
    Target("night, 90 days behind", "night-90", "fraudlake", "polars_frames", at_most=1.5),
    Target("night, 365 days behind", "night-365", "duckdb_sql", "fraudlake", at_least=2),
    Target("night, 365 days behind", "night-365", "polars_frames", "fraudlake", at_least=2),
    Target("365 days behind or 30", "night-365", "fraudlake", "fraudlake-30", at_most=1.1),
    Target("backfill of 10 M", "backfill-10m", "fraudlake", "spark_floor", at_most=1.4),
    Target("backfill of 10 M", "backfill-10m", "naive_spark", "fraudlake", at_least=2.5),
    Target("backfill of 10 M", "backfill-10m", "fraudlake", "duckdb_sql", at_most=1.3),
    Target(
        "100 M rows or 10 M, a row",
        "backfill-100m",
        "fraudlake-100m",
        "fraudlake-10m",
        at_most=1.2,
        is_per_row=True,
    ),
    Target("one customer with 20 %", "skew-10m", "fraudlake-skew", "fraudlake", at_most=1.25),
    Target("1 M names, 15 k entries", "fuzzy-1m", "fuzzy", None, at_most=60),
)
