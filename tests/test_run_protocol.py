"""Runs that fail, commit, are superseded, and what later runs make of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.errors import InputError, RunError
from fraudlake.lake import Lake
from fraudlake.runs import RunLog, check_reconciled
from fraudlake.tables import OUTPUT_TABLES
from tests.lake_story import BATCHES, Story
from tests.lakes import Inputs, by_id, score_days, table, tables

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from fraudlake.rules.book import RuleBook


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
    spark: SparkSession, story_inputs: Inputs, story_book: RuleBook, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no partition for 2025-03-06; there are 2025-03-03 to"):
        score_days(spark, story_inputs, Lake(tmp_path), "2025-03-06", book=story_book)
    assert list(tmp_path.iterdir()) == []


def test_a_header_without_rows_commits_every_table_without_rows(story: Story) -> None:
    manifest = story.first("2025-03-08")
    assert all(one["files"] for one in manifest.outputs.values())
    rows = {name: one["rows"] for name, one in manifest.outputs.items()}
    assert rows == {**dict.fromkeys(OUTPUT_TABLES, 0), "customer_profile": 3}
    counts = {name: manifest.rows[name] for name in ("read", "scored", "quarantined", "late")}
    assert set(counts.values()) == {0}
    assert manifest.total_amount_usd["all"] == "0.00"


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


def test_the_manifest_is_the_last_file_of_a_run(story: Story) -> None:
    for manifest in story.backfill.manifests:
        folder = story.root / "runs" / f"batch_date={manifest.batch_date}"
        committed = (folder / f"{manifest.run_id}.json").stat().st_mtime_ns
        files = [name for one in manifest.outputs.values() for name in one["files"]]
        assert max((story.root / name).stat().st_mtime_ns for name in files) <= committed


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
