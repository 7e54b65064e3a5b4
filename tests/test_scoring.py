"""From rules that fired to score, category, rank and reasons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.rules.book import Categories
from fraudlake.scoring import risk_category, risk_rank, with_score
from fraudlake.tables import condition_schema
from tests.frames import BOOK, frame, pairs

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FEATURES = ", ".join(
    [f"{one.name} {one.dataType.simpleString()}" for one in condition_schema().fields]
    + ["measure_of_VELOCITY_BURST bigint"]
)
QUIET = {"customer_id": "c1", "customer_known": True, "amount_usd": "10.00"}
LARGE = {"amount_usd": "6120.00"}


def test_every_score_explains_itself_in_file_order(spark: SparkSession) -> None:
    rows = frame(
        spark,
        FEATURES,
        {**QUIET, "transaction_id": "quiet", "measure_of_VELOCITY_BURST": 3},
        {**QUIET, **LARGE, "transaction_id": "large"},
        {**QUIET, "transaction_id": "burst", "measure_of_VELOCITY_BURST": 4},
        {**QUIET, **LARGE, "transaction_id": "all", "customer_known": False}
        | {"measure_of_VELOCITY_BURST": 4, "blacklist_match_type": "phone"}
        | {"amount_zscore": 4.0, "baseline_mean_usd": 1.0, "baseline_source": "customer"},
        {"transaction_id": "nulls"},
    )
    found = {row["transaction_id"]: row for row in with_score(rows, BOOK).collect()}
    assert {name: row["risk_reasons"] for name, row in found.items()} == {
        "quiet": [],
        "large": ["AMOUNT_OVER_LIMIT"],
        "burst": ["VELOCITY_BURST"],
        "all": [
            "AMOUNT_OVER_LIMIT",
            "AMOUNT_OUTLIER",
            "VELOCITY_BURST",
            "BLACKLISTED_CUSTOMER",
            "UNKNOWN_CUSTOMER",
        ],
        "nulls": [],
    }
    scores = {name: (row["risk_score"], row["risk_category"]) for name, row in found.items()}
    assert scores == {
        "quiet": (0, "Low"),
        "large": (70, "High"),
        "burst": (40, "Medium"),
        "all": (100, "High"),
        "nulls": (0, "Low"),
    }
    text = "6,120.00 USD is over the limit of 5,000.00 USD"
    assert found["large"]["evidence"] == [("AMOUNT_OVER_LIMIT", 70, text)]
    for row in found.values():
        assert [one["rule"] for one in row["evidence"]] == row["risk_reasons"]
        assert all(one["text"] for one in row["evidence"])
        assert row["rules_version"] == BOOK.version


def test_a_category_begins_at_its_score(spark: SparkSession) -> None:
    rows = frame(spark, "score int", *({"score": score} for score in (0, 29, 30, 69, 70, 100)))
    category = risk_category(F.col("score"), Categories(high=70, medium=30))
    assert pairs(rows, "score", category) == {
        0: "Low",
        29: "Low",
        30: "Medium",
        69: "Medium",
        70: "High",
        100: "High",
    }


def test_the_rank_orders_inside_a_score_and_never_against_it(spark: SparkSession) -> None:
    zscores = ["-1.0E300", "-3.0", "0.0", "1.0", "3.0", "1.0E300"]
    literals = [
        {"id": f"{score} {zscore}", "score": score, "zscore": zscore}
        for score in (0, 1, 99, 100)
        for zscore in [*zscores, None]
    ]
    rows = frame(spark, "id string, score int, zscore double", *literals)
    ranks = pairs(rows, "id", risk_rank(F.col("score"), F.col("zscore")))
    inside = [ranks[f"{score} {zscore}"] for score in (0, 1, 99, 100) for zscore in zscores]
    assert inside == sorted(set(inside))
    assert all(
        int(name.split()[0]) < rank < int(name.split()[0]) + 1 for name, rank in ranks.items()
    )
    assert ranks["99 None"] == 99.5
    assert math.isclose(ranks["1 1.0"], 1.5 + 0.99 / 4)
    assert math.isclose(ranks["0 1.0E300"], 0.995)
