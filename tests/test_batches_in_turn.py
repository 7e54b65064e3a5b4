"""What a batch sees of those before it, and of the snapshots of its day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.lake_story import REACH, Story
from tests.lakes import Row, in_order, table


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


def test_carried_columns_pass_through(story: Story) -> None:
    rows = story.scored("2025-03-03")
    assert (rows["a1"]["device"], rows["d1"]["device"]) == ("phone-1", None)
    [rejected] = table(story.lake, story.first("2025-03-03"), "quarantine")
    assert rejected["device"] == "phone-2"
