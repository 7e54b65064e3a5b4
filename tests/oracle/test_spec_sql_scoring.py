"""Literal rows at the boundaries of sections 6 to 8: features, rules, outputs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pandas as pd
import pytest

from .spec_sql import sd_usd
from .tiny_lake import DAY, TinyLake, by_id, only, transaction


def test_a_baseline_looks_back_ninety_days_and_needs_five_transactions(lake: TinyLake) -> None:
    days = [DAY - timedelta(91), DAY - timedelta(90), DAY]
    for count, day in zip((9, 5, 1), days, strict=True):
        noon = f"{day}T12:00Z"
        rows = [transaction(f"{day}{n}", transaction_ts=noon, amount=100 + n) for n in range(count)]
        lake.batch(*rows, day=day)
    results = lake.score(*days)
    scored = only(results[DAY]["scored_transactions"])
    assert (scored["baseline_count"], scored["baseline_source"]) == (5, "customer")
    assert scored["baseline_mean_usd"] == 102.0
    assert scored["baseline_sd_usd"] == 2**0.5
    assert scored["amount_zscore"] == pytest.approx((100 - 102) / 5.1)
    profile = only(results[DAY]["customer_profile"])
    assert profile["lifetime_transaction_count"] == 15
    assert (profile["baseline_count"], profile["baseline_sum_cents"]) == (1, Decimal(10000))
    assert only(results[days[1]]["customer_profile"])["baseline_count"] == 14


@pytest.mark.parametrize(("others", "source"), [(29, "none"), (30, "batch")])
def test_a_batch_baseline_needs_thirty_other_transactions(
    lake: TinyLake, others: int, source: str
) -> None:
    lake.batch(transaction(0, amount=1000), *[transaction(n + 1) for n in range(others)])
    scored = lake.score()[DAY]["scored_transactions"].set_index("transaction_id").loc["t0"]
    assert scored["baseline_source"] == source
    assert source == "none" or scored["baseline_mean_usd"] == 10.0
    assert pd.isna(scored["amount_zscore"]) == (source == "none")


@pytest.mark.parametrize(("earlier", "source"), [(99, "none"), (100, "population")])
def test_a_population_baseline_needs_a_hundred_transactions(
    lake: TinyLake, earlier: int, source: str
) -> None:
    before = DAY - timedelta(1)
    at = f"{before}T12:00Z"
    rows = [transaction(n, customer_id=f"x{n % 25}", transaction_ts=at) for n in range(earlier)]
    lake.batch(*rows, day=before)
    lake.batch(transaction("new"))
    scored = only(lake.score(before, DAY)[DAY]["scored_transactions"])
    assert (scored["baseline_count"], scored["baseline_source"]) == (0, source)


def test_a_velocity_window_is_half_open_and_crosses_batches_and_midnight(lake: TinyLake) -> None:
    after = DAY + timedelta(1)
    lake.batch(
        transaction(1, transaction_ts=f"{DAY}T23:59:30Z"),
        transaction(2, transaction_ts=f"{DAY}T23:59:30.000001Z"),
    )
    lake.batch(
        transaction(3, transaction_ts=f"{after}T00:00:30Z"),
        transaction(4, transaction_ts=f"{after}T00:00:30Z"),
        transaction(5, transaction_ts=f"{after}T00:00:30Z", customer_id="c2"),
        transaction(6, transaction_ts=f"{DAY}T23:59:30Z", customer_id="c2"),
        day=after,
    )
    scored = lake.score(DAY, after)[after]["scored_transactions"]
    assert by_id(scored, "velocity_count") == {"t3": 3, "t4": 3, "t5": 1, "t6": 1}


def test_a_profile_holds_what_the_next_day_will_look_back_on(lake: TinyLake) -> None:
    days = [DAY - timedelta(back) for back in (90, 89, 0)]
    for amount, day in zip((1, 2, 3), days, strict=True):
        lake.batch(transaction(amount, amount=amount, transaction_ts=f"{day}T12:00Z"), day=day)
    profile = only(lake.score(*days)[DAY]["customer_profile"])
    assert profile["lifetime_total_amount_usd"] == Decimal("6.00")
    moments = ["baseline_count", "baseline_sum_cents", "baseline_sum_of_squares_cents"]
    assert list(profile[moments]) == [2, 500, 200**2 + 300**2]


def test_a_standard_deviation_keeps_every_cent_of_large_sums() -> None:
    amounts = [10**17 + 1, 10**17 + 3]
    assert sd_usd(2, sum(amounts), sum(cents * cents for cents in amounts)) == 0.01


# Section 7 and 8


def test_the_limit_itself_is_not_over_the_limit(lake: TinyLake) -> None:
    lake.batch(transaction(1, amount="5000.0049"), transaction(2, amount="5000.0050"))
    scored = lake.score()[DAY]["scored_transactions"]
    assert by_id(scored, "risk_reasons") == {"t1": [], "t2": ["AMOUNT_OVER_LIMIT"]}
    assert by_id(scored, "risk_category") == {"t1": "Low", "t2": "High"}
    assert by_id(scored, "risk_rank") == {"t1": 0.5, "t2": 70.5}


def test_thirty_points_are_a_medium_risk(lake: TinyLake) -> None:
    lake.batch(transaction(1, customer_id="nobody"))
    scored = only(lake.score()[DAY]["scored_transactions"])
    assert (scored["risk_score"], scored["risk_category"]) == (30, "Medium")


def test_a_burst_starts_with_the_fourth_transaction_and_points_add_up_to_a_hundred(
    lake: TinyLake,
) -> None:
    lake.batch(*[transaction(n, amount=6000 if n == 1 else 1, customer_id="x") for n in range(4)])
    tables = lake.score()[DAY]
    scored = tables["scored_transactions"]
    assert set(by_id(scored, "risk_score").values()) == {70, 100}
    assert by_id(scored, "points")["t1"] == [70, 40, 30]
    risk = only(tables["customer_risk"])
    assert (risk["max_risk_score"], risk["risk_category"]) == (100, "High")
    assert (risk["high_risk_count"], risk["max_velocity_count"]) == (4, 4)
    assert risk["total_amount_usd"] == Decimal("6003.00")
    assert risk["sum_of_squares_cents"] == 600000**2 + 3 * 100**2


@pytest.mark.parametrize(("amount", "fired"), [("115.00", []), ("115.01", ["AMOUNT_OUTLIER"])])
def test_an_outlier_lies_more_than_three_spreads_above_the_mean(
    lake: TinyLake, amount: str, fired: list[str]
) -> None:
    before = DAY - timedelta(1)
    stamp = f"{before}T12:00Z"
    rows = [transaction(f"a{n}", amount=100, transaction_ts=stamp) for n in range(5)]
    lake.batch(*rows, day=before)
    lake.batch(transaction(1, amount=amount))
    assert only(lake.score(before, DAY)[DAY]["scored_transactions"])["risk_reasons"] == fired


def test_a_partition_without_rows_gives_empty_tables_and_keeps_the_profile(lake: TinyLake) -> None:
    after = DAY + timedelta(1)
    lake.batch(transaction(1))
    lake.batch(day=after)
    tables = lake.score(DAY, after)[after]
    assert {name: len(frame) for name, frame in tables.items()} == {
        "scored_transactions": 0,
        "quarantine": 0,
        "flagged_customers": 0,
        "customer_risk": 0,
        "customer_profile": 1,
    }
