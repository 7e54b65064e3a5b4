"""A run commits only when what it read is what it wrote."""

from __future__ import annotations

from typing import Any

import pytest

from fraudlake.errors import RunError
from fraudlake.runs import check_reconciled

ROWS = {"read": 5, "scored": 3, "quarantined": 2}
OUTPUTS: dict[str, dict[str, Any]] = {
    "scored_transactions": {"rows": 3, "files": ["a"]},
    "quarantine": {"rows": 2, "files": ["b"]},
    "customer_risk": {"rows": 9, "files": ["c"]},
}


def problems(rows: dict[str, int], outputs: dict[str, dict[str, Any]]) -> list[str]:
    with pytest.raises(RunError) as caught:
        check_reconciled(rows, outputs)
    prefix = "the run does not add up and commits nothing: "
    assert all(one.startswith(prefix) for one in caught.value.problems)
    return [one.removeprefix(prefix) for one in caught.value.problems]


def test_a_run_that_adds_up_may_commit() -> None:
    check_reconciled(ROWS, OUTPUTS)


@pytest.mark.parametrize("read", [4, 6])
def test_a_row_lost_or_doubled_stops_the_run(read: int) -> None:
    expected = [f"{read} rows were read, 3 scored and 2 quarantined"]
    assert problems({**ROWS, "read": read}, OUTPUTS) == expected


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("scored_transactions", "scored: 3 rows were decided, 8 were written"),
        ("quarantine", "quarantined: 2 rows were decided, 8 were written"),
    ],
)
def test_a_table_with_other_rows_than_decided_stops_the_run(table: str, message: str) -> None:
    assert problems(ROWS, {**OUTPUTS, table: {"rows": 8, "files": ["a"]}}) == [message]


def test_an_output_without_files_stops_the_run() -> None:
    empty = {**OUTPUTS, "customer_risk": {"rows": 0, "files": []}}
    assert problems(ROWS, empty) == ["customer_risk: nothing was written"]


def test_every_failure_is_told_at_once() -> None:
    empty = {name: {"rows": 0, "files": []} for name in OUTPUTS}
    assert len(problems({**ROWS, "read": 0}, empty)) == 6
