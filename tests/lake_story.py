"""A lake lived through once for all tests that look at it: what each of its runs left behind."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import RunError
from fraudlake.lake import Lake
from tests.lakes import COLUMNS, Inputs, Row, book_with, by_id, here, score_days, table, transaction

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.lake import Runs
    from fraudlake.rules.book import RuleBook
    from fraudlake.runs import Manifest
    from fraudlake.scorer import ScoreResult

REACH = 3  # days of the baseline: short, so that batches leave it
SETTINGS = (
    f"{{baseline: {{days: {REACH}, customer_min: 3, population_min: 4, batch_min: 2}},"
    " cleansing: {carry: [device]}}"
)
BATCHES = {
    "2025-03-03": [
        transaction("a1", "C1", "2025-03-03T23:59:20Z", device="phone-1"),
        transaction("d1", "C2", "2025-03-03T10:00:00Z"),
        transaction("p1", "C2", "2025-03-03T11:00:00Z", amount="100.00"),
        transaction("p2", "C3", "2025-03-03T12:00:00Z", amount="50", currency="EUR"),
        transaction("q1", "C2", "2025-03-03T13:00:00Z", amount="-5", device="phone-2"),
    ],
    "2025-03-04": [
        transaction("a2", "C1", "2025-03-03T23:59:40Z"),
        transaction("a3", "C1", "2025-03-04T00:00:10Z"),
        transaction("d1", "C2", "2025-03-04T10:00:00Z"),
        transaction("z9", "C9", "2025-03-04T11:00:00Z", amount="0"),
    ],
    "2025-03-05": [
        transaction("a4", "C1", "2025-03-04T00:00:19.999999Z"),
        transaction("a5", "C1", "2025-03-04T00:00:20Z", amount="33.33"),
        transaction("d1", "C2", "2025-03-05T10:00:00Z"),
        transaction("e1", "C3", "2025-03-05T12:00:00Z", amount="20.01"),
    ],
    "2025-03-07": [
        transaction("d1", "C2", "2025-03-07T10:00:00Z"),
        transaction("g1", "C3", "2025-03-07T11:00:00Z", amount="7.77"),
        transaction("g2", "C1", "2025-03-07T12:00:00Z"),
    ],
    "2025-03-08": [],
    "2025-03-09": [
        transaction("g1", "C3", "2025-03-09T10:00:00Z"),
        transaction("h1", "C2", "2025-03-09T11:00:00Z", amount="6000"),
    ],
}
LATE_ROW = transaction("a0", "C1", "2025-03-03T23:59:25Z")
PARTITION = "transactions/ingest_date"


class LakeThatBreaks(Lake):
    """A lake whose disk is full when the last table is written."""

    def write(self, rows: DataFrame, table: str, runs: Runs) -> None:
        if table == "customer_profile":
            raise OSError(28, "No space left on device")
        super().write(rows, table, runs)


class LakeThatLosesRows(Lake):
    """A lake that loses what is written to the quarantine."""

    def write(self, rows: DataFrame, table: str, runs: Runs) -> None:
        kept = rows.where("false") if table == "quarantine" else rows
        super().write(kept, table, runs)


@dataclass
class Story:
    """What happened to the lake, step by step."""

    lake: Lake
    broken_folders: list[Path]
    loss: str
    manifests_before: int
    backfill: ScoreResult
    rescored_4: ScoreResult
    rescored_9: ScoreResult
    rescored_3: ScoreResult
    rescored_5: ScoreResult

    @property
    def root(self) -> Path:
        """The lake's folder."""
        return here(self.lake)

    def first(self, day: str) -> Manifest:
        """The run of the backfill for a date."""
        [found] = [one for one in self.backfill.manifests if str(one.batch_date) == day]
        return found

    def scored(self, day: str) -> dict[str, Row]:
        """The scored rows of the backfill for a date, by id."""
        return by_id(table(self.lake, self.first(day), "scored_transactions"))

    def rejected(self, day: str) -> dict[str, list[str]]:
        """Reasons by id of the backfill for a date."""
        rows = by_id(table(self.lake, self.first(day), "quarantine"))
        return {name: row["reject_reasons"] for name, row in rows.items()}


@pytest.fixture(scope="session")
def story_inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    written = Inputs(tmp_path_factory.mktemp("inputs"))
    for day, rows in BATCHES.items():
        written.write_transactions(day, rows, (*COLUMNS, "device"))
    write_people(written)
    written.write_rates(("2025-02-28", "EUR", "1.04"), ("2025-03-06", "EUR", "1.08"))
    return written


def write_people(inputs: Inputs) -> None:
    ada = {"customer_id": "C1", "full_name": "Ada Example", "updated_at": "2025-01-02"}
    older = {**ada, "full_name": "Ada Former", "updated_at": "2025-01-01"}
    cleo = {"customer_id": "C2", "full_name": "Cleo Example", "email": "cleo@example.org"}
    dora = {"customer_id": "C3", "full_name": "Dora Example", "date_of_birth": "1980-01-01"}
    columns = (*ada, "email", "date_of_birth")
    folder = "customers/snapshot_date"
    inputs.write(f"{folder}=2025-03-04/customers.csv", [ada, older, cleo], columns)
    inputs.write(f"{folder}=2025-03-07/customers.csv", [ada, cleo, dora], columns)
    nine = {"blacklist_id": "B1", "customer_id": "C9", "reason": "mule"}
    listed = {"blacklist_id": "B2", "email": "CLEO@example.org", "reason": "chargebacks"}
    columns = (*nine, "email")
    folder = "blacklist/snapshot_date"
    inputs.write(f"{folder}=2025-03-04/blacklist.csv", [nine], columns)
    inputs.write(f"{folder}=2025-03-09/blacklist.csv", [nine, listed], columns)


@pytest.fixture(scope="session")
def story_book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return book_with(tmp_path_factory.mktemp("rules"), SETTINGS)


@pytest.fixture(scope="session")
def story(
    spark: SparkSession,
    story_inputs: Inputs,
    story_book: RuleBook,
    tmp_path_factory: pytest.TempPathFactory,
) -> Story:
    root = tmp_path_factory.mktemp("lake")
    lake = Lake(root)
    with pytest.raises(OSError, match="No space left"):
        score_days(spark, story_inputs, LakeThatBreaks(root), "2025-03-03", book=story_book)
    broken = sorted(root.glob("*/batch_date=2025-03-03/run_id=*"))
    with pytest.raises(RunError) as loss:
        score_days(spark, story_inputs, LakeThatLosesRows(root), "2025-03-03", book=story_book)
    manifests_before = len(list(root.rglob("*.json")))
    backfill = score_days(spark, story_inputs, lake, "2025-03-03", "2025-03-09", book=story_book)
    rescored_4 = score_days(
        spark, story_inputs, lake, "2025-03-04", book=story_book, now=_slow_clock
    )
    _deliver_late(story_inputs)
    others = [
        score_days(spark, story_inputs, lake, f"2025-03-0{day}", book=story_book)
        for day in (9, 3, 5)
    ]
    return Story(lake, broken, str(loss.value), manifests_before, backfill, rescored_4, *others)


def _slow_clock() -> datetime:
    return datetime(2020, 1, 1, tzinfo=UTC)


def _deliver_late(inputs: Inputs) -> None:
    """A file comes to a scored partition, another one is written again."""
    inputs.write(f"{PARTITION}=2025-03-03/late.csv", [LATE_ROW])
    os.utime(inputs.root / f"{PARTITION}=2025-03-05/part-0.csv", (1_700_000_000, 1_700_000_000))
