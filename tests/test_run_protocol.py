"""A lake lived through: runs that fail, commit, are superseded, and what later runs make of it."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from fraudlake.errors import InputError, RunError
from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.runs import Manifest, RunLog, check_reconciled
from fraudlake.sample_data import SamplePlan, write_sample_data
from fraudlake.tables import OUTPUT_TABLES, SINGULAR
from tests.lakes import (
    COLUMNS,
    Inputs,
    Row,
    book_with,
    by_id,
    here,
    in_order,
    score_days,
    table,
    tables,
    transaction,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.lake import Runs
    from fraudlake.rules.book import RuleBook
    from fraudlake.scorer import ScoreResult

REACH = 3  # days of the baseline: short, so that batches leave it
SETTINGS = (
    f"{{baseline: {{days: {REACH}, customer_min: 3, population_min: 4, batch_min: 2}},"
    " cleansing: {carry: [device]}}"
)
MANIFEST_FIELDS = {
    *("run_id", "batch_date", "started_at", "committed_at", "code_version", "rules_version"),
    *("settings", "input_roots", "inputs", "customers", "blacklist", "fx_rates", "rows"),
    *("total_amount_usd", "customers_duplicates", "moments", "latest_transaction_ts", "profile"),
    *("built_on", "supersedes", "stale_successors", "changed_inputs", "outputs", "durations"),
    "rows_per_second",
    "workflow_run",
}
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


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    written = Inputs(tmp_path_factory.mktemp("inputs"))
    for day, rows in BATCHES.items():
        written.write_transactions(day, rows, (*COLUMNS, "device"))
    _write_people(written)
    written.write_rates(("2025-02-28", "EUR", "1.04"), ("2025-03-06", "EUR", "1.08"))
    return written


def _write_people(inputs: Inputs) -> None:
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


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return book_with(tmp_path_factory.mktemp("rules"), SETTINGS)


@pytest.fixture(scope="module")
def story(
    spark: SparkSession, inputs: Inputs, book: RuleBook, tmp_path_factory: pytest.TempPathFactory
) -> Story:
    root = tmp_path_factory.mktemp("lake")
    lake = Lake(root)
    with pytest.raises(OSError, match="No space left"):
        score_days(spark, inputs, LakeThatBreaks(root), "2025-03-03", book=book)
    broken = sorted(root.glob("*/batch_date=2025-03-03/run_id=*"))
    with pytest.raises(RunError) as loss:
        score_days(spark, inputs, LakeThatLosesRows(root), "2025-03-03", book=book)
    manifests_before = len(list(root.rglob("*.json")))
    backfill = score_days(spark, inputs, lake, "2025-03-03", "2025-03-09", book=book)
    rescored_4 = score_days(spark, inputs, lake, "2025-03-04", book=book, now=_slow_clock)
    _deliver_late(inputs)
    others = [score_days(spark, inputs, lake, f"2025-03-0{day}", book=book) for day in (9, 3, 5)]
    return Story(lake, broken, str(loss.value), manifests_before, backfill, rescored_4, *others)


def _slow_clock() -> datetime:
    return datetime(2020, 1, 1, tzinfo=UTC)


def _deliver_late(inputs: Inputs) -> None:
    """A file comes to a scored partition, another one is written again."""
    inputs.write(f"{PARTITION}=2025-03-03/late.csv", [LATE_ROW])
    os.utime(inputs.root / f"{PARTITION}=2025-03-05/part-0.csv", (1_700_000_000, 1_700_000_000))


def test_a_run_that_fails_half_way_leaves_files_but_no_manifest(story: Story) -> None:
    written = {path.parts[-3] for path in story.broken_folders}
    assert written == set(OUTPUT_TABLES) - {"customer_profile"}
    assert story.manifests_before == 0


def test_a_run_that_loses_a_row_says_so_and_commits_nothing(story: Story) -> None:
    assert "quarantined: 1 rows were decided, 0 were written" in story.loss
    assert "commits nothing" in story.loss


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"read": 4}, "4 rows were read, 2 scored and 1 quarantined"),
        ({"read": 2}, "2 rows were read, 2 scored and 1 quarantined"),
        ({"scored": 1, "read": 2}, "scored: 1 rows were decided, 2 were written"),
    ],
)
def test_numbers_that_do_not_add_up_are_refused(change: dict[str, int], message: str) -> None:
    outputs: dict[str, dict[str, Any]] = {
        name: {"rows": 0, "files": ["part"]} for name in OUTPUT_TABLES
    }
    outputs["scored_transactions"]["rows"], outputs["quarantine"]["rows"] = 2, 1
    rows = {"read": 3, "scored": 2, "quarantined": 1}
    check_reconciled(rows, outputs)
    with pytest.raises(RunError, match=message):
        check_reconciled(rows | change, outputs)
    outputs["flagged_customers"]["files"] = []
    with pytest.raises(RunError, match="flagged_customers: nothing was written"):
        check_reconciled(rows, outputs)


def test_what_never_committed_is_not_built_on(story: Story) -> None:
    never = {path.name.removeprefix("run_id=") for path in story.broken_folders}
    log = story.lake.run_log()
    assert never
    assert not never & set(log.by_id)
    assert not never & {run for one in log.by_id.values() for run in one.built_on}
    assert story.scored("2025-03-04")["a2"]["velocity_count"] == 2


def test_a_backfill_skips_dates_without_a_partition(story: Story) -> None:
    assert [str(one.batch_date) for one in story.backfill.manifests] == list(BATCHES)
    assert [str(day) for day in story.backfill.skipped] == ["2025-03-06"]
    assert story.backfill.stale == []


def test_a_date_without_a_partition_alone_is_an_error(
    spark: SparkSession, inputs: Inputs, book: RuleBook, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no partition for 2025-03-06; there are 2025-03-03 to"):
        score_days(spark, inputs, Lake(tmp_path), "2025-03-06", book=book)
    assert list(tmp_path.iterdir()) == []


def test_velocity_looks_across_the_batch_border_and_two_batches_back(story: Story) -> None:
    days = ("2025-03-03", "2025-03-04", "2025-03-05")
    rows = {name: row for day in days for name, row in story.scored(day).items()}
    velocities = {name: rows[name]["velocity_count"] for name in ("a1", "a2", "a3", "a4", "a5")}
    assert velocities == {"a1": 1, "a2": 2, "a3": 3, "a4": 4, "a5": 4}
    fired = [name for name in velocities if "VELOCITY_BURST" in rows[name]["risk_reasons"]]
    assert fired == ["a4", "a5"]


def test_a_repeat_of_the_previous_batch_is_rejected_and_later_accepted_again(story: Story) -> None:
    duplicate = ["DUPLICATE_TRANSACTION"]
    assert story.rejected("2025-03-04") == {"d1": duplicate, "z9": ["ZERO_AMOUNT"]}
    assert "d1" in story.scored("2025-03-05")
    assert story.rejected("2025-03-07") == {"d1": duplicate}
    assert set(story.scored("2025-03-09")) == {"g1", "h1"}


def test_late_rows_are_counted(story: Story) -> None:
    late = {str(one.batch_date)[-1]: one.rows["late"] for one in story.backfill.manifests}
    assert late == {"3": 0, "4": 1, "5": 2, "7": 0, "8": 0, "9": 0}


def test_a_header_without_rows_commits_every_table_without_rows(story: Story) -> None:
    manifest = story.first("2025-03-08")
    assert all(one["files"] for one in manifest.outputs.values())
    rows = {name: one["rows"] for name, one in manifest.outputs.items()}
    assert rows == {**dict.fromkeys(OUTPUT_TABLES, 0), "customer_profile": 3}
    counts = {name: manifest.rows[name] for name in ("read", "scored", "quarantined", "late")}
    assert set(counts.values()) == {0}
    assert manifest.total_amount_usd["all"] == "0.00"


def test_each_profile_is_the_sum_of_what_the_batches_hold(story: Story) -> None:
    scored: dict[date, list[Row]] = {}
    for manifest in story.backfill.manifests:
        scored[manifest.batch_date] = table(story.lake, manifest, "scored_transactions")
        assert table(story.lake, manifest, "customer_profile") == _profile(scored)


def _profile(scored: dict[date, list[Row]]) -> list[Row]:
    """The profile after the newest of the batches, added up row by row."""
    oldest = max(scored) - timedelta(days=REACH - 1)
    rows = defaultdict(list)
    for batch, found in scored.items():
        for row in found:
            rows[row["customer_id"]].append((batch >= oldest, row))
    return in_order(_profile_row(name, found) for name, found in rows.items())


def _profile_row(customer_id: str, rows: list[tuple[bool, Row]]) -> Row:
    total = sum((row["amount_usd"] for _, row in rows), Decimal(0))
    cents = [int(row["amount_usd"] * 100) for is_in_reach, row in rows if is_in_reach]
    return {
        "customer_id": customer_id,
        "lifetime_transaction_count": len(rows),
        "lifetime_total_amount_usd": total,
        "lifetime_average_amount_usd": float(total * 100) / len(rows) / 100,
        "first_transaction_ts": min(row["transaction_ts"] for _, row in rows),
        "last_transaction_ts": max(row["transaction_ts"] for _, row in rows),
        "baseline_count": len(cents),
        "baseline_sum_cents": Decimal(sum(cents)),
        "baseline_sum_of_squares_cents": Decimal(sum(one * one for one in cents)),
    }


def test_a_baseline_counts_the_batches_of_its_days_and_no_others(story: Story) -> None:
    seen: list[tuple[date, Row]] = []
    for manifest in story.backfill.manifests:
        day = manifest.batch_date
        past = [row for batch, row in seen if day - timedelta(days=REACH) <= batch < day]
        rows = table(story.lake, manifest, "scored_transactions")
        for row in rows:
            own = [one for one in past if one["customer_id"] == row["customer_id"]]
            assert row["baseline_count"] == len(own)
            _check_baseline(row, own, past, rows)
        seen += [(day, row) for row in rows]
    assert {row["baseline_source"] for _, row in seen} == {
        "customer",
        "population",
        "batch",
        "none",
    }


def _check_baseline(row: Row, own: list[Row], past: list[Row], batch: list[Row]) -> None:
    others = [one for one in batch if one is not row]
    choice: tuple[tuple[str, list[Row], int], ...] = (
        ("customer", own, 3),
        ("population", past, 4),
        ("batch", others, 2),
        ("none", [], 0),
    )
    source, rows = next((name, rows) for name, rows, least in choice if len(rows) >= least)
    assert row["baseline_source"] == source
    if source == "none":
        assert row["baseline_mean_usd"] is row["baseline_sd_usd"] is row["amount_zscore"] is None
        return
    mean = float(sum(one["amount_usd"] for one in rows)) / len(rows)
    assert row["baseline_mean_usd"] == pytest.approx(mean, rel=1e-12)


def test_snapshots_are_the_newest_until_the_date_else_the_oldest(story: Story) -> None:
    runs = {str(one.batch_date)[-1]: one for one in story.backfill.manifests}
    customers = {day: one.customers["snapshot_date"][-1] for day, one in runs.items()}
    assert customers == {"3": "4", "4": "4", "5": "4", "7": "7", "8": "7", "9": "7"}
    listed = {day: one.blacklist["snapshot_date"][-1] for day, one in runs.items()}
    assert listed == {"3": "4", "4": "4", "5": "4", "7": "4", "8": "4", "9": "9"}
    early = [day for day, one in runs.items() if one.blacklist["is_later_than_batch"]]
    assert early == ["3"]


def test_rows_are_scored_by_the_snapshots_of_their_batch(story: Story) -> None:
    assert not story.scored("2025-03-05")["e1"]["customer_known"]
    assert story.scored("2025-03-07")["g1"]["customer_known"]
    assert story.scored("2025-03-05")["d1"]["blacklist_match_type"] is None
    assert story.scored("2025-03-09")["h1"]["blacklist_match_type"] == "email"


def test_customers_that_stand_twice_are_counted(story: Story) -> None:
    duplicates = {
        str(one.batch_date)[-1]: one.customers_duplicates for one in story.backfill.manifests
    }
    assert duplicates == {"3": 1, "4": 1, "5": 1, "7": 0, "8": 0, "9": 0}


def test_a_listed_customer_with_rejected_rows_only_is_flagged(story: Story) -> None:
    [flag] = table(story.lake, story.first("2025-03-04"), "flagged_customers")
    named = {name: flag[name] for name in ("customer_id", "blacklist_id", "match_type", "reason")}
    assert list(named.values()) == ["C9", "B1", "customer_id", "mule"]
    assert (flag["transaction_count"], flag["total_amount_usd"]) == (0, 0)


def test_a_rerun_gives_the_same_rows_and_supersedes(story: Story) -> None:
    before, [after] = story.first("2025-03-04"), story.rescored_4.manifests
    assert tables(story.lake, after) == tables(story.lake, before)
    assert after.supersedes == before.run_id
    assert story.lake.run_log().in_force[after.batch_date].run_id == after.run_id
    assert {"read": 4, "scored": 2, "quarantined": 2}.items() <= after.rows.items()


def test_a_clock_that_went_back_still_supersedes(story: Story) -> None:
    before, [after] = story.first("2025-03-04"), story.rescored_4.manifests
    assert after.run_id < before.run_id
    assert after.committed_at > before.committed_at


def test_a_rescored_date_names_the_later_runs_that_are_stale(story: Story) -> None:
    [after] = story.rescored_4.manifests
    stale = [story.first(f"2025-03-0{day}").run_id for day in (5, 7, 8, 9)]
    assert [one.run_id for one in story.rescored_4.stale] == stale
    assert [one["run_id"] for one in after.stale_successors] == stale
    [third] = story.rescored_3.manifests
    [ninth] = story.rescored_9.manifests
    assert [one["run_id"] for one in third.stale_successors] == [
        after.run_id,
        *stale[:-1],
        ninth.run_id,
    ]
    assert story.rescored_9.stale == []


def test_a_profile_moves_on_or_is_rebuilt_and_both_give_the_same_rows(story: Story) -> None:
    moved, [rebuilt] = story.first("2025-03-09"), story.rescored_9.manifests
    assert moved.profile.moved_from == story.first("2025-03-08").run_id
    assert rebuilt.profile.moved_from is None
    days = {day: story.first(f"2025-03-0{day}").run_id for day in (3, 5, 7, 8)}
    [fourth] = story.rescored_4.manifests
    assert set(rebuilt.profile.rebuilt_from) == {*days.values(), fourth.run_id}
    assert tables(story.lake, rebuilt) == tables(story.lake, moved)


def test_later_runs_build_on_the_run_in_force(story: Story) -> None:
    old, [new] = story.first("2025-03-04"), story.rescored_4.manifests
    [ninth], [fifth] = story.rescored_9.manifests, story.rescored_5.manifests
    assert old.run_id in story.first("2025-03-05").built_on
    for manifest in (ninth, fifth):
        assert new.run_id in manifest.built_on
        assert old.run_id not in manifest.built_on


def test_files_that_came_or_changed_after_scoring_are_reported(story: Story) -> None:
    [ninth] = story.rescored_9.manifests
    found = {
        (one["batch_date"], one["name"].split("/")[-1], one["change"])
        for one in ninth.changed_inputs
    }
    assert found == {("2025-03-03", "late.csv", "came"), ("2025-03-05", "part-0.csv", "changed")}
    assert all(one.changed_inputs == [] for one in story.backfill.manifests)


def test_rescoring_brings_a_late_file_in(story: Story) -> None:
    before, [after] = story.first("2025-03-03"), story.rescored_3.manifests
    assert after.rows["read"] == before.rows["read"] + 1
    rows = by_id(table(story.lake, after, "scored_transactions"))
    assert (rows["a0"]["velocity_count"], rows["a1"]["velocity_count"]) == (2, 1)
    [fifth] = story.rescored_5.manifests
    later = by_id(table(story.lake, fifth, "scored_transactions"))
    assert (later["a4"]["velocity_count"], later["a5"]["velocity_count"]) == (5, 5)
    counts = {one["customer_id"]: one for one in table(story.lake, fifth, "customer_profile")}
    assert counts["C1"]["lifetime_transaction_count"] == 6


def test_superseded_runs_stay_readable(story: Story) -> None:
    runs = story.lake.run_log().by_id
    assert len(runs) == len(BATCHES) + 4
    for manifest in runs.values():
        rows = {name: len(found) for name, found in tables(story.lake, manifest).items()}
        assert rows == {name: one["rows"] for name, one in manifest.outputs.items()}


def test_a_manifest_is_one_line_with_every_field(story: Story) -> None:
    files = [path for path in (story.root / "runs").rglob("*") if path.is_file()]
    assert len(files) == len(BATCHES) + 4
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert text.endswith("}\n")
        assert text.count("\n") == 1
        values = json.loads(text)
        assert set(values) == MANIFEST_FIELDS
        where = f"batch_date={values['batch_date']}/{values['run_id']}.json"
        assert path.relative_to(story.root / "runs").as_posix() == where


def test_a_manifest_tells_what_was_read_and_found(story: Story, book: RuleBook) -> None:
    manifest = story.first("2025-03-03")
    rows = dict(manifest.rows)
    assert sum(rows.pop("by_category").values()) == rows["scored"]
    fired = rows.pop("by_rule")
    assert (fired["UNKNOWN_CUSTOMER"], fired["VELOCITY_BURST"]) == (1, 0)
    reasons = {"REFUND_OR_REVERSAL": 1}
    assert rows.pop("quarantined_by_reason") == reasons
    assert rows == {"read": 5, "scored": 4, "quarantined": 1, "late": 0}
    assert manifest.total_amount_usd["all"] == "172.00"
    assert manifest.fx_rates == {"from": "2025-02-28", "to": "2025-02-28"}
    assert manifest.settings == book.as_mapping()
    assert manifest.started_at < manifest.committed_at
    assert manifest.rows_per_second > 0


def test_each_manifest_of_a_backfill_tells_its_share_of_the_same_steps(story: Story) -> None:
    steps = {"reading", "cleansing", "matching", "scoring", "summarising"}
    assert [set(one.durations) for one in story.backfill.manifests] == [steps] * len(BATCHES)


def test_a_manifest_names_each_input_with_size_and_time(story: Story, inputs: Inputs) -> None:
    named = {(one["table"], one["name"]): one for one in story.first("2025-03-07").inputs}
    assert set(named) == {
        ("transactions", "ingest_date=2025-03-07/part-0.csv"),
        ("customers", "snapshot_date=2025-03-07/customers.csv"),
        ("blacklist", "snapshot_date=2025-03-04/blacklist.csv"),
        ("fx_rates", "rates.csv"),
    }
    for (name, below), one in named.items():
        facts = (inputs.root / name / below).stat()
        assert one["size"] == facts.st_size
        moment = datetime.fromisoformat(one["modified"]).timestamp()
        assert moment == pytest.approx(facts.st_mtime, abs=1e-5)


def test_the_manifest_is_the_last_file_of_a_run(story: Story) -> None:
    for manifest in story.backfill.manifests:
        folder = story.root / "runs" / f"batch_date={manifest.batch_date}"
        committed = (folder / f"{manifest.run_id}.json").stat().st_mtime_ns
        files = [name for one in manifest.outputs.values() for name in one["files"]]
        assert max((story.root / name).stat().st_mtime_ns for name in files) <= committed


def test_files_are_zstd_with_timestamps_in_microseconds(story: Story) -> None:
    stamps = set()
    for path in story.root.rglob("*.parquet"):
        meta = pq.read_metadata(path)
        groups = [meta.row_group(at) for at in range(meta.num_row_groups)]
        chunks = [group.column(at) for group in groups for at in range(group.num_columns)]
        assert {chunk.compression for chunk in chunks} <= {"ZSTD"}
        columns = [meta.schema.column(at) for at in range(meta.num_columns)]
        stamps |= {
            (one.name, one.physical_type, str(one.logical_type))
            for one in columns
            if one.name.endswith("_ts") and path.parts[-4] != "quarantine"
        }
    assert {name for name, _, _ in stamps} >= {"transaction_ts", "last_transaction_ts"}
    assert {kind for _, kind, _ in stamps} == {"INT64"}
    assert all("isAdjustedToUTC=true, timeUnit=microseconds" in text for _, _, text in stamps)


def test_what_is_never_there_twice_has_no_dictionary(story: Story) -> None:
    encodings: defaultdict[str, set[str]] = defaultdict(set)
    for path in story.root.glob("scored_transactions/**/*.parquet"):
        meta = pq.read_metadata(path)
        for at in range(meta.num_columns if meta.num_row_groups else 0):
            chunk = meta.row_group(0).column(at)
            encodings[chunk.path_in_schema] |= set(chunk.encodings)
    coded = {name for name, found in encodings.items() if "RLE_DICTIONARY" in found}
    coded |= {name for name, found in encodings.items() if "PLAIN_DICTIONARY" in found}
    assert coded.isdisjoint(SINGULAR)
    assert {"customer_id", "currency"} <= coded


def test_no_name_mail_phone_or_birth_date_leaves_the_raw_zone(story: Story) -> None:
    columns: set[str] = set()
    for path in story.root.rglob("*.parquet"):
        columns |= set(pq.read_schema(path).names)
        values = repr(pq.ParquetFile(path).read().to_pylist())
        assert "Example" not in values
        assert "example.org" not in values
    assert not columns & {"full_name", "email", "phone", "date_of_birth", "birth_date"}
    for path in (story.root / "runs").rglob("*.json"):
        assert "example" not in path.read_text(encoding="utf-8").lower()


def test_carried_columns_pass_through(story: Story) -> None:
    rows = story.scored("2025-03-03")
    assert (rows["a1"]["device"], rows["d1"]["device"]) == ("phone-1", None)
    [rejected] = table(story.lake, story.first("2025-03-03"), "quarantine")
    assert rejected["device"] == "phone-2"


def test_the_newest_commit_is_in_force_in_whatever_order_manifests_are_found(story: Story) -> None:
    one = story.first("2025-03-03")
    starts_and_commits = (("01", "10:00"), ("02", "12:00"), ("03", "11:00"))
    runs = [
        replace(one, run_id=f"20250304T{start}", committed_at=f"2025-03-04T{commit}:00+00:00")
        for start, commit in starts_and_commits
    ]
    for order in permutations(runs):
        log = RunLog(order)
        assert log.in_force[one.batch_date].run_id == "20250304T02"
        assert len(log.by_id) == 3


FLAT = [
    transaction("f1", "C1", "2025-03-03T23:59:50Z"),
    transaction("f2", "C1", "2025-03-04T01:30:00+02:00"),
    transaction("f3", "C1", "2025-03-04T00:00:05Z"),
    transaction("f4", "C2", "yesterday"),
    transaction("f5", "C2", "2025-03-03T22:30:00-03:00"),
    transaction("f6", "C2", ""),
]
FLAT_DAYS = {"f1": 3, "f2": 3, "f3": 4, "f4": 3, "f5": 4, "f6": 3}


def test_a_source_without_partitions_gives_the_rows_of_the_same_rows_in_partitions(
    spark: SparkSession, tmp_path: Path
) -> None:
    flat, parted = (_flat_inputs(tmp_path / name) for name in ("flat", "parted"))
    flat.write("transactions/all.csv", FLAT[::-1])
    for day in (3, 4):
        rows = [row for row in FLAT if FLAT_DAYS[row["transaction_id"]] == day]
        parted.write_transactions(f"2025-03-0{day}", rows)
    found = []
    for one in (flat, parted):
        lake = Lake(one.root / "lake")
        result = score_days(spark, one, lake, "2025-03-03", "2025-03-04")
        found.append([tables(lake, manifest) for manifest in result.manifests])
    assert found[0] == found[1]
    assert [len(day["scored_transactions"]) for day in found[0]] == [2, 2]
    assert [len(day["quarantine"]) for day in found[0]] == [2, 0]


def _flat_inputs(root: Path) -> Inputs:
    inputs = Inputs(root)
    _write_people(inputs)
    inputs.write_rates(("2025-03-03", "EUR", "1.08"))
    return inputs


PLAN = SamplePlan(transactions=3_500, customers=400, days=3, blacklist_entries=60)
EXTENDED = Path(__file__).parents[1] / "rules" / "extended.yaml"


@pytest.fixture(scope="module")
def planted(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[list[Row], list[Row], list[Row]]]:
    """Truth, scored rows and rejected rows of each day, by the extended rules."""
    inputs = Inputs(tmp_path_factory.mktemp("sample"))
    write_sample_data(inputs.root, PLAN)
    lake = Lake(inputs.root / "lake")
    first, last = str(PLAN.first_date), str(PLAN.last_date)
    result = score_days(spark, inputs, lake, first, last, book=read_rule_file(EXTENDED))
    with (inputs.root / "truth/planted.csv").open(encoding="utf-8", newline="") as stream:
        truth = list(csv.DictReader(stream))
    return [
        (
            [row for row in truth if row["ingest_date"] == str(one.batch_date)],
            table(lake, one, "scored_transactions"),
            table(lake, one, "quarantine"),
        )
        for one in result.manifests
    ]


def test_every_planted_fraud_is_found_and_every_control_is_left_alone(
    planted: list[tuple[list[Row], list[Row], list[Row]]],
) -> None:
    fired: set[str] = set()
    for truth, scored, _ in planted:
        rows = {(row["transaction_id"], row["customer_id"]): row for row in scored}
        for label in (row for row in truth if not row["expected_reasons"]):
            found = set(rows[label["transaction_id"], label["customer_id"]]["risk_reasons"])
            assert _listed(label["expected_rules"]) <= found, label
            assert not _listed(label["forbidden_rules"]) & found, label
            fired |= _listed(label["expected_rules"])
    assert fired == {rule.heading.id for rule in read_rule_file(EXTENDED).rules}


def test_every_planted_fault_is_rejected_with_its_reasons(
    planted: list[tuple[list[Row], list[Row], list[Row]]],
) -> None:
    for truth, _, rejected in planted:
        expected = Counter(
            _key(row, row["expected_reasons"]) for row in truth if row["expected_reasons"]
        )
        found = Counter(_key(row, "|".join(row["reject_reasons"])) for row in rejected)
        assert expected <= found


def _listed(text: str) -> set[str]:
    return set(text.split("|")) - {""}


def _key(row: Row, reasons: str) -> tuple[str, ...]:
    """A rejected row; of a malformed line no field is known."""
    ids = (row["transaction_id"], row["customer_id"])
    return (reasons, *("" if "MALFORMED" in reasons else (one or "").strip() for one in ids))
