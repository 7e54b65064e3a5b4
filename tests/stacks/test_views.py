from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.stacks.curated_lake import (
    NEWER,
    OLDER,
    VIEWS,
    commit,
    duck,
    opened_lake,
    put_scores,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    yield from opened_lake()


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_answers_with_the_columns_that_it_declares(
    lake: duckdb.DuckDBPyConnection, name: str
) -> None:
    """Athena calls a view stale whose query gives other columns or types."""
    expected = lake.execute(
        f"SELECT {', '.join(f'NULL::{duck(one.dataType)} AS x' for one in VIEWS[name].fields)}"
    ).description
    found = lake.execute(f"SELECT * FROM {name}").description  # noqa: S608

    assert found is not None
    assert expected is not None
    assert [one[0] for one in found] == [one.name for one in VIEWS[name].fields]
    assert [one[1] for one in found] == [one[1] for one in expected]


def test_the_run_that_committed_last_is_in_force(lake: duckdb.DuckDBPyConnection) -> None:
    """By the time of the commit, not by the run's id: a run may start first and end last."""
    commit(lake, "2025-01-31", "started-first", NEWER)
    commit(lake, "2025-01-31", "started-second", OLDER)
    commit(lake, "2025-02-01", "a", OLDER)
    commit(lake, "2025-02-01", "b", OLDER)

    assert rows_of(lake, "committed_runs", "batch_date", "run_id", "commits") == [
        ("2025-01-31", "started-first", 2),
        ("2025-02-01", "b", 2),
    ]


def test_a_manifest_can_be_read_field_by_field(lake: duckdb.DuckDBPyConnection) -> None:
    commit(lake, "2025-01-31", "r", NEWER)

    columns = "rows_read, rows_high, rows_low, total_amount_usd, customers_snapshot_date"
    [row] = rows_of(lake, "committed_runs", columns)
    assert (*row[:3], str(row[3]), row[4]) == (4, 1, 2, "98765432109876543.21", "2025-01-31")
    [[settings, by_reason]] = rows_of(lake, "runs", "settings", '"rows".quarantined_by_reason')
    assert json.loads(settings) == {"rules": []}
    assert by_reason == {"ZERO_AMOUNT": 1}


def test_rows_of_superseded_and_of_uncommitted_runs_are_not_shown(
    lake: duckdb.DuckDBPyConnection,
) -> None:
    commit(lake, "2025-01-31", "old", OLDER)
    commit(lake, "2025-01-31", "new", NEWER)
    put_scores(lake, "2025-01-31", "old", "T1", "T2")
    put_scores(lake, "2025-01-31", "new", "T1")
    put_scores(lake, "2025-01-31", "crashed", "T1")
    put_scores(lake, "2025-02-01", "crashed", "T9")

    shown = rows_of(lake, "current_scored_transactions", "batch_date", "run_id", "transaction_id")
    assert shown == [("2025-01-31", "new", "T1")]
