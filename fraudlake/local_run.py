"""Running a command's Spark work on this machine, with progress on the screen."""

from __future__ import annotations

import logging
import os
import signal
import threading
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Self

from fraudlake.errors import SettingsError
from fraudlake.lake import Lake
from fraudlake.progress import batch_progress, say_download
from fraudlake.rules.file import read_rule_file
from fraudlake.s3 import S3Folder
from fraudlake.s3a import S3Access
from fraudlake.scorer import ScoreRequest, ScoreResult, score
from fraudlake.session import (
    SMALL_INPUT,
    SessionSettings,
    build_session,
    default_driver_memory_mb,
    unpacked_bytes,
)
from fraudlake.source_files import files_used
from fraudlake.sources import find_tables, open_found
from fraudlake.tables import condition_schema

if TYPE_CHECKING:
    from datetime import date

    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.files import TableFiles
    from fraudlake.places import Place
    from fraudlake.rules.book import RuleBook
    from fraudlake.sources import InputPaths

DEBUG_VARIABLE = "FRAUDLAKE_DEBUG"


def is_debugging() -> bool:
    """Whether somebody looks for a fault: only then are tracebacks and Spark's errors shown."""
    return bool(os.environ.get(DEBUG_VARIABLE))


@dataclass(frozen=True, kw_only=True)
class LocalRun:
    """Where the inputs and the lake are, which rules, and how large Spark may get."""

    paths: InputPaths
    out: Place
    rules: Path | None = None
    master: str = "local[*]"
    memory_mb: int | None = None

    def s3_access(self) -> S3Access | None:
        """How Spark reaches the places in S3, with the login of this process; None without any.

        Fetches S3A's jars once, and says so before.
        """
        places = (*vars(self.paths).values(), self.out)
        buckets = [place for place in places if isinstance(place, S3Folder)]
        if not buckets:
            return None
        from fraudlake.local.jobs.jars import fetch_jars  # noqa: PLC0415 - for S3 only

        client = buckets[0].client.meta
        endpoint = client.endpoint_url
        return S3Access(
            jars=fetch_jars(report=say_download),
            region=client.region_name,
            endpoint=None if _is_default(endpoint, client.region_name) else endpoint,
        )


def _is_default(endpoint: str, region: str) -> bool:
    """Whether an endpoint is S3's own of the region, which Spark finds by itself."""
    hosts = {"s3.amazonaws.com", f"s3.{region}.amazonaws.com", f"s3.{region}.amazonaws.com.cn"}
    return endpoint.removeprefix("https://") in hosts


def score_locally(run: LocalRun, first: date, last: date, *, is_backfill: bool) -> ScoreResult:
    """Score the batches from `first` to `last` in a Spark of this process.

    Wrong paths are told before Spark takes its seconds to start; the rule file is checked as a
    whole before any data is looked at.
    """
    tables = find_tables(run.paths)
    _check_writable(run.out)
    is_brief = _is_small(tables, first, last)
    with LocalSpark(run.master, run.memory_mb, run.s3_access(), is_brief=is_brief) as local:
        request = ScoreRequest(
            paths=run.paths,
            lake=Lake(run.out),
            book=read_rule_file(run.rules, local.condition_rows),
            first=first,
            last=last,
            is_backfill=is_backfill,
            open=partial(open_found, tables=tables),
        )
        with batch_progress() as report:
            report("starting Spark")
            return score(local.spark, request, report)


def _is_small(tables: dict[str, TableFiles], first: date, last: date) -> bool:
    used = files_used(tables, first, last)
    return sum(unpacked_bytes(file) for _, files in used for file in files) <= SMALL_INPUT


def batch_span(batch: date | None, first: date | None, last: date | None) -> tuple[date, date]:
    """First and last batch date that the options name; SettingsError when they are at odds."""
    if batch is not None and first is None and last is None:
        return batch, batch
    if batch is not None or first is None or last is None:
        raise SettingsError("name either one date, or both --from and --to")
    if first > last:
        raise SettingsError(f"--from {first} is after --to {last}; swap them")
    return first, last


def _check_writable(out: Place) -> None:
    """A batch is much work to lose on its last step."""
    if not isinstance(out, Path):
        return  # only a write shows it, and would leave an object behind
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        found = f"--out {out} cannot be written to: {error.strerror}"
        raise SettingsError(f"{found}; name a folder that is yours to write") from error


def checked_rules(file: Path) -> RuleBook:
    """The rule book of a file, its Spark SQL checked too: Spark starts only if there is any."""
    with LocalSpark("local[1]", None, is_brief=True) as local:
        return read_rule_file(file, local.condition_rows)


class LocalSpark:
    """A Spark session that starts when it is first needed and ends with the command."""

    def __init__(
        self,
        master: str,
        memory_mb: int | None,
        s3: S3Access | None = None,
        *,
        is_brief: bool = False,
    ) -> None:
        """Take the Spark master, the heap in MiB (None: from the machine's memory), and S3."""
        memory = memory_mb or default_driver_memory_mb()
        self._settings = SessionSettings(
            master=master, driver_memory_mb=memory, s3=s3, is_brief=is_brief
        )

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the session if it was started."""
        if "spark" in vars(self):
            self.spark.stop()

    @cached_property
    def spark(self) -> SparkSession:
        """The running session."""
        session = build_session(self._settings)
        if not is_debugging():
            session.sparkContext.setLogLevel("OFF")
            logging.getLogger().addHandler(logging.NullHandler())  # py4j logs tracebacks
        # PySpark's own handler talks to the JVM over the connection that it interrupts.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return session

    def condition_rows(self, carry: tuple[str, ...]) -> DataFrame:
        """The empty frame on which the Spark SQL of rules is analysed."""
        return self.spark.createDataFrame([], condition_schema(carry))
