"""What expressions of Athena's SQL give, counted by hand; no table and no cloud."""

from __future__ import annotations

import pytest

from fraudlake.local.athena.failures import QueryFailed
from fraudlake.local.athena.macros import MACROS
from tests.local.athena_answers import answer


def value(expression: str) -> str | None:
    [[found]] = answer(f"SELECT {expression}").rows
    return found


def failure(expression: str) -> str:
    with pytest.raises(QueryFailed) as failed:
        answer(f"SELECT {expression}")
    return failed.value.reason


MAP = "map(ARRAY['High', 'Low'], ARRAY[3, 0])"
VALUES: dict[str, str | None] = {
    # whole numbers divide into whole numbers, towards zero; decimals keep the larger scale
    "7 / 2": "3",
    "-7 / 2": "-3",
    "7 % -2": "1",
    "7 / 2e0": "3.5",
    "10.0 / 4": "2.5",
    "1 / 3.0": "0.3",
    "2.00 / 3": "0.67",
    "-1.0 / 4": "-0.3",
    "CAST('98765432109876543.21' AS decimal(28,2)) / 7": "14109347444268077.60",
    "1.5 * 1.5 / 1": "2.25",
    "1e0 / 0": "Infinity",
    "1.5": "1.5",
    "1e7": "1.0E7",
    "0.1e0 + 0.2e0": "0.30000000000000004",
    "round(2.5e0)": "3.0",
    "round(-2.5e0)": "-3.0",
    "round(2.345, 2)": "2.350",
    "ceil(1.2)": "2",
    "floor(-1.5e0)": "-2.0",
    "abs(-3)": "3",
    "sqrt(16)": "4.0",
    "power(2, 10)": "1024.0",
    "ln(1e0)": "0.0",
    # subscripts count from one; element_at gives null where a subscript fails
    "ARRAY['a', 'b'][2]": "b",
    "ARRAY['a', 'b'][1 + 1]": "b",
    "element_at(ARRAY['a', 'b'], 3)": None,
    "element_at(ARRAY['a', 'b'], -1)": "b",
    f"{MAP}['High']": "3",
    f"{MAP}['High'] / 2": "1",
    f"element_at({MAP}, 'Medium')": None,
    f"cardinality({MAP})": "2",
    "cardinality(ARRAY[1, 2, 3])": "3",
    f"map_keys({MAP})": "[High, Low]",
    f"map_values({MAP})[1]": "3",
    "contains(ARRAY['a'], 'a')": "true",
    "contains(ARRAY['a'], 'b')": "false",
    "contains(ARRAY['a', NULL], 'b')": None,
    "transform(ARRAY[1, 2], x -> x * 2)": "[2, 4]",
    "filter(ARRAY[1, 2, 3], x -> x > 1)": "[2, 3]",
    # nothing with a null is known
    "concat('a', NULL)": None,
    "greatest(1, NULL)": None,
    "least(2, 1)": "1",
    "coalesce(NULL, 'x')": "x",
    "nullif(1, 1)": None,
    "if(1 > 2, 'a', 'b')": "b",
    # texts
    "'a' || 'b'": "ab",
    "lower('ÄB') || upper('c')": "äbC",
    "length('äöü')": "3",
    "trim(' a ')": "a",
    "reverse('abc')": "cba",
    "substr('hello', 2)": "ello",
    "substr('hello', 2, 2)": "el",
    "substr('hello', -3)": "llo",
    "substr('hello', 0, 2)": "",
    "substr('hello', 9)": "",
    "strpos('hello', 'l')": "3",
    "replace('hello', 'l')": "heo",
    "replace('hello', 'l', 'L')": "heLLo",
    "split('a,b', ',')": "[a, b]",
    "split_part('a,b', ',', 2)": "b",
    "split_part('a,b', ',', 3)": None,
    "starts_with('hello', 'he')": "true",
    "regexp_like('hello', 'l+')": "true",
    "regexp_extract('hello', 'l(.)', 1)": "l",
    "regexp_extract('hello', 'x')": None,
    "'It''s' LIKE '%''%'": "true",
    "json_extract_scalar('{\"a\": {\"b\": 5}}', '$.a.b')": "5",
    "json_extract_scalar('{\"a\": [1]}', '$.a')": None,
    "json_extract_scalar('{\"a\": [1, 7]}', '$.a[1]')": "7",
    "json_extract_scalar('no json', '$.a')": None,
    # casts
    "CAST('12' AS bigint)": "12",
    "TRY_CAST('1.5' AS bigint)": None,
    "TRY_CAST(' 1' AS bigint)": None,
    "CAST(2.5e0 AS bigint)": "3",
    "CAST(2.5 AS bigint)": "3",
    "CAST('98765432109876543.21' AS decimal(28,2))": "98765432109876543.21",
    "CAST(1.005 AS decimal(10,2))": "1.01",
    "CAST(5e0 AS decimal)": "5",
    "CAST(1e7 AS varchar)": "1.0E7",
    "CAST(12.50 AS varchar)": "12.50",
    "CAST(true AS varchar)": "true",
    "CAST('hello' AS varchar(2))": "he",
    "CAST(NULL AS varchar)": None,
    "CAST(TIMESTAMP '2025-01-31 10:00:00' AS varchar)": "2025-01-31 10:00:00.000",
    "CAST(DATE '2025-01-31' AS varchar)": "2025-01-31",
    "CAST('2025-01-31' AS date)": "2025-01-31",
    "TRY_CAST('2025/01/31' AS date)": None,
    "TRY_CAST('2025-01-31T10:00:00' AS timestamp)": None,
    "CAST('2025-01-31 10:00' AS timestamp(3))": "2025-01-31 10:00:00.000",
    "CAST('t' AS boolean)": "true",
    # times
    "current_date": "2025-02-10",
    "now()": "2025-02-10 12:34:56.789 UTC",
    "localtimestamp": "2025-02-10 12:34:56.789",
    "current_date - INTERVAL '30' DAY": "2025-01-11",
    "CAST(CAST(current_date - INTERVAL '30' DAY AS date) AS varchar)": "2025-01-11",
    "TIMESTAMP '2025-01-31 00:00:00' - INTERVAL '1' SECOND": "2025-01-30 23:59:59.000",
    "date_add('month', 1, DATE '2025-01-31')": "2025-02-28",
    "date_diff('day', DATE '2025-01-30', DATE '2025-02-02')": "3",
    "date_diff('hour', TIMESTAMP '2025-01-01 00:59:00', TIMESTAMP '2025-01-01 01:01:00')": "0",
    "date_trunc('month', DATE '2025-01-31')": "2025-01-01",
    "date_trunc('hour', TIMESTAMP '2025-01-31 10:59:00')": "2025-01-31 10:00:00.000",
    "year(DATE '2025-01-31') * 100 + month(DATE '2025-01-31')": "202501",
    "extract(hour FROM TIMESTAMP '2025-01-31 10:59:00')": "10",
    "extract(dow FROM DATE '2025-02-02')": "7",
    "day_of_week(DATE '2025-02-03')": "1",
    "date_parse('31.01.2025 10:20', '%d.%m.%Y %H:%i')": "2025-01-31 10:20:00.000",
    "date_format(TIMESTAMP '2025-01-31 10:20:30', '%Y%m%d %H:%i:%s')": "20250131 10:20:30",
    "date(TIMESTAMP '2025-01-31 10:20:30')": "2025-01-31",
    "from_iso8601_timestamp('2025-01-31T10:20:30.123456Z')": "2025-01-31 10:20:30.123 UTC",
    "from_iso8601_timestamp('2025-01-31T10:20:30+02:00')": "2025-01-31 08:20:30.000 UTC",
    "from_unixtime(1)": "1970-01-01 00:00:01.000 UTC",
    "to_unixtime(TIMESTAMP '1970-01-01 00:01:00')": "60.0",
}


@pytest.mark.parametrize("expression", VALUES)
def test_an_expression_gives_what_athena_gives(expression: str) -> None:
    assert value(expression) == VALUES[expression]


FAILURES = {
    "1 / 0": "DIVISION_BY_ZERO: Division by zero",
    "1 % 0": "DIVISION_BY_ZERO: Division by zero",
    "1.0 / 0": "DIVISION_BY_ZERO: Division by zero",
    f"{MAP}['Medium']": "INVALID_FUNCTION_ARGUMENT: Key not present in map: Medium",
    "ARRAY[1, 2][3]": "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to "
    "array length: 3 > 2",
    "ARRAY[1][0]": "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1",
    "CAST('1.5' AS bigint)": "INVALID_CAST_ARGUMENT: Cannot cast '1.5' to bigint",
    "CAST('2025-01-31T10:00:00' AS timestamp)": "INVALID_CAST_ARGUMENT: Cannot cast "
    "'2025-01-31T10:00:00' to timestamp",
    "'2025-01-31' >= current_date": "TYPE_MISMATCH: line 1:8: Cannot apply operator: "
    "varchar >= date",
    "1 IN ('1')": "TYPE_MISMATCH: line 1:8: Cannot apply operator: integer IN varchar",
    "'1' BETWEEN 0 AND 2": "TYPE_MISMATCH: line 1:8: Cannot apply operator: "
    "varchar BETWEEN integer",
    "'a' || 1": "TYPE_MISMATCH: line 1:8: Unexpected parameters (varchar, integer) for concat",
    "1 + '1'": "TYPE_MISMATCH: line 1:8: Cannot apply operator: integer + varchar",
    "'1' * 2": "TYPE_MISMATCH: line 1:8: Cannot apply operator: varchar * integer",
    "current_date + 1": "TYPE_MISMATCH: line 1:23: Cannot apply operator: date + integer",
}


@pytest.mark.parametrize("expression", FAILURES)
def test_an_expression_fails_where_athena_does(expression: str) -> None:
    assert failure(expression) == FAILURES[expression]


NOT_PLAYED = {
    "soundex('a')": "the function soundex",
    "any_match(ARRAY[1], x -> x > 0)": "the function any_match",
    "try(1 / 0)": "the function try",
    "row(1, 2)": "the function row",
    "json_parse('[]')": "the function json_parse",
    "map_agg(1, 2)": "the function map_agg",
    "now() AT TIME ZONE 'UTC'": "the clause or statement",
    "DATE '2025-01-31' - DATE '2025-01-01'": "a difference of times; use date_diff",
    "CAST('[1]' AS json)": "a cast to json",
    "DECIMAL '1.5'": "a decimal without its digits",
    "date_diff('decade', now(), now())": "the unit decade",
    "INTERVAL '1' DAY": "a column of the type INTERVAL",
    "read_text('/etc/passwd')": "the function read_text",
    "getenv('HOME')": "the function getenv",
}


@pytest.mark.parametrize("expression", NOT_PLAYED)
def test_what_is_not_played_fails_by_its_name(expression: str) -> None:
    told = failure(expression)

    assert told.startswith("NOT_SUPPORTED: the local Athena does not play ")
    assert NOT_PLAYED[expression] in told


def test_no_query_can_call_the_macros_that_stand_in_for_functions() -> None:
    for macro in MACROS:
        assert "the function athena_" in failure(f"{macro.split('(')[0]}(1, 2)")
