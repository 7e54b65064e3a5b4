"""Scoring batches from folders to folders: read, run the core, write, check, commit."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from fraudlake.batches import Batches
from fraudlake.errors import InputError
from fraudlake.lake import Runs
from fraudlake.runs import Manifest, RunLog, new_run_id
from fraudlake.scoring_pass import ScoringPass
from fraudlake.session import SQL_CONF, remember_functions
from fraudlake.settings import MOST_BATCHES
from fraudlake.sources import InputPaths, Sources, open_sources
from fraudlake.steps import Progress, Steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

    from fraudlake.lake import Lake
    from fraudlake.rules.book import RuleBook


_PASS_BYTES = 2 << 30  # of plain text; with more, what is kept would not stay in memory
OpenSources = Callable[["SparkSession", "InputPaths", "RuleBook", date, date], "Sources"]


@dataclass(frozen=True, kw_only=True)
class ScoreRequest:
    """What to score: the inputs, the rules, and the batch dates from `first` to `last`.

    `is_backfill` tells a range of dates, in which a date without a partition is skipped, from
    one date asked for alone, where it is an error; `dates`, when named, are the only ones scored.
    `open` finds and checks the inputs; `workflow_run` is the run of a workflow that asks, for the
    manifests; `log` are the lake's committed runs when they are read already.
    """

    paths: InputPaths
    lake: Lake
    book: RuleBook
    first: date
    last: date
    is_backfill: bool
    dates: frozenset[date] | None = None
    open: OpenSources = open_sources
    workflow_run: str | None = None
    log: RunLog | None = None


@dataclass(frozen=True)
class ScoreResult:
    """The manifests of the runs that committed, in order, and the dates that had no partition."""

    manifests: list[Manifest]
    skipped: list[date]
    stale: list[Manifest] = field(default_factory=list)


def score(
    spark: SparkSession,
    request: ScoreRequest,
    report: Callable[[Progress], None] = lambda _: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    committed: Callable[[Manifest], None] = lambda _: None,
) -> ScoreResult:
    """Score every batch of the request, oldest first; each commits by itself, and is `committed`.

    Raises FraudlakeError when an input or a run cannot be trusted; batches before it stay
    committed, nothing of the failing one is.
    """
    for name, value in SQL_CONF.items():
        spark.conf.set(name, value)
    remember_functions(spark)
    log = request.log or request.lake.run_log()
    sources = request.open(spark, request.paths, request.book, request.first, request.last)
    dates, skipped = _batch_dates(sources, request)
    manifests: list[Manifest] = []
    for batches in together(dates, sources, log):
        ids = tuple(new_run_id(now(), secrets.token_hex(4)) for _ in batches.dates)
        at = Progress(batches.first, batches.last, len(manifests) + 1, len(dates))
        runs = Runs(batches, ids)
        steps = Steps(at, report)
        attempt = ScoringPass(sources, request.lake, log, runs, steps, now, request.workflow_run)
        for manifest in attempt.commits():
            committed(manifest)
            manifests.append(manifest)
            log = log.with_run(manifest)
    return ScoreResult(manifests, skipped, _stale(log, manifests))


def together(dates: list[date], sources: Sources, log: RunLog) -> Iterator[Batches]:
    """Cut dates into those that are scored in one pass, which costs little more than one batch.

    A pass reads one snapshot of customers and of the blacklist, and looks back on what was
    committed before it. A rule's own windows may reach over days of rows, so books with such
    rules score day by day.
    """
    most = 1 if sources.book.window_rules else MOST_BATCHES
    taken: list[date] = []
    size = 0
    for day in dates:
        size += sources.transactions.bytes_of(day)
        if taken and (
            len(taken) == most or size > _PASS_BYTES or not _joins(taken, day, sources, log)
        ):
            yield Batches(tuple(taken))
            taken, size = [], sources.transactions.bytes_of(day)
        taken.append(day)
    yield Batches(tuple(taken))


def _joins(taken: list[date], day: date, sources: Sources, log: RunLog) -> bool:
    """Whether a batch can be scored with those before it: nothing in force lies between."""
    is_next = not any(taken[-1] < one < day for one in log.in_force)
    return is_next and sources.can_be_scored_together(taken[0], day)


def _batch_dates(sources: Sources, request: ScoreRequest) -> tuple[list[date], list[date]]:
    available = sources.transactions.dates
    wanted = [day for day in available if request.first <= day <= request.last]
    if request.dates is not None:
        wanted = [day for day in wanted if day in request.dates]
    if not wanted:
        raise InputError(_no_batch(request, available))
    if not request.is_backfill:
        return wanted, []
    span = range(request.first.toordinal(), request.last.toordinal() + 1)
    return wanted, [date.fromordinal(day) for day in span if date.fromordinal(day) not in wanted]


def _no_batch(request: ScoreRequest, available: list[date]) -> str:
    asked = f"{request.first} to {request.last}" if request.is_backfill else f"{request.first}"
    there = f"there are {available[0]} to {available[-1]} ({len(available)} dates)"
    return (
        f"transactions: {request.paths.transactions} has no partition for {asked}; "
        f"{there if available else 'there are none'}; name a date that was delivered"
    )


def _stale(log: RunLog, manifests: list[Manifest]) -> list[Manifest]:
    """The runs in force of later dates that were committed before these ones."""
    if not manifests:
        return []
    newest = {one.run_id for one in manifests}
    later = log.after(manifests[0].batch_date)
    return [one for one in later if one.run_id not in newest]
