"""Kind blacklist: the ways of matching that a rule names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.tables import condition_schema
from tests.frames import firing, frame, rule_of, sentences

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

HOW = ["customer_id", "email", "phone", "name", None]


def matched(spark: SparkSession) -> DataFrame:
    literals = [
        {"transaction_id": str(how), "customer_id": f"c of {how}", "blacklist_match_type": how}
        for how in HOW
    ]
    return frame(spark, condition_schema(), *literals)


@pytest.mark.parametrize("types", [["customer_id", "email", "phone"], ["name"], ["email"]])
def test_only_the_named_ways_fire_and_no_match_never_does(
    spark: SparkSession, types: list[str]
) -> None:
    rule = rule_of(kind="blacklist", match_types=types)
    assert firing(rule, matched(spark)) == set(types)


def test_the_sentence_says_how_and_who(spark: SparkSession) -> None:
    said = sentences(rule_of(kind="blacklist", match_types=["customer_id", "name"]), matched(spark))
    assert said == {
        "customer_id": "Customer c of customer_id matches the blacklist by customer id",
        "name": "Customer c of name matches the blacklist by name",
    }
