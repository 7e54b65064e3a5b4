"""What is delivered while a run reads, and snapshots that hold nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import InputError, RunError
from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.scorer import ScoreRequest, score
from tests.lakes import Inputs, transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyspark.sql import SparkSession

    from fraudlake.steps import Progress

DAY = "2025-03-05"


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    found = Inputs(tmp_path / "in")
    found.write_transactions(DAY, [transaction("T1", "C1", f"{DAY}T12:00:00Z")])
    found.write("customers/customers.csv", [{"customer_id": "C1", "full_name": "Ann"}])
    listed = [{"blacklist_id": "B1", "customer_id": "C9", "reason": "mule"}]
    found.write(f"blacklist/snapshot_date={DAY}/blacklist.csv", listed)
    found.write_rates((DAY, "EUR", "1.04"))
    return found


def request_of(inputs: Inputs, lake: Lake) -> ScoreRequest:
    day = date.fromisoformat(DAY)
    return ScoreRequest(
        paths=inputs.paths,
        lake=lake,
        book=read_rule_file(),
        first=day,
        last=day,
        is_backfill=False,
    )


def while_committing(change: Callable[[], object]) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        if progress.step == "committing":
            change()

    return report


@pytest.mark.parametrize("change", ["came", "changed", "gone"])
def test_a_batch_whose_files_change_while_it_is_scored_commits_nothing(
    spark: SparkSession, inputs: Inputs, tmp_path: Path, change: str
) -> None:
    lake = Lake(tmp_path / "lake")
    path = inputs.root / f"transactions/ingest_date={DAY}/part-0.csv"
    changes: dict[str, Callable[[], object]] = {
        "came": lambda: path.with_name("part-1.csv").write_bytes(path.read_bytes()),
        "changed": lambda: path.write_text(f"{path.read_text()}\n"),
        "gone": path.unlink,
    }
    with pytest.raises(RunError, match=rf"part-\d\.csv {change}; score it again"):
        score(spark, request_of(inputs, lake), report=while_committing(changes[change]))
    assert lake.run_log().by_id == {}


def test_files_of_other_batches_may_come_meanwhile(
    spark: SparkSession, inputs: Inputs, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "lake")
    other = [transaction("T2", "C1", "2025-03-06T12:00:00Z")]
    come = while_committing(lambda: inputs.write_transactions("2025-03-06", other))
    assert len(score(spark, request_of(inputs, lake), report=come).manifests) == 1


@pytest.mark.parametrize("left", ["_SUCCESS", ".draft.csv", None])
def test_a_newer_snapshot_without_a_file_strikes_nobody_off(
    spark: SparkSession, inputs: Inputs, tmp_path: Path, left: str | None
) -> None:
    empty = inputs.root / "blacklist/snapshot_date=2025-03-06"
    empty.mkdir()
    if left:
        (empty / left).touch()
    day = date(2025, 3, 6)
    inputs.write_transactions("2025-03-06", [transaction("T2", "C9", "2025-03-06T12:00:00Z")])
    request = replace(request_of(inputs, Lake(tmp_path / "lake")), first=day, last=day)
    with pytest.raises(InputError, match=r"blacklist: .*snapshot_date=2025-03-06 without a file"):
        score(spark, request)
