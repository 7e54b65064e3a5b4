"""Glue job `score`: the batches that are due, from the catalog's raw tables to committed runs.

Reads the raw tables as DynamicFrames, scores them with the core, writes Parquet and, last of all,
each run's manifest to the curated bucket. Its last line is the last manifest.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files as package_files
from typing import TYPE_CHECKING

from fraudlake.errors import RunError, SettingsError
from fraudlake.lake import Lake
from fraudlake.rules.book import read_rule_book
from fraudlake.s3 import s3_folder
from fraudlake.scorer import ScoreRequest, score
from fraudlake.source_files import check_columns, files_used
from fraudlake.sources import InputPaths, find_tables, open_tables
from glue_jobs.arguments import SCORE_ARGUMENTS, WORKFLOW_ARGUMENTS
from glue_jobs.catalog import Catalog, CatalogReader, check_registered
from glue_jobs.freshness import Freshness, MaxAge
from glue_jobs.metrics import put_run_metrics
from glue_jobs.order import DueDates, ScoreOrder, due_dates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pyspark.sql import SparkSession

    from fraudlake.files import TableFiles
    from fraudlake.rules.book import RuleBook
    from fraudlake.runs import Manifest, RunLog
    from fraudlake.sources import Sources
    from fraudlake.steps import Progress


@dataclass(frozen=True, kw_only=True)
class ScoreJob:
    """What the job was started with."""

    raw_bucket: str
    raw_database: str
    curated_bucket: str
    stage: str
    workflow: str
    workflow_run: str
    max_age: MaxAge
    catch_up_batches: int

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> ScoreJob:
        """Read resolved options; SettingsError when a number is none."""
        return cls(
            raw_bucket=options["raw_bucket"],
            raw_database=options["raw_database"],
            curated_bucket=options["curated_bucket"],
            stage=options["stage"],
            workflow=options["WORKFLOW_NAME"],
            workflow_run=options["WORKFLOW_RUN_ID"],
            max_age=MaxAge(
                blacklist=_number("blacklist_max_age_days", options),
                rates=_number("rates_max_age_days", options),
            ),
            catch_up_batches=_number("catch_up_batches", options),
        )

    @property
    def freshness(self) -> Freshness:
        """How old inputs may be; a workflow is named after the stage's prefix and what it is."""
        return Freshness(self.max_age, self.workflow.rpartition("-")[0])

    @cached_property
    def paths(self) -> InputPaths:
        """Where the raw tables lie."""
        names = ("transactions", "customers", "blacklist", "fx_rates")
        return InputPaths(*(s3_folder(self.raw_bucket, name) for name in names))

    @cached_property
    def lake(self) -> Lake:
        """Where earlier runs lie and new ones go."""
        return Lake(s3_folder(self.curated_bucket))


def main(arguments: list[str]) -> None:
    """Score what this run of the job is asked for, and commit a run for each batch."""
    import boto3  # noqa: PLC0415 - Glue has it, and nothing above needs it
    from awsglue.context import GlueContext  # noqa: PLC0415 - there in Glue only
    from awsglue.utils import getResolvedOptions  # noqa: PLC0415
    from pyspark.context import SparkContext  # noqa: PLC0415

    names = [one.name for one in (*SCORE_ARGUMENTS, *WORKFLOW_ARGUMENTS)]
    job = ScoreJob.from_options(getResolvedOptions(arguments, names))
    client = boto3.client("glue")
    run = client.get_workflow_run_properties(Name=job.workflow, RunId=job.workflow_run)
    order = ScoreOrder.from_properties(run["RunProperties"])
    tables, log = find_tables(job.paths), job.lake.run_log()
    due = due_dates(order, tables["transactions"].dates, log.in_force, job.catch_up_batches)
    if not due.dates:
        _tell(log.in_force[order.last].to_json())
        return
    catalog = Catalog(client, job.raw_database, lambda: GlueContext(SparkContext.getOrCreate()))
    freshness = None if order.allows_stale else job.freshness
    dates = dates_to_score(order, due.dates, tables["blacklist"], freshness)
    inputs, book = DueInputs(catalog, tables, dates, freshness), shipped_rules()
    inputs.check(book)
    manifests = _score(job, order, inputs, book, log)
    if freshness:
        freshness.check_blacklist(tables["blacklist"], due.dates)
    _check_caught_up(due, job.catch_up_batches)
    _tell(manifests[-1].to_json())


def dates_to_score(
    order: ScoreOrder,
    due: tuple[date, ...],
    blacklist: TableFiles,
    freshness: Freshness | None,
) -> tuple[date, ...]:
    """The dates that are scored now: of a night, those before the first with an old blacklist.

    Raises InputError when that leaves none, or when it is not a night that asks.
    """
    if freshness is None:
        return due
    fresh = freshness.fresh_until(blacklist, due)
    if not fresh or not order.is_night:
        freshness.check_blacklist(blacklist, due)
    return fresh


@dataclass(frozen=True)
class DueInputs:
    """The catalog's inputs of the batches that are due, opened once they are found sound."""

    catalog: Catalog
    tables: dict[str, TableFiles]
    dates: tuple[date, ...]
    freshness: Freshness | None  # None when the inputs may be of any age

    def check(self, book: RuleBook) -> None:
        """Check what is registered, and the headers; Spark is not needed for it.

        Raises InputError or SchemaError with everything that is wrong.
        """
        check_registered(self.catalog, self.tables, self.dates)
        used = files_used(self.tables, self.dates[0], self.dates[-1])
        check_columns(used, book.settings.cleansing.carry, CatalogReader(self.catalog))

    def open(
        self, spark: SparkSession, paths: InputPaths, book: RuleBook, first: date, last: date
    ) -> Sources:
        """Open the tables, and check the age of the rates. Raises InputError when it is too old."""
        reader = CatalogReader(self.catalog)
        sources = open_tables(spark, paths, self.tables, book, (first, last), reader)
        if self.freshness is not None:
            self.freshness.check_rates(sources, self.dates)
        return sources


def shipped_rules() -> RuleBook:
    """The rules that were deployed with the job; SettingsError when they cannot be used."""
    text = package_files("fraudlake").joinpath("rules.json").read_text(encoding="utf-8")
    book, problems = read_rule_book(json.loads(text), {})
    if problems:
        raise SettingsError([f"the deployed rules: {problem}" for problem in problems])
    return book


def _score(
    job: ScoreJob, order: ScoreOrder, inputs: DueInputs, book: RuleBook, log: RunLog
) -> list[Manifest]:
    import boto3  # noqa: PLC0415 - as in `main`

    cloudwatch = boto3.client("cloudwatch")
    request = ScoreRequest(
        paths=job.paths,
        lake=job.lake,
        book=book,
        first=inputs.dates[0],
        last=inputs.dates[-1],
        is_backfill=not order.is_night,
        dates=frozenset(inputs.dates),
        open=inputs.open,
        workflow_run=job.workflow_run,
        log=log,
    )
    result = score(
        inputs.catalog.context.spark_session,
        request,
        report=_print_progress,
        committed=lambda manifest: put_run_metrics(cloudwatch, manifest, job.stage),
    )
    for day in result.skipped:
        _tell(f"{day}: nothing was delivered, skipped")
    for manifest in result.manifests:
        stale = ", ".join(one["batch_date"] for one in manifest.stale_successors)
        if stale:
            _tell(f"{manifest.batch_date}: runs of later dates are stale now: {stale}")
    return result.manifests


def _check_caught_up(due: DueDates, most: int) -> None:
    if due.left:
        raise RunError(
            f"{len(due.dates)} batches were scored and {due.left} are still due, for a run scores "
            f"{most} at most; run the workflow again, or start the rerun workflow with from and to"
        )


def _print_progress(progress: Progress) -> None:
    rows = "" if progress.rows is None else f", {progress.rows:,} rows"
    where = f"{progress.batch} ({progress.position} of {progress.batches})"
    _tell(f"{where}: {progress.step}{rows}")


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a job's output is its log


def _number(name: str, options: Mapping[str, str]) -> int:
    if not options[name].isdecimal():
        raise SettingsError(f"the argument --{name} is {options[name]!r}; give a whole number")
    return int(options[name])


if __name__ == "__main__":
    main(sys.argv)
