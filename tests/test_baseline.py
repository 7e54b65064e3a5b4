"""Baselines at their borders: how much past is enough, and how far is far."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F

from fraudlake import baseline
from fraudlake.batches import Batches
from fraudlake.exact import sum_of_cents, sum_of_squares, units
from fraudlake.tables import Moments
from tests.frames import DAY, SETTINGS, Literal, frame, pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.settings import BaselineSettings

ACCEPTED = (
    "transaction_id string, amount_usd decimal(18,2),"
    " own_count bigint, own_sum decimal(28,0), own_squares decimal(38,0)"
)
NOBODY = Moments()
ONE = Batches((DAY,))


def moments(amounts: Sequence[str]) -> Moments:
    cents = [int(Decimal(amount) * 100) for amount in amounts]
    return Moments(len(cents), sum(cents), sum(one * one for one in cents))


def with_baseline(rows: DataFrame, population: Moments, settings: BaselineSettings) -> DataFrame:
    """The baseline of one batch, whose own moments are those of the rows."""
    own = [str(row["amount_usd"]) for row in rows.collect()]
    known = rows.withColumn("batch_at", F.lit(0)).withColumn("cents", units(F.col("amount_usd")))
    own_baseline = baseline.with_own_baseline(known, settings)
    return baseline.with_baseline(own_baseline, ONE, [population], [moments(own)], settings)


def accepted(name: str, amount: str, past: Sequence[str] = ()) -> Literal:
    """A transaction of a customer with these amounts in the past; null moments without any."""
    own = moments(past)
    row: Literal = {"transaction_id": name, "amount_usd": amount}
    if past:
        row |= {"own_count": own.count, "own_sum": own.sum_cents}
        row |= {"own_squares": own.sum_of_squares_cents}
    return row


@pytest.mark.parametrize(("others", "source"), [(99, "none"), (100, "population")])
def test_five_own_transactions_or_a_hundred_of_all_are_a_baseline(
    spark: SparkSession, others: int, source: str
) -> None:
    rows = frame(
        spark,
        ACCEPTED,
        accepted("five", "10.00", ["20"] * 5),
        accepted("four", "10.00", ["20"] * 4),
        accepted("new", "10.00"),
    )
    based = with_baseline(rows, moments(["30"] * others), SETTINGS.baseline)
    mean = None if source == "none" else 30.0
    facts = F.struct("baseline_source", "baseline_count", "baseline_mean_usd")
    found = {name: tuple(row) for name, row in pairs(based, "transaction_id", facts).items()}
    assert found == {
        "five": ("customer", 5, 20.0),
        "four": (source, 4, mean),
        "new": (source, 0, mean),
    }


@pytest.mark.parametrize(("size", "source"), [(30, "none"), (31, "batch")])
def test_thirty_other_transactions_of_the_batch_are_a_baseline(
    spark: SparkSession, size: int, source: str
) -> None:
    usual = [accepted(str(at), "10.00") for at in range(size - 1)]
    rows = frame(spark, ACCEPTED, *usual, accepted("large", "1000.00"))
    based = with_baseline(rows, NOBODY, SETTINGS.baseline)
    facts = F.struct("baseline_source", "baseline_mean_usd", "baseline_sd_usd", "amount_zscore")
    found = {name: tuple(row) for name, row in pairs(based, "transaction_id", facts).items()}
    if source == "none":
        assert set(found.values()) == {("none", None, None, None)}
    else:
        assert found["large"] == ("batch", 10.0, 0.0, 990.0)
        assert found["0"][:2] == ("batch", 43.0)


@pytest.mark.parametrize("largest", ["10.01", "4999.99", "70000000.00", "9999999999999999.99"])
def test_the_spread_of_the_others_is_the_nearest_double_of_an_exact_number(
    spark: SparkSession, largest: str
) -> None:
    amounts = [*(f"{10 * at}.{at:02d}" for at in range(1, 41)), "5000.00", largest]
    literals = [accepted(str(at), amount) for at, amount in enumerate(amounts)]
    based = with_baseline(frame(spark, ACCEPTED, *literals), NOBODY, SETTINGS.baseline)
    found = pairs(based, "transaction_id", "baseline_sd_usd")
    for at in range(len(amounts)):
        others = moments([*amounts[:at], *amounts[at + 1 :]])
        squared = others.count * others.sum_of_squares_cents - others.sum_cents**2
        assert found[str(at)] == math.sqrt(squared) / others.count / 100, amounts[at]


def test_everybody_comes_before_the_batch(spark: SparkSession) -> None:
    rows = frame(spark, ACCEPTED, *(accepted(str(at), "10.00") for at in range(31)))
    based = with_baseline(rows, moments(["30"] * 100), SETTINGS.baseline)
    assert set(pairs(based, "transaction_id", "baseline_source").values()) == {"population"}


def test_a_past_too_large_for_a_long_stays_the_customer_s_own(spark: SparkSession) -> None:
    rows = frame(spark, ACCEPTED, accepted("huge", "10.00", ["9999999999999999.99"] * 5))
    based = with_baseline(rows, moments(["30"] * 100), SETTINGS.baseline)
    assert pairs(based, "transaction_id", "amount_zscore") == {"huge": pytest.approx(-20)}


# name: amount, the customer's past, and the distance: (amount - mean) / max(sd, mean / 20, 1).
DISTANCES = {
    "share of the mean": ("115.00", ["100"] * 5, 3.0),
    "just over it": ("115.01", ["100"] * 5, 15.01 / 5),
    "one dollar": ("13.00", ["10"] * 5, 3.0),
    "just over a dollar": ("13.01", ["10"] * 5, 3.01),
    "both floors": ("23.00", ["20"] * 5, 3.0),
    "floor above a small mean": ("1.01", ["0.01"] * 5, 1.0),
    "spread": ("130.00", ["90", "110"] * 3, 3.0),
    "just over the spread": ("130.01", ["90", "110"] * 3, 3.001),
    "spread below the share": ("115.00", ["98", "102"] * 3, 3.0),
    "spread below a dollar": ("13.00", ["9.50", "10.50"] * 3, 3.0),
    "below the mean": ("85.00", ["100"] * 5, -3.0),
    "at the mean": ("100.00", ["100"] * 5, 0.0),
    "uneven mean": ("4.00", ["1", "1", "1", "1", "1.03"], (4 - 1.006) / 1),
}


def test_the_distance_has_two_floors(spark: SparkSession) -> None:
    literals = [accepted(name, amount, past) for name, (amount, past, _) in DISTANCES.items()]
    based = with_baseline(frame(spark, ACCEPTED, *literals), NOBODY, SETTINGS.baseline)
    facts = F.struct("amount_zscore", "baseline_sd_usd")
    found = pairs(based, "transaction_id", facts)
    for name, (_, _, distance) in DISTANCES.items():
        exact = distance in {3.0, -3.0, 0.0}
        assert found[name][0] == (distance if exact else pytest.approx(distance)), name
    assert found["spread"][1] == 10.0
    assert found["one dollar"][1] == 0.0
    assert found["uneven mean"][1] == pytest.approx(0.012)


def test_three_spreads_off_is_exactly_three_whatever_the_mean(spark: SparkSession) -> None:
    means = [Decimal(20 * step) / 100 for step in range(100, 400)]
    literals = [
        accepted(f"{mean} of {count}", str(mean * Decimal("1.15")), [str(mean)] * count)
        for mean in means
        for count in (5, 7)
    ]
    based = with_baseline(frame(spark, ACCEPTED, *literals), NOBODY, SETTINGS.baseline)
    found = pairs(based, "transaction_id", "amount_zscore")
    assert {name for name, zscore in found.items() if zscore != 3.0} == set()


def test_the_least_sizes_and_floors_are_settings(spark: SparkSession) -> None:
    settings = replace(
        SETTINGS.baseline, customer_min=1, sd_floor_share=Decimal(1), sd_floor_usd=Decimal("0.01")
    )
    rows = frame(spark, ACCEPTED, accepted("one", "30.00", ["10"]))
    based = with_baseline(rows, NOBODY, settings)
    facts = F.struct("baseline_source", "amount_zscore")
    assert tuple(pairs(based, "transaction_id", facts)["one"]) == ("customer", 2.0)


def test_sums_of_cents_are_exact_at_any_size(spark: SparkSession) -> None:
    amounts = ["9999999999999999.99", "0.01", "30000000.00", "29999999.99", "10000000000000.00"]
    rows = frame(spark, ACCEPTED, *(accepted(str(at), one) for at, one in enumerate(amounts)))
    counted = rows.select(units(F.col("amount_usd")).alias("cents"))
    many = counted.union(counted).union(counted.where("false"))
    both = [sum_of_cents(F.col("cents")), sum_of_squares(F.col("cents"))]
    found = [*many.agg(*both).collect()[0], *many.where("cents is null").agg(*both).collect()[0]]
    exact = moments([*amounts, *amounts])
    assert [int(one) for one in found] == [exact.sum_cents, exact.sum_of_squares_cents, 0, 0]
