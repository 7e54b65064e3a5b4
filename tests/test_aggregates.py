"""What a batch says of each customer, and the profile that moves from batch to batch."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from fraudlake.aggregates import (
    first_baseline_batch,
    flagged_customers,
    moved_profile,
    profile_of_runs,
    risk_by_customer,
)
from fraudlake.tables import (
    CUSTOMER_PROFILE,
    CUSTOMER_RISK,
    FLAGGED_CUSTOMERS,
    USD_TOTAL,
)
from tests.frames import BOOK, DAY, Literal, frame, records

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SCORED = (
    "customer_id string, transaction_ts timestamp, amount_usd decimal(18,2), velocity_count bigint,"
    " risk_score int, risk_category string"
)
RISK_OF_RUNS = ", ".join(
    [f"{one.name} {one.dataType.simpleString()}" for one in CUSTOMER_RISK.fields]
    + ["batch_date date"]
)


def as_text(rows: DataFrame) -> dict[str, dict[str, str | None]]:
    """Each customer's row as Spark writes it."""
    written = rows.selectExpr(*(f"cast({name} as string) {name}" for name in rows.columns))
    return {row["customer_id"]: row.asDict() for row in written.collect()}


def test_a_customer_is_as_risky_as_the_worst_transaction(spark: SparkSession) -> None:
    rows = [
        ("c1", "12:00:00.5", "10.01", 1, 30, "Medium"),
        ("c1", "11:00:00", "10.02", 4, 69, "Medium"),
        ("c1", "13:00:00", "0.00", 2, 0, "Low"),
        ("c2", "12:00:00", "9999999999999999.99", 1, 70, "High"),
        ("c2", "12:00:00", "9999999999999999.99", 1, 29, "Low"),
    ]
    names = ("customer_id", "transaction_ts", "amount_usd", "velocity_count", "risk_score")
    literals = [
        dict(zip((*names, "risk_category"), (who, f"{DAY} {clock}", *rest), strict=True))
        for who, clock, *rest in rows
    ]
    risk = risk_by_customer(frame(spark, SCORED, *literals), BOOK.categories)
    assert risk.schema.names == CUSTOMER_RISK.names
    assert [one.dataType for one in risk.schema] == [one.dataType for one in CUSTOMER_RISK]
    found = as_text(risk)
    assert found["c1"] == {
        "customer_id": "c1",
        "transaction_count": "3",
        "total_amount_usd": "20.03",
        "average_amount_usd": str(2003 / 3 / 100),
        "max_amount_usd": "10.02",
        "sum_of_squares_cents": str(1001**2 + 1002**2),
        "high_risk_count": "0",
        "medium_risk_count": "2",
        "max_velocity_count": "4",
        "max_risk_score": "69",
        "risk_category": "Medium",
        "first_transaction_ts": f"{DAY} 11:00:00",
        "last_transaction_ts": f"{DAY} 13:00:00",
    }
    assert found["c2"]["total_amount_usd"] == "19999999999999999.98"
    assert found["c2"]["sum_of_squares_cents"] == str(2 * 999999999999999999**2)
    assert (found["c2"]["risk_category"], found["c2"]["high_risk_count"]) == ("High", "1")


def test_a_flagged_customer_without_accepted_transactions_has_zeros(spark: SparkSession) -> None:
    matches = frame(
        spark,
        FLAGGED_CUSTOMERS,
        {"customer_id": "c1", "blacklist_id": "b1", "match_type": "name", "similarity": 0.95}
        | {"reason": "fraud"},
        {"customer_id": "c2", "blacklist_id": "b2", "match_type": "email", "similarity": 1.0},
    ).drop("transaction_count", "total_amount_usd")
    risk = frame(
        spark,
        CUSTOMER_RISK,
        {"customer_id": "c1", "transaction_count": 2, "total_amount_usd": "20.00"},
        {"customer_id": "c3", "transaction_count": 9, "total_amount_usd": "90.00"},
    )
    flagged = flagged_customers(matches, risk)
    assert flagged.schema["total_amount_usd"].dataType == USD_TOTAL
    assert records(flagged, *FLAGGED_CUSTOMERS.names) == [
        ("c1", "b1", "name", 0.95, "fraud", 2, Decimal("20.00")),
        ("c2", "b2", "email", 1.0, None, 0, Decimal("0.00")),
    ]


def risk(who: str, days: int, cents: int) -> Literal:
    """The customer_risk of one transaction of some cents at noon, `days` from DAY."""
    batch = DAY + timedelta(days)
    return {
        "customer_id": who,
        "batch_date": batch,
        "transaction_count": 1,
        "total_amount_usd": Decimal(cents) / 100,
        "sum_of_squares_cents": cents**2,
        "first_transaction_ts": f"{batch} 12:00:00",
        "last_transaction_ts": f"{batch} 12:00:00",
    }


MOMENTS = ("customer_id", "baseline_count", "baseline_sum_cents", "baseline_sum_of_squares_cents")


def test_the_ninetieth_day_counts_for_the_baseline_and_the_day_before_does_not(
    spark: SparkSession,
) -> None:
    runs = frame(
        spark,
        RISK_OF_RUNS,
        risk("c1", -91, 1),
        risk("c1", -90, 10),
        risk("c1", -1, 100),
        risk("gone", -91, 1000),
    )
    profile = profile_of_runs(runs, first_baseline_batch(DAY, 90)).persist()
    assert records(profile, *MOMENTS) == [("c1", 2, 110, 10_100), ("gone", 0, 0, 0)]
    life = as_text(profile)
    assert life["c1"]["lifetime_transaction_count"] == "3"
    assert life["c1"]["lifetime_total_amount_usd"] == "1.11"
    assert life["c1"]["lifetime_average_amount_usd"] == "0.37"
    assert life["gone"]["lifetime_transaction_count"] == "1"
    assert life["c1"]["first_transaction_ts"] == f"{DAY - timedelta(91)} 12:00:00"
    assert life["c1"]["last_transaction_ts"] == f"{DAY - timedelta(1)} 12:00:00"
    profile.unpersist()


def test_a_moved_profile_is_the_rebuilt_one(spark: SparkSession) -> None:
    runs = frame(
        spark,
        RISK_OF_RUNS,
        risk("c1", -90, 10),
        risk("c1", -1, 100),
        risk("left", -90, 5),
        risk("c1", 0, 7),
        risk("new", 0, 9),
    )
    today = runs.where(f"batch_date = date'{DAY}'").drop("batch_date")
    earlier = runs.where(f"batch_date < date'{DAY}'")
    before = profile_of_runs(earlier, first_baseline_batch(DAY, 90))
    left = runs.where(f"batch_date = date'{DAY - timedelta(90)}'").drop("batch_date")
    moved = moved_profile(before, arrived=today, left=left)
    rebuilt = profile_of_runs(runs, first_baseline_batch(DAY + timedelta(1), 90))
    assert moved.schema.names == CUSTOMER_PROFILE.names
    assert records(moved, *MOMENTS) == [
        ("c1", 2, 107, 10_049),
        ("left", 0, 0, 0),
        ("new", 1, 9, 81),
    ]
    assert as_text(moved) == as_text(rebuilt)
