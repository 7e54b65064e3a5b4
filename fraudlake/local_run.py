"""Running a command's Spark work on this machine, with progress on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

from fraudlake.errors import SettingsError
from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.scorer import ScoreRequest, ScoreResult, score
from fraudlake.screen import batch_progress
from fraudlake.session import SessionSettings, build_session, default_driver_memory_mb
from fraudlake.tables import condition_schema

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.rules.book import RuleBook
    from fraudlake.sources import InputPaths


@dataclass(frozen=True, kw_only=True)
class LocalRun:
    """Where the inputs and the lake are, which rules, and how large Spark may get."""

    paths: InputPaths
    out: Path
    rules: Path | None = None
    master: str = "local[*]"
    memory_mb: int | None = None


def score_locally(run: LocalRun, first: date, last: date, *, is_backfill: bool) -> ScoreResult:
    """Score the batches from `first` to `last` in a Spark of this process.

    The rule file is checked as a whole before any data is looked at.
    """
    if run.out.exists() and not run.out.is_dir():
        raise SettingsError(f"--out {run.out} is a file; name a folder")
    with LocalSpark(run.master, run.memory_mb) as local:
        request = ScoreRequest(
            paths=run.paths,
            lake=Lake(run.out),
            book=read_rule_file(run.rules, local.condition_rows),
            first=first,
            last=last,
            is_backfill=is_backfill,
        )
        with batch_progress() as report:
            report("starting Spark")
            return score(local.spark, request, report)


def checked_rules(file: Path) -> RuleBook:
    """The rule book of a file, its Spark SQL checked too: Spark starts only if there is any."""
    with LocalSpark("local[1]", None) as local:
        return read_rule_file(file, local.condition_rows)


class LocalSpark:
    """A Spark session that starts when it is first needed and ends with the command."""

    def __init__(self, master: str, memory_mb: int | None) -> None:
        """Take the Spark master, and the heap in MiB (None: from the machine's memory)."""
        memory = memory_mb or default_driver_memory_mb()
        self._settings = SessionSettings(master=master, driver_memory_mb=memory)

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
        return build_session(self._settings)

    def condition_rows(self, carry: tuple[str, ...]) -> DataFrame:
        """The empty frame on which the Spark SQL of rules is analysed."""
        return self.spark.createDataFrame([], condition_schema(carry))
