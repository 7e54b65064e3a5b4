"""Kind expression: any condition over the scored columns that gives one row one answer for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.rules.expression import columns_named, condition_problem
from fraudlake.tables import condition_schema
from tests.frames import firing, frame, rule_of, sentences

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([], condition_schema(("desk",)))


@pytest.mark.parametrize(
    "condition",
    [
        "amount_usd > 5",
        "AMOUNT_USD > 5 and Channel = 'web'",
        "channel in ('web', 'app') or country is null",
        "true",
        "desk = '1'",
        "customer_known",
        "transaction_ts >= timestamp'2025-03-10 00:00:00'",
        "hour(transaction_ts) < 6",
        "exists(array(amount, amount_usd), one -> one > 5)",
        "case when amount_zscore > 3 then velocity_count > 1 end",
    ],
)
def test_a_condition_over_columns_and_constants_is_fine(rows: DataFrame, condition: str) -> None:
    assert condition_problem(condition, rows) is None


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("amount_usd >", "[PARSE_SYNTAX_ERROR]"),
        ("amount_usd > 5; drop table x", "[PARSE_SYNTAX_ERROR]"),
        ("amuont > 5", "[UNRESOLVED_COLUMN"),
        ("risk_score > 5", "[UNRESOLVED_COLUMN"),
        ("no_such_function(amount)", "[UNRESOLVED_ROUTINE]"),
        ("amount_usd", "is of type decimal(18,2), not a condition"),
        ("null", "is of type void, not a condition"),
        ("'true'", "is of type string, not a condition"),
        ("rand() > 0.5", "is not deterministic"),
        ("uuid() = 'a'", "is not deterministic"),
        ("monotonically_increasing_id() = 1", "is not deterministic"),
        ("input_file_name() = ''", "is not deterministic"),
        ("current_timestamp() > transaction_ts", "uses current_timestamp, which is not a column"),
        ("now() > transaction_ts", "uses now, which is not a column"),
        ("current_date() > fx_rate_date", "uses current_date, which is not a column"),
        ("unix_timestamp() > 1", "uses current_timestamp, which is not a column"),
        ("current_user() = 'me'", "uses current_user, which is not a column"),
        ("exists (select 1)", "holds a subquery"),
        ("(select true)", "holds a subquery"),
        ("amount_usd in (select 1)", "holds a subquery"),
        ("amount_usd > (select 1)", "holds a subquery"),
        ("assert_true(amount_usd > 1) is null", "raises an error on a row"),
        ("raise_error('x') is null", "raises an error on a row"),
    ],
)
def test_what_else_is_refused_in_one_line(rows: DataFrame, condition: str, problem: str) -> None:
    found = condition_problem(condition, rows)
    assert found is not None
    assert found.startswith(problem)
    assert "\n" not in found


@pytest.mark.parametrize(
    "condition",
    [
        "count(*) > 1",
        "sum(amount_usd) > 5",
        "any(amount_usd > 1)",
        "count(*) over (partition by customer_id) > 1",
        "max(amount_usd) over () > 1 and amount > 1",
        "lead(amount_usd) over (order by transaction_ts) > 1",
        "explode(array(true))",
    ],
)
def test_a_condition_that_looks_at_other_rows_or_makes_some_is_refused(
    rows: DataFrame, condition: str
) -> None:
    assert condition_problem(condition, rows) is not None


@pytest.mark.parametrize("word", ["now", "today", "tomorrow", "yesterday"])
def test_a_constant_that_names_the_clock_is_refused(rows: DataFrame, word: str) -> None:
    assert condition_problem(f"transaction_ts > timestamp'{word}'", rows) is not None


def test_it_fires_where_the_condition_is_true_and_null_is_not_true(spark: SparkSession) -> None:
    some = frame(
        spark,
        condition_schema(),
        {"transaction_id": "yes", "country": "DE", "amount_usd": "9.00"},
        {"transaction_id": "no", "country": "FR", "amount_usd": "9.00"},
        {"transaction_id": "null"},
    )
    rule = rule_of(kind="expression", condition="country = 'DE' and amount_usd > 5")
    assert firing(rule, some) == {"yes"}
    assert sentences(rule, some) == {"yes": "A rule: country = DE, amount_usd = 9.00"}


def test_the_sentence_shows_a_missing_value(spark: SparkSession) -> None:
    some = frame(spark, condition_schema(), {"transaction_id": "t", "channel": "web"})
    rule = rule_of(kind="expression", condition="country is null and channel = 'web'")
    assert sentences(rule, some) == {"t": "A rule: channel = web, country = null"}


def test_the_columns_of_a_condition_are_those_it_names_outside_of_quotes() -> None:
    named = columns_named("CHANNEL = 'country' and desk > '1' and amount_usd > 1", ("desk",))
    assert named == ("channel", "desk", "amount_usd")
    assert columns_named("true", ()) == ()
