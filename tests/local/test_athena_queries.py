"""Every saved query and every view of the template, asked over the API."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.local.athena_lake import RULE, Lake, scored
from tests.stacks.curated_lake import NEWER, OLDER, SAVED, VIEWS

NEW, OLD = "batch_date=2025-01-31/run_id=new", "batch_date=2025-01-31/run_id=old"
CRASHED = "batch_date=2025-02-01/run_id=crashed"
TITLES = {name: text.splitlines()[0][3:].split(": ")[0] for name, text in SAVED.items()}


@pytest.fixture(scope="module")
def lake(empty_lake: Lake) -> Lake:
    """Two days: one scored twice, one whose run is not registered and one that crashed."""
    lake = empty_lake
    lake.commit("2025-01-30", "first", OLDER)
    lake.commit("2025-01-31", "new", NEWER)
    lake.commit("2025-01-31", "old", OLDER)
    lake.commit("2025-02-02", "stale", OLDER)
    put_scores(lake)
    put_the_rest(lake)
    return lake


def put_scores(lake: Lake) -> None:
    evidence = [
        {"rule": RULE, "points": 70, "text": "6,120.00 USD is over"},
        {"rule": "VELOCITY_BURST", "points": 25, "text": "5 in 60 s"},
    ]
    burst: dict[str, Any] = {
        "risk_reasons": ["VELOCITY_BURST"],
        "evidence": evidence[1:],
        "risk_score": 25,
    }
    both: dict[str, Any] = {
        "risk_reasons": [RULE, "VELOCITY_BURST"],
        "evidence": evidence,
        "risk_score": 95,
    }
    rows = [scored(3), scored(4, **burst), scored(5, **both), scored(6, "C2")]
    lake.put("scored_transactions", NEW, rows)
    lake.put("scored_transactions", OLD, [scored(3), scored(4, **burst), scored(7, "C3", **burst)])
    lake.put("scored_transactions", CRASHED, [scored(3)])
    lake.put("scored_transactions", "batch_date=2025-02-02/run_id=stale", [scored(8)], known=False)


def put_the_rest(lake: Lake) -> None:
    late = {"transaction_id": "T9", "reject_reasons": ["TOO_LATE", "ZERO_AMOUNT"]}
    lake.put("quarantine", NEW, [late, {**late, "reject_reasons": ["TOO_LATE"]}])
    lake.put("quarantine", OLD, [late])
    hit = {"customer_id": "C2", "blacklist_id": "B7", "match_type": "email", "similarity": 1.0}
    lake.put(
        "flagged_customers",
        NEW,
        [
            {**hit, "transaction_count": 1, "total_amount_usd": Decimal("10.50")},
            {**hit, "customer_id": "C1", "match_type": "name", "similarity": 0.925},
        ],
    )
    noon = datetime(2025, 1, 31, 12, 0, 3, 999600)  # noqa: DTZ001 - as in Parquet
    risk = {"risk_category": "Low", "max_risk_score": 0, "high_risk_count": 0}
    lake.put(
        "customer_risk",
        NEW,
        [
            {"customer_id": "C2", **risk, "total_amount_usd": Decimal("10.50")},
            {"customer_id": "C1", **risk, "max_risk_score": 95, "first_transaction_ts": noon},
            {"customer_id": "C0", **risk, "total_amount_usd": Decimal("99.00")},
        ],
    )
    lake.put("customer_risk", OLD, [{"customer_id": "C3", **risk}])
    lake.put("customer_profile", NEW, [{"customer_id": "C1", "lifetime_transaction_count": 3}])


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_answers_with_the_columns_that_it_declares(lake: Lake, view: str) -> None:
    execution = lake.run(f"SELECT * FROM {view}")  # noqa: S608
    page = lake.call("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    declared = [
        (one["Name"], one["Type"].split("<")[0].split("(")[0]) for one in lake.columns(view)
    ]

    names = {"string": "varchar", "int": "integer"}
    expected = [(name, names.get(kind, kind)) for name, kind in declared]
    assert [(one["Name"], one["Type"]) for one in columns] == expected


def test_every_saved_query_of_the_template_is_one_of_those_asked_here() -> None:
    assert set(TITLES) == {
        *("blacklist_hits", "bursts", "customer_history", "late_and_stale"),
        *("quarantine_by_reason", "riskiest_customers", "runs_and_counts", "why_a_score"),
    }


def test_the_run_that_committed_last_is_in_force(lake: Lake) -> None:
    found = lake.ask("SELECT batch_date, run_id, commits FROM committed_runs ORDER BY 1")

    assert [tuple(one.values()) for one in found] == [
        ("2025-01-30", "first", "1"),
        ("2025-01-31", "new", "2"),
        ("2025-02-02", "stale", "1"),
    ]


def test_rows_of_superseded_and_of_uncommitted_runs_are_not_seen(lake: Lake) -> None:
    sql = "SELECT transaction_id, run_id FROM current_scored_transactions ORDER BY 1"

    assert [one["transaction_id"] for one in lake.ask(sql)] == ["T3", "T4", "T5", "T6"]
    assert {one["run_id"] for one in lake.ask(sql)} == {"new"}


def test_a_partition_that_is_not_registered_is_invisible(lake: Lake) -> None:
    sql = "SELECT count(*) AS n FROM scored_transactions WHERE batch_date = '2025-02-02'"

    assert lake.ask(sql) == [{"n": "0"}]


def test_bursts_of_a_day_counted_by_hand(lake: Lake) -> None:
    """T4 and T5 of C1 fired; T7 did in the superseded run only."""
    found = lake.ask(lake.saved("Bursts"), "'2025-01-31'")

    assert found == [
        {
            "customer_id": "C1",
            "max_velocity_count": "5",
            "times_fired": "2",
            "amount_usd": "21.00",
            "first_transaction_ts": "2025-01-31 12:00:04.000",
            "last_transaction_ts": "2025-01-31 12:00:05.000",
        }
    ]
    assert lake.ask(lake.saved("Bursts"), "'2025-02-01'") == []


def test_runs_and_their_counts_counted_by_hand(lake: Lake) -> None:
    """Three runs in force; of the newest nothing is registered, of the first nothing was put."""
    found = lake.ask(lake.saved("Runs and their counts"))

    assert [(one["batch_date"], one["run_id"], one["rows_registered"]) for one in found] == [
        ("2025-02-02", "stale", "0"),
        ("2025-01-31", "new", "4"),
        ("2025-01-30", "first", "0"),
    ]
    assert found[1] == {
        "batch_date": "2025-01-31",
        "run_id": "new",
        "committed_at": NEWER,
        "commits": "2",
        "rows_read": "4",
        "rows_scored": "3",
        "rows_registered": "4",
        "rows_quarantined": "1",
        "rows_high": "1",
        "rows_medium": "0",
        "rows_low": "2",
        "total_amount_usd": "98765432109876543.21",
        "blacklist_snapshot_date": None,
        "customers_snapshot_date": "2025-01-31",
        "customers_duplicates": "2",
        "rules_version": "abc",
        "code_version": "0.1.0",
        "rows_per_second": "8.0",
    }


def test_a_score_is_explained_rule_by_rule(lake: Lake) -> None:
    found = lake.ask(lake.saved("Why a transaction got its score"), "'T5'")

    assert [(one["rule"], one["points"], one["evidence"]) for one in found] == [
        (RULE, "70", "6,120.00 USD is over"),
        ("VELOCITY_BURST", "25", "5 in 60 s"),
    ]
    assert {one["transaction_ts"] for one in found} == {"2025-01-31 12:00:05.000"}


def test_a_score_of_nothing_is_found_too(lake: Lake) -> None:
    [found] = lake.ask(lake.saved("Why a transaction got its score"), "'T3'")

    assert (found["risk_score"], found["rule"], found["points"]) == ("0", None, None)


def test_a_row_counts_for_every_reason_in_quarantine(lake: Lake) -> None:
    found = lake.ask(lake.saved("Quarantine by reason"))

    assert [tuple(one.values()) for one in found] == [
        ("2025-01-31", "TOO_LATE", "2"),
        ("2025-01-31", "ZERO_AMOUNT", "1"),
    ]


def test_a_run_is_stale_when_an_earlier_day_was_committed_after_it(lake: Lake) -> None:
    found = lake.ask(lake.saved("Late rows and stale runs"))

    assert [(one["run_id"], one["is_stale"]) for one in found] == [("stale", "true")]
    assert found[0]["earlier_days_committed_at"] == NEWER


def test_hits_are_sorted_by_likeness_and_show_their_amounts(lake: Lake) -> None:
    found = lake.ask(lake.saved("Blacklist hits"))

    hits = [(one["customer_id"], one["similarity"], one["total_amount_usd"]) for one in found]
    assert hits == [("C2", "1.0", "10.50"), ("C1", "0.925", None)]


def test_the_riskiest_customer_comes_first_and_unknown_amounts_last(lake: Lake) -> None:
    found = lake.ask(lake.saved("Riskiest customers of a day"), "'2025-01-31'")

    assert [one["customer_id"] for one in found] == ["C1", "C0", "C2"]
    assert found[0]["first_transaction_ts"] == "2025-01-31 12:00:04.000"  # rounded to milliseconds


def test_the_history_of_a_customer_is_newest_first(lake: Lake) -> None:
    found = lake.ask(lake.saved("History of a customer"), "'C1'")

    assert [one["transaction_id"] for one in found] == ["T5", "T4", "T3"]
    assert found[0]["risk_reasons"] == f"[{RULE}, VELOCITY_BURST]"
    assert found[2]["risk_reasons"] == "[]"


def test_evidence_can_be_unnested_into_its_fields(lake: Lake) -> None:
    found = lake.ask(
        "SELECT e.rule, e.points + 1 AS more, e.place FROM current_scored_transactions "
        "CROSS JOIN UNNEST(evidence) WITH ORDINALITY AS e (rule, points, text, place) "
        "WHERE transaction_id = 'T5' ORDER BY e.place"
    )
    assert [tuple(one.values()) for one in found] == [
        (RULE, "71", "1"),
        ("VELOCITY_BURST", "26", "2"),
    ]
