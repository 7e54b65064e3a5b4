"""Kind outlier: far above the usual, and not small change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.tables import condition_schema
from tests.frames import firing, frame, rule_of, sentences

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# name: amount_usd, amount_zscore
ROWS: dict[str, tuple[str | None, str | None]] = {
    "z of exactly 3": ("500.00", "3.0"),
    "z just over 3": ("500.00", "3.0000000000000004"),
    "amount of exactly 100": ("100.00", "50.0"),
    "a cent more": ("100.01", "50.0"),
    "both at the limit": ("100.00", "3.0"),
    "far below": ("500.00", "-50.0"),
    "no baseline": ("500.00", None),
    "no amount": (None, "50.0"),
    "nothing": (None, None),
}


def test_an_outlier_is_over_both_limits(spark: SparkSession) -> None:
    literals = [
        {"transaction_id": name, "amount_usd": amount, "amount_zscore": zscore}
        for name, (amount, zscore) in ROWS.items()
    ]
    rows = frame(spark, condition_schema(), *literals)
    rule = rule_of(kind="outlier", zscore_over=3, amount_over=100)
    assert firing(rule, rows) == {"z just over 3", "a cent more"}


def test_the_sentence_has_the_amount_its_distance_and_the_baseline(spark: SparkSession) -> None:
    rows = frame(
        spark,
        condition_schema(),
        {
            "transaction_id": "t",
            "amount_usd": "1250.50",
            "amount_zscore": "12.34",
            "baseline_mean_usd": "40.125",
            "baseline_source": "customer",
        },
    )
    said = sentences(rule_of(kind="outlier", zscore_over=3, amount_over=100), rows)
    assert said["t"] == (
        "1,250.50 USD is 12.3 standard deviations above the mean of 40.12 USD (customer baseline)"
    )
