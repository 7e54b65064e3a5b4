"""One row a customer: the newest, and always the same one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F

from fraudlake.customers import customers_named, deduplicated_customers
from fraudlake.input_tables import CUSTOMERS
from fraudlake.pipeline import with_customer
from tests.frames import Literal, frame, pairs, records

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TABLE = ", ".join(f"{name} string" for name in CUSTOMERS.columns)

# Each case: the rows of one customer in order of arrival, and which of them wins.
REPEATS: dict[str, tuple[list[Literal], int]] = {
    "one row": ([{}], 0),
    "newest update": (
        [{"updated_at": "2025-01-02T00:00Z"}, {"updated_at": "2025-01-01T00:00Z"}],
        0,
    ),
    "by a microsecond": (
        [
            {"updated_at": "2025-01-02T00:00:00.000001Z"},
            {"updated_at": "2025-01-02T00:00:00.000002Z"},
        ],
        1,
    ),
    "newest in UTC": (
        [{"updated_at": "2025-01-02T01:00+02:00"}, {"updated_at": "2025-01-02T00:30Z"}],
        1,
    ),
    "a date is its midnight": (
        [{"updated_at": "2025-01-02"}, {"updated_at": "2025-01-01T23:59:59Z"}],
        0,
    ),
    "creation stands in": (
        [{"created_at": "2025-01-02T00:00Z"}, {"updated_at": "2025-01-01T00:00Z"}],
        0,
    ),
    "update before creation": (
        [
            {"updated_at": "2025-01-01T00:00Z", "created_at": "2025-12-01T00:00Z"},
            {"updated_at": "2025-01-02T00:00Z", "created_at": "2024-01-01T00:00Z"},
        ],
        1,
    ),
    "missing comes last": ([{}, {"created_at": "2001-01-01T00:00Z"}], 1),
    "what is no time comes last": (
        [{"updated_at": "yesterday"}, {"updated_at": "2001-01-01T00:00Z"}],
        1,
    ),
    "greatest row": ([{"country": "DE"}, {"country": "FR"}], 1),
    "columns in name order": (
        [{"country": "AT", "email": "z@x"}, {"country": "DE", "email": "a@x"}],
        1,
    ),
    "the trimmed number is the same": ([{"country": "FR"}, {"customer_id": " {}\u2003"}], 0),
}


def customers(spark: SparkSession) -> DataFrame:
    literals = [
        {"full_name": f"row {at}"}
        | row
        | {"customer_id": str(row.get("customer_id", "{}")).format(case)}
        for case, (rows, _) in REPEATS.items()
        for at, row in enumerate(rows)
    ]
    nobody: list[Literal] = [{"full_name": "nobody"}, {"customer_id": " ", "full_name": "blank"}]
    return frame(spark, TABLE, *literals, *nobody, {"customer_id": "N/A", "full_name": "none"})


@pytest.fixture(scope="module")
def deduplicated(spark: SparkSession) -> list[tuple[str, str, int]]:
    rows = deduplicated_customers(customers(spark))
    return records(rows, "customer_key", "full_name", "duplicates")


def test_the_newest_row_wins_then_the_greatest(deduplicated: list[tuple[str, str, int]]) -> None:
    winners = {customer: name for customer, name, _ in deduplicated}
    assert winners == {case: f"row {winner}" for case, (_, winner) in REPEATS.items()}


def test_every_row_that_was_replaced_is_counted(deduplicated: list[tuple[str, str, int]]) -> None:
    counts = {customer: duplicates for customer, _, duplicates in deduplicated}
    assert counts == {case: len(rows) - 1 for case, (rows, _) in REPEATS.items()}


def test_a_batch_names_each_customer_once_and_the_unknown_stay(spark: SparkSession) -> None:
    cleansed = frame(
        spark,
        "customer_id string",
        *({"customer_id": one} for one in ("one row", "one row", "one\u00a0row", "new", None)),
    )
    known = deduplicated_customers(customers(spark))
    people = with_customer(customers_named(cleansed), known)
    assert people.schema["customer_known"].dataType.simpleString() == "boolean"
    found = pairs(people, "customer_id", F.struct("customer_key", "customer_known", "full_name"))
    assert {who: tuple(row) for who, row in found.items()} == {
        "one row": ("one row", True, "row 0"),
        "one\u00a0row": ("one row", True, "row 0"),
        "new": ("new", False, None),
    }
