"""Kind amount: above the limit, never at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.tables import condition_schema
from tests.frames import firing, frame, rule_of, sentences

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

AMOUNTS = ["0.01", "4999.99", "5000.00", "5000.01", "6120.00", "9999999999999999.99", None]


def amounts(spark: SparkSession) -> DataFrame:
    literals = [{"transaction_id": str(amount), "amount_usd": amount} for amount in AMOUNTS]
    return frame(spark, condition_schema(), *literals)


def test_an_amount_fires_above_the_limit_and_not_at_it(spark: SparkSession) -> None:
    rule = rule_of(kind="amount", over=5000)
    assert firing(rule, amounts(spark)) == {"5000.01", "6120.00", "9999999999999999.99"}


def test_the_sentence_has_the_amount_and_the_limit(spark: SparkSession) -> None:
    said = sentences(rule_of(kind="amount", over=5000), amounts(spark))
    assert said["6120.00"] == "6,120.00 USD is over the limit of 5,000.00 USD"
    assert said["5000.01"] == "5,000.01 USD is over the limit of 5,000.00 USD"


def test_a_limit_of_cents_is_exact(spark: SparkSession) -> None:
    rule = rule_of(kind="amount", over=4999.99)
    assert "5000.00" in firing(rule, amounts(spark))
    assert "4999.99" not in firing(rule, amounts(spark))
