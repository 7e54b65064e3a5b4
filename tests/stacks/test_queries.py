from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from fraudlake.rules.file import read_rule_file
from tests.stacks.curated_lake import (
    NEWER,
    OLDER,
    RULE,
    SAVED,
    VIEWS,
    answer,
    commit,
    opened_lake,
    put_row,
    put_scores,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    yield from opened_lake()


@pytest.mark.parametrize("query", SAVED)
def test_a_saved_query_reads_columns_that_there_are(
    lake: duckdb.DuckDBPyConnection, query: str
) -> None:
    parameters = ["x"] * SAVED[query].count("?")

    assert answer(lake, query, *parameters) == []


@pytest.mark.parametrize("query", SAVED)
def test_a_saved_query_sees_runs_in_force_only(query: str) -> None:
    """Read from the table itself, superseded runs would be counted along."""
    read = set(re.findall(r"(?:FROM|JOIN) (\w+)", SAVED[query])) - {"UNNEST"}
    own = set(re.findall(r"WITH (\w+) AS", SAVED[query]))

    assert read
    assert read - own <= set(VIEWS)


@pytest.mark.parametrize("query", SAVED)
def test_a_saved_query_says_what_it_answers_and_what_it_asks_for(query: str) -> None:
    first, text = SAVED[query].splitlines()[0], SAVED[query]

    assert re.fullmatch(r"-- [A-Z][\w ]+: .+\.", first)
    assert text.count("?") == first.count("Parameter")


def test_rules_that_queries_name_are_rules() -> None:
    """A query for a rule that was renamed finds nothing, without an error."""
    known = {rule.heading.id for rule in read_rule_file().rules}
    named = set(re.findall("'([A-Z_]{5,})'", "".join(SAVED.values())))

    assert named
    assert named <= known


def test_a_score_is_explained_rule_by_rule(lake: duckdb.DuckDBPyConnection) -> None:
    commit(lake, "2025-01-31", "r", NEWER)
    evidence = [
        {"rule": RULE, "points": 70, "text": "6,120.00 USD is over"},
        {"rule": "UNKNOWN_CUSTOMER", "points": 30, "text": "nobody"},
    ]
    scored = {"batch_date": "2025-01-31", "run_id": "r", "transaction_id": "T1", "risk_score": 100}
    reasons = [one["rule"] for one in evidence]
    put_row(lake, "scored_transactions", {**scored, "risk_reasons": reasons, "evidence": evidence})

    found = answer(lake, "why_a_score", "T1")
    told = [(one["rule"], one["points"], one["evidence"]) for one in found]
    assert told == [tuple(one.values()) for one in evidence]


def test_a_score_of_nothing_is_found_too(lake: duckdb.DuckDBPyConnection) -> None:
    commit(lake, "2025-01-31", "r", NEWER)
    row = {"batch_date": "2025-01-31", "run_id": "r", "transaction_id": "T1", "risk_score": 0}
    put_row(lake, "scored_transactions", {**row, "risk_reasons": [], "evidence": []})

    [found] = answer(lake, "why_a_score", "T1")
    assert (found["risk_score"], found["rule"]) == (0, None)


def test_a_run_is_stale_when_an_earlier_day_was_committed_after_it(
    lake: duckdb.DuckDBPyConnection,
) -> None:
    commit(lake, "2025-01-30", "first", OLDER)
    commit(lake, "2025-01-31", "rescored", NEWER)
    commit(lake, "2025-02-01", "stale", OLDER)

    found = answer(lake, "late_and_stale")
    assert [(one["run_id"], one["is_stale"]) for one in found] == [("stale", True)]


def test_a_run_that_the_catalog_has_yet_to_learn_of_shows(lake: duckdb.DuckDBPyConnection) -> None:
    commit(lake, "2025-01-31", "crawled", NEWER)
    put_scores(lake, "2025-01-31", "crawled", "T1", "T2", "T3")
    commit(lake, "2025-02-01", "committed", NEWER)

    found = {
        one["batch_date"]: (one["rows_scored"], one["rows_registered"])
        for one in answer(lake, "runs_and_counts")
    }
    assert found == {"2025-01-31": (3, 3), "2025-02-01": (3, 0)}


def test_a_row_counts_for_every_reason_in_quarantine(lake: duckdb.DuckDBPyConnection) -> None:
    commit(lake, "2025-01-31", "r", NEWER)
    for reasons in (["TOO_LATE", "ZERO_AMOUNT"], ["TOO_LATE"]):
        row = {"batch_date": "2025-01-31", "run_id": "r", "reject_reasons": reasons}
        put_row(lake, "quarantine", row)

    found = answer(lake, "quarantine_by_reason")
    counts = [(one["reason"], one["row_count"]) for one in found]
    assert counts == [("TOO_LATE", 2), ("ZERO_AMOUNT", 1)]


def test_a_burst_is_a_customer_whose_rule_fired_that_day(lake: duckdb.DuckDBPyConnection) -> None:
    commit(lake, "2025-01-31", "r", NEWER)
    for number, reasons in enumerate([[], ["VELOCITY_BURST"], ["VELOCITY_BURST", RULE]], start=3):
        scored = {
            "batch_date": "2025-01-31",
            "run_id": "r",
            "customer_id": "C1",
            "transaction_ts": datetime(2025, 1, 31, 12, 0, number),  # noqa: DTZ001
            "amount_usd": "10.50",
            "velocity_count": number,
            "risk_reasons": reasons,
        }
        put_row(lake, "scored_transactions", scored)

    [burst] = answer(lake, "bursts", "2025-01-31")
    assert (burst["max_velocity_count"], burst["times_fired"]) == (5, 2)
    assert str(burst["amount_usd"]) == "21.00"
    assert answer(lake, "bursts", "2025-02-01") == []
