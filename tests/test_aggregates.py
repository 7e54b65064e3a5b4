"""What a batch says of each customer, and the profile that moves from batch to batch."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.aggregates import (
    customer_days,
    first_baseline_batch,
    flagged_customers,
    profile_of_runs,
    risk_by_customer,
    without_batches,
)
from fraudlake.batches import Batches
from fraudlake.exact import units
from fraudlake.profile import last_leaving, standings
from fraudlake.rules.book import Categories
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
    " risk_score int, risk_category string, reasons int"
)
CLEANSED = (
    "customer_id string, batch_at int, transaction_ts timestamp, foreign_rate_date date,"
    " cents bigint, reject_mask int"
)
C3: Literal = {"customer_id": "c3"}
ONE = Batches((DAY,))
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
        ("c1", "12:00:00.5", "10.01", 1, 30, "Medium", 1),
        ("c1", "11:00:00", "10.02", 4, 69, "Medium", 1),
        ("c1", "13:00:00", "0.00", 2, 0, "Low", 0),
        ("c2", "12:00:00", "9999999999999999.99", 1, 70, "High", 1),
        ("c2", "12:00:00", "9999999999999999.99", 1, 29, "Low", 1),
        ("c3", "12:00:00", "1.00", 1, 0, "Low", 0),
    ]
    names = ("customer_id", "transaction_ts", "amount_usd", "velocity_count", "risk_score")
    literals = [
        dict(zip((*names, "risk_category", "reasons"), (who, f"{DAY} {clock}", *rest), strict=True))
        for who, clock, *rest in rows
    ]
    found = as_text(risk_of(frame(spark, SCORED, *literals)))
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
        "batch_at": "0",
    }
    assert found["c2"]["total_amount_usd"] == "19999999999999999.98"
    assert found["c2"]["sum_of_squares_cents"] == str(2 * 999999999999999999**2)
    assert (found["c2"]["risk_category"], found["c2"]["high_risk_count"]) == ("High", "1")
    plain = found["c3"]
    assert (plain["max_risk_score"], plain["max_velocity_count"]) == ("0", "1")
    assert plain["risk_category"] == "Low"


def test_rows_without_a_reason_have_the_category_of_zero(spark: SparkSession) -> None:
    literal: Literal = {
        "customer_id": "c1",
        "transaction_ts": f"{DAY} 12:00:00",
        "amount_usd": "1.00",
    }
    literal |= {"velocity_count": 1, "risk_score": 0, "risk_category": "Medium", "reasons": 0}
    rows = frame(spark, SCORED, literal)
    found = as_text(risk_of(rows, Categories(high=70, medium=0)))["c1"]
    assert (found["risk_category"], found["medium_risk_count"]) == ("Medium", "1")


def risk_of(rows: DataFrame, categories: Categories = BOOK.categories) -> DataFrame:
    """The customer_risk of one batch, of whose scored rows only the striking ones are looked at."""
    usual = rows.withColumns(
        {
            "batch_at": F.lit(0),
            "reject_mask": F.lit(0),
            "foreign_rate_date": F.lit(None).cast("date"),
            "cents": units(F.col("amount_usd")),
            "risk_reasons": F.array_repeat(F.lit("RULE"), F.col("reasons")),
        }
    )
    days = customer_days(usual, ONE)
    striking = usual.where("size(risk_reasons) > 0 or velocity_count > 1")
    risk = risk_by_customer(days, striking, categories)
    assert risk.schema.names == [*CUSTOMER_RISK.names, "batch_at"]
    assert [one.dataType for one in risk.schema][:-1] == [one.dataType for one in CUSTOMER_RISK]
    return risk


def test_a_flagged_customer_without_accepted_transactions_has_zeros(spark: SparkSession) -> None:
    rejected = {"customer_id": "c2", "reject_mask": 1, "cents": None, "batch_at": 0}
    kept = {"customer_id": "c1", "reject_mask": 0, "cents": 1000, "batch_at": 0}
    days = customer_days(frame(spark, CLEANSED, kept, kept, rejected, rejected | C3), ONE)
    matches = frame(
        spark,
        "customer_id string, blacklist_id string, match_type string, similarity double,"
        " reason string",
        {"customer_id": "c1", "blacklist_id": "b1", "match_type": "name", "similarity": 0.95}
        | {"reason": "fraud"},
        {"customer_id": "c2", "blacklist_id": "b2", "match_type": "email", "similarity": 1.0},
    )
    flagged = flagged_customers(days.join(matches, "customer_id", how="left"))
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


def test_accounts_that_move_say_what_rebuilt_profiles_say(spark: SparkSession) -> None:
    runs = frame(
        spark,
        RISK_OF_RUNS,
        risk("c1", -90, 10),
        risk("c1", -89, 3),
        risk("c1", -1, 100),
        risk("left", -90, 5),
        risk("c1", 0, 7),
        risk("new", 0, 9),
        risk("c1", 1, 11),
        risk("later", 3, 13),
    )
    batches = Batches((DAY, DAY + timedelta(1), DAY + timedelta(3)))
    before = profile_of_runs(runs.where(f"batch_date < date'{DAY}'"), first_baseline_batch(DAY, 90))
    left = runs.where(f"batch_date <= date'{last_leaving(batches, 90)}'")
    days = runs.where(f"batch_date >= date'{DAY}'")
    at = batches.position_of(F.col("batch_date"))
    accounts = standings(before, days.withColumn("batch_at", at), left, batches, 90)
    for position, day in enumerate(batches.dates):
        known = runs.where(f"batch_date <= date'{day}'")
        rebuilt = profile_of_runs(known, first_baseline_batch(day + timedelta(1), 90))
        profile = accounts.profiles().where(f"batch_at = {position}").drop("batch_at")
        assert profile.schema.names == CUSTOMER_PROFILE.names
        assert as_text(profile) == as_text(rebuilt), day
        seen = profile_of_runs(
            runs.where(f"batch_date < date'{day}'"), first_baseline_batch(day, 90)
        )
        own = accounts.own_moments().where(f"batch_at = {position} and own_count > 0")
        assert records(own, "customer_id", "own_count", "own_sum", "own_squares") == records(
            seen.where("baseline_count > 0"), *MOMENTS
        )


def test_moments_of_batches_that_left_meanwhile_are_taken_away(spark: SparkSession) -> None:
    runs = frame(spark, RISK_OF_RUNS, risk("c1", -90, 10), risk("c1", -1, 100), risk("c2", -1, 5))
    gone = runs.where(f"batch_date = date'{DAY - timedelta(90)}'")
    stored = profile_of_runs(runs, first_baseline_batch(DAY, 90))
    later = profile_of_runs(runs, first_baseline_batch(DAY + timedelta(1), 90))
    assert as_text(without_batches(stored, gone)) == as_text(later)
