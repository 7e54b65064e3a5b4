"""Kind unknown_customer: nobody of that number in the customer table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.tables import condition_schema
from tests.frames import frame, rule_of, sentences

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_it_fires_on_a_customer_whom_nobody_knows(spark: SparkSession) -> None:
    rows = frame(
        spark,
        condition_schema(),
        {"transaction_id": "known", "customer_id": "c1", "customer_known": "true"},
        {"transaction_id": "unknown", "customer_id": "c2", "customer_known": "false"},
        {"transaction_id": "null", "customer_id": "c3"},
    )
    said = sentences(rule_of(kind="unknown_customer"), rows)
    assert said == {"unknown": "Customer c2 is not in the customer table"}
