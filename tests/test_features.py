"""Baselines and velocity at their borders: how much past is enough, and how far is far."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F

from fraudlake.features import batch_moments, with_baseline, with_velocity
from fraudlake.tables import Moments
from tests.frames import DAY, SETTINGS, Literal, frame, pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

ACCEPTED = (
    "transaction_id string, amount_usd decimal(18,2),"
    " own_count bigint, own_sum decimal(28,0), own_squares decimal(38,0)"
)
NOBODY = Moments()


def moments(amounts: Sequence[str]) -> Moments:
    cents = [int(Decimal(amount) * 100) for amount in amounts]
    return Moments(len(cents), sum(cents), sum(one * one for one in cents))


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


def test_everybody_comes_before_the_batch(spark: SparkSession) -> None:
    rows = frame(spark, ACCEPTED, *(accepted(str(at), "10.00") for at in range(31)))
    based = with_baseline(rows, moments(["30"] * 100), SETTINGS.baseline)
    assert set(pairs(based, "transaction_id", "baseline_source").values()) == {"population"}


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


def test_moments_are_exact_in_cents_and_zero_without_rows(spark: SparkSession) -> None:
    large = "9999999999999.99"
    rows = frame(spark, ACCEPTED, *(accepted(str(at), large) for at in range(3)))
    cents = 999999999999999
    found = batch_moments(rows.union(rows)).union(batch_moments(rows.where("false"))).collect()
    sums = [tuple(int(value) for value in row) for row in found]
    assert sums == [(6, 6 * cents, 6 * cents * cents), (0, 0, 0)]


TIMELINE = (
    "transaction_id string, customer_id string, transaction_ts timestamp,"
    " velocity_count bigint, is_current boolean"
)
# Each case is one customer: moments of this batch, and of earlier ones; counts of this batch's.
VELOCITIES: dict[str, tuple[list[str], list[str], list[int]]] = {
    "alone": (["12:00:00"], [], [1]),
    "inside": (["12:00:00", "12:00:59.999999"], [], [1, 2]),
    "outside": (["12:00:00", "12:01:00.000000"], [], [1, 1]),
    "at once": (["12:00:00"] * 3, [], [3, 3, 3]),
    "a chain": (["12:00:00", "12:00:40", "12:01:20"], [], [1, 2, 2]),
    "over midnight": (["23:59:30", "2025-03-11 00:00:29.999999"], [], [1, 2]),
    "just past midnight": (["23:59:30", "2025-03-11 00:00:30"], [], [1, 1]),
    "batch border": (["00:00:10"], ["2025-03-09 23:59:10.000001"], [2]),
    "past the batch border": (["00:00:10"], ["2025-03-09 23:59:10"], [1]),
    "a late row sees the batch of its day": (["2025-03-08 12:00:30"], ["2025-03-08 12:00:00"], [2]),
    "an earlier row that is later": (["12:00:00"], ["12:00:00.000001"], [1]),
    "an earlier row of the same moment": (["12:00:00"], ["12:00:00"], [2]),
}


def test_velocity_is_counted_over_a_half_open_window(spark: SparkSession) -> None:
    literals = [
        {"transaction_id": f"{case} {at}", "customer_id": case, "is_current": is_current}
        | {"transaction_ts": moment(when), "velocity_count": None if is_current else 77}
        for case, (current, earlier, _) in VELOCITIES.items()
        for is_current, group in ((True, current), (False, earlier))
        for at, when in enumerate(group, start=0 if is_current else 100)
    ]
    counted = with_velocity(frame(spark, TIMELINE, *literals), 60)
    found = pairs(counted, "transaction_id", "velocity_count")
    assert {count for name, count in found.items() if name.endswith(" 100")} == {77}
    for case, (current, _, expected) in VELOCITIES.items():
        assert [found[f"{case} {at}"] for at in range(len(current))] == expected, case


def moment(when: str) -> str:
    return when if " " in when else f"{DAY} {when}"
