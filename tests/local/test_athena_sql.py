"""Queries whose answers were counted by hand; no table and no cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.athena.catalog import Catalog, View
from fraudlake.local.athena.failures import QueryFailed
from fraudlake.local.athena.sources import with_sources
from fraudlake.local.athena.statement import parse_query
from tests.local.athena_answers import answer

if TYPE_CHECKING:
    from sqlglot import exp

NUMBERS = "WITH t (n, d) AS (VALUES (1, 1.50), (2, 2.25), (NULL, NULL), (4, 0.00))"


def rows(sql: str) -> list[tuple[str | None, ...]]:
    return list(answer(sql).rows)


def of_numbers(sql: str) -> list[tuple[str | None, ...]]:
    return rows(f"{NUMBERS} {sql}")


def test_nulls_come_last_in_both_directions() -> None:
    assert [one[0] for one in of_numbers("SELECT n FROM t ORDER BY n")] == ["1", "2", "4", None]
    assert [one[0] for one in of_numbers("SELECT n FROM t ORDER BY n DESC")] == [
        *("4", "2", "1"),
        None,
    ]


def test_aggregates_have_the_types_of_their_columns() -> None:
    """1.50 + 2.25 = 3.75, by three 1.25; 7 whole ones by three 2.333..."""
    sql = "SELECT sum(n), avg(n), sum(d), avg(d), sum(n) / 2, sum(n) / 2.0, count(*) FROM t"
    found = answer(f"{NUMBERS} {sql}")

    assert found.rows == (("7", "2.3333333333333335", "3.75", "1.25", "3", "3.5", "4"),)
    assert [one.type for one in found.columns] == [
        *("bigint", "double", "decimal", "decimal", "bigint", "decimal", "bigint")
    ]


def test_more_aggregates_counted_by_hand() -> None:
    sql = (
        "SELECT count_if(n > 1), max_by(n, d), min_by(n, d), approx_percentile(n, 0.5), "
        "approx_distinct(d), bool_or(n > 3), bool_and(n > 3), array_agg(n) FROM t"
    )
    assert of_numbers(sql) == [("2", "2", "4", "2", "3", "true", "false", "[1, 2, null, 4]")]


def test_an_average_keeps_its_filter_and_its_window() -> None:
    sql = "SELECT n, avg(d) FILTER (WHERE n < 4) OVER (ORDER BY n) FROM t ORDER BY n"

    assert [one[1] for one in of_numbers(sql)] == ["1.50", "1.88", "1.88", "1.88"]


def test_columns_without_a_name_are_called_by_their_place() -> None:
    sql = "SELECT n, n + 1, count(*), n AS m FROM t GROUP BY n"

    assert [one.name for one in answer(f"{NUMBERS} {sql}").columns] == ["n", "_col1", "_col2", "m"]


def test_an_array_is_unnested_with_its_places() -> None:
    sql = (
        "SELECT k, r, p FROM (VALUES (1, ARRAY['a', 'b']), (2, ARRAY[])) AS t (k, a) "
        "LEFT JOIN UNNEST(a) WITH ORDINALITY AS u (r, p) ON true ORDER BY k, p"
    )
    assert rows(sql) == [("1", "a", "1"), ("1", "b", "2"), ("2", None, None)]


def test_a_map_is_unnested_into_keys_and_values() -> None:
    sql = (
        "SELECT reason, n, p FROM (SELECT map(ARRAY['A', 'B'], ARRAY[1, 2]) AS m) "
        "CROSS JOIN UNNEST(m) WITH ORDINALITY AS u (reason, n, p) ORDER BY p"
    )
    assert rows(sql) == [("A", "1", "1"), ("B", "2", "2")]


def test_arrays_are_unnested_side_by_side() -> None:
    sql = "SELECT a, b, p FROM UNNEST(ARRAY[1, 2], ARRAY['x']) WITH ORDINALITY AS u (a, b, p)"

    assert sorted(rows(sql)) == [("1", "x", "1"), ("2", None, "2")]


def test_an_unnested_value_can_be_summed() -> None:
    sql = "SELECT sum(n) FROM UNNEST(map(ARRAY['A', 'B'], ARRAY[1, 2])) AS u (k, n)"

    [column] = answer(sql).columns
    assert (rows(sql), column.type) == ([("3",)], "bigint")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM UNNEST(ARRAY[1])",
        "SELECT 1 FROM UNNEST(ARRAY[1], ARRAY[2]) AS u (a)",
        "SELECT 1 FROM UNNEST('a') AS u (a)",
    ],
)
def test_other_forms_of_unnest_are_refused(sql: str) -> None:
    with pytest.raises(QueryFailed, match=r"does not play .*UNNEST"):
        answer(sql)


def test_a_sum_beyond_a_bigint_fails() -> None:
    sql = "FROM (VALUES 9223372036854775807, 1) AS t (n)"

    for expression in ("sum(n)", "sum(u) FROM UNNEST(ARRAY[9223372036854775807, 1]) AS x (u) --"):
        with pytest.raises(QueryFailed):
            answer(f"SELECT {expression} {sql}")


def test_a_view_that_reads_itself_is_refused() -> None:
    class Circle(Catalog):
        def table(self, database: str, name: str, node: exp.Expr | None = None) -> View:  # noqa: ARG002
            other = {"a": "b", "b": "a"}[name]
            return View(name=name, sql=f"SELECT * FROM {other}", database=database)  # noqa: S608

    with pytest.raises(QueryFailed, match=r"View 'd\.a' is recursive"):
        with_sources(parse_query("SELECT * FROM a"), Circle(None), "d")


def test_a_name_that_is_given_keeps_its_capitals() -> None:
    sql = 'SELECT n AS Foo, d AS "Foo Bar", N FROM t'

    assert [one.name for one in answer(f"{NUMBERS} {sql}").columns] == ["Foo", "Foo Bar", "n"]


def test_what_is_not_asked_for_does_not_fail() -> None:
    """A view computes what a query of it may not need: a missing key must not end that one."""
    sql = "SELECT n FROM (SELECT n, map(ARRAY[1], ARRAY[2])[3] AS x FROM t) WHERE n = 1"

    assert of_numbers(sql) == [("1",)]


def test_a_name_given_in_a_query_is_not_known_to_its_conditions() -> None:
    with pytest.raises(QueryFailed, match=r"^COLUMN_NOT_FOUND: line 1:\d+: Column 'm' cannot be"):
        of_numbers("SELECT n + 1 AS m FROM t WHERE m > 1")
