"""What is written: the same every time, complete, and every planted line where truth says."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fraudlake.sample_data import SamplePlan, write_sample_data
from fraudlake.sample_data.labels import PLANTINGS

from .written_sample import SMALL, Sample, make_sample

if TYPE_CHECKING:
    from pathlib import Path

# Only planted beside another label.
COPIES = {"DUPLICATE_TRANSACTION", "DUPLICATE_OF_YESTERDAY"}
NEEDS_ANOTHER_DAY = {
    "VELOCITY_BURST_MIDNIGHT",
    "DUPLICATE_ORIGINAL_OF_TOMORROW",
    "DUPLICATE_OF_YESTERDAY",
}
ALL_LABELS = set(PLANTINGS) | COPIES


def hashes(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_the_same_plan_gives_the_same_bytes(tmp_path: Path, file_format: str) -> None:
    plan = replace(SMALL, format=file_format)
    write_sample_data(tmp_path / "a", plan)
    write_sample_data(tmp_path / "b", plan)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")


def test_another_seed_changes_every_file(tmp_path: Path, sample: Sample) -> None:
    write_sample_data(tmp_path, replace(SMALL, seed=8))
    ours, theirs = hashes(sample.root), hashes(tmp_path)
    assert ours.keys() == theirs.keys()
    assert all(ours[name] != theirs[name] for name in ours)


def test_every_label_is_planted_on_every_day_that_allows_it(sample: Sample) -> None:
    by_day = Counter((row["ingest_date"], row["label"]) for row in sample.truth)
    missing = {
        (str(day), label)
        for day in sample.plan.dates
        for label in ALL_LABELS
        if not by_day[str(day), label]
    }
    last, first = str(sample.plan.last_date), str(sample.plan.first_date)
    assert missing == {
        (last, "DUPLICATE_ORIGINAL_OF_TOMORROW"),
        (first, "DUPLICATE_OF_YESTERDAY"),
    }


def test_a_single_day_has_every_label_that_needs_no_other_day(tmp_path: Path) -> None:
    summary = write_sample_data(tmp_path, SamplePlan(transactions=500, customers=303, days=1))
    assert ALL_LABELS - set(summary.planted) == NEEDS_ANOTHER_DAY


def test_truth_points_at_the_raw_lines(sample: Sample) -> None:
    for row in sample.truth:
        fields = sample.fields(row)
        assert fields[0].strip() == row["transaction_id"]
        assert fields[1].strip() == row["customer_id"]
        assert (len(fields) != len(sample.header)) == (row["label"] == "MALFORMED_ROW")


def test_there_are_as_many_lines_as_asked_for(sample: Sample) -> None:
    rows = sum(
        path.read_text(encoding="utf-8").count("\n") - 1
        for path in sample.root.glob("transactions/*/part-0000.csv")
    )
    assert rows == sample.plan.transactions == sample.summary.rows["transactions"]


def test_the_summary_counts_what_was_written(sample: Sample) -> None:
    assert sample.summary.planted == dict(Counter(row["label"] for row in sample.truth))
    assert sample.summary.rows["blacklist"] == sample.plan.blacklist_entries
    assert sample.summary.bytes["truth"] == (sample.root / "truth/planted.csv").stat().st_size


def test_few_lines_are_malformed_and_none_when_told_so(tmp_path: Path, sample: Sample) -> None:
    assert sample.summary.planted["MALFORMED_ROW"] < sample.plan.transactions * 0.005
    tidy = write_sample_data(tmp_path, replace(SMALL, malformed=False))
    assert "MALFORMED_ROW" not in tidy.planted


def test_rates_skip_week_ends_and_lie_in_one_file_a_year(sample: Sample) -> None:
    rates = sample.table("fx_rates/fx_rates_*.csv")
    days = {date.fromisoformat(row["rate_date"]) for row in rates}
    assert {path.name for path in sample.root.glob("fx_rates/*")} == {
        "fx_rates_2024.csv",
        "fx_rates_2025.csv",
    }
    assert (min(days), max(days)) == (date(2024, 12, 23), date(2025, 1, 10))
    assert max(row["rate_date"] for row in rates if row["currency"] == "ISK") == "2024-12-25"


def test_parquet_is_typed_and_holds_the_same_kind_of_rows(tmp_path: Path) -> None:
    sample = make_sample(tmp_path, replace(SMALL, format="parquet"))
    path = tmp_path / "transactions/ingest_date=2025-01-06/part-0000.parquet"
    table = pq.read_table(path, partitioning=None)
    assert table.schema.field("transaction_ts").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("amount").type == pa.decimal128(16, 4)
    ids = table["transaction_id"].to_pylist()
    rows = [row for row in sample.truth if row["ingest_date"] == "2025-01-06"]
    assert rows
    found = [(ids[int(row["line"]) - 1] or "").strip() for row in rows]
    assert found == [row["transaction_id"] for row in rows]


def test_progress_is_told_by_day(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    write_sample_data(tmp_path, SMALL, lambda *call: calls.append(call))
    assert calls[-1] == ("transactions", 7, 7)
