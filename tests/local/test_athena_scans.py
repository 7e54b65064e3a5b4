"""Which partitions and columns a query needs: what is spared, and what must not be."""

from __future__ import annotations

import pytest

from fraudlake.local.athena.catalog import Partition, Table
from fraudlake.local.athena.engine import Engine
from fraudlake.local.athena.kinds import catalog_type
from fraudlake.local.athena.scans import scans_of
from fraudlake.local.athena.sources import with_types
from fraudlake.local.athena.statement import parse_query

TEXT = catalog_type("string")
TABLES = {
    ("d", name): Table(
        database="d",
        name=name,
        columns={"x": TEXT, "y": TEXT},
        partition_keys={"day": TEXT, "run": TEXT},
        location=f"s3://b/{name}/",
        serde="",
    )
    for name in ("t", "u")
}


def conditions(sql: str) -> dict[str, list[list[str]]]:
    """The conditions on partition keys of each place that reads a table."""
    found: dict[str, list[list[str]]] = {}
    for scan in scans_of(with_types(parse_query(sql), TABLES)):
        told = [one.sql("trino").replace('"', "") for one in scan.conditions]
        found.setdefault(scan.name, []).append(told)
    return found


def columns(sql: str) -> dict[str, set[str]]:
    return {one.name: one.columns for one in scans_of(with_types(parse_query(sql), TABLES))}


ONE = "day = '1'"
SPARED = {
    "SELECT x FROM d.t WHERE day = '1' AND x = 'a'": ["day = '1'", "x = 'a'"],
    "SELECT x FROM d.t WHERE day BETWEEN '1' AND '2'": ["day BETWEEN '1' AND '2'"],
    "SELECT x FROM d.t WHERE day IN ('1') OR day IS NULL": ["day IN ('1') OR day IS NULL"],
    "SELECT x FROM (SELECT * FROM d.t) AS s WHERE day = '1'": [ONE],
    "SELECT x FROM (SELECT x, day AS n FROM d.t) AS s WHERE n = '1'": [ONE],
    "WITH s AS (SELECT * FROM d.t) SELECT x FROM s WHERE day = '1'": [ONE],
    "SELECT t.x FROM d.t JOIN d.u ON t.day = '1' AND t.x = u.x": [ONE],
    "SELECT t.x FROM d.u LEFT JOIN d.t ON t.day = '1' AND t.x = u.x": [ONE],
    "SELECT t.x FROM d.u LEFT JOIN d.t ON t.x = u.x WHERE t.day = '1'": [ONE],
    "SELECT t.x FROM d.t RIGHT JOIN d.u ON t.day = '1' AND t.x = u.x": [ONE],
    "SELECT t.x FROM d.t LEFT JOIN d.u ON t.x = u.x WHERE t.day = '1'": [ONE],
    "SELECT t.x FROM d.t, UNNEST(ARRAY[1]) AS v (z) WHERE t.day = '1'": [ONE],
    "SELECT n FROM (SELECT day, count(*) AS n FROM d.t GROUP BY day) WHERE day = '1'": [ONE],
    "SELECT day FROM (SELECT DISTINCT day FROM d.t) WHERE day = '1'": [ONE],
    "SELECT x FROM (SELECT x, day, rank() OVER (PARTITION BY day ORDER BY x) AS r FROM d.t) "
    "WHERE day = '1'": [ONE],
}


@pytest.mark.parametrize("sql", SPARED)
def test_a_condition_reaches_the_table_that_it_is_about(sql: str) -> None:
    assert conditions(sql)["t"] == [SPARED[sql]]


KEPT = [
    # Rows that the condition rules out still count in what it is asked of.
    "SELECT x FROM (SELECT x, day FROM d.t LIMIT 5) WHERE day = '1'",
    "SELECT x FROM (SELECT x, day, rank() OVER (ORDER BY x) AS r FROM d.t) WHERE day = '1'",
    "SELECT run FROM (SELECT run, min(day) AS day FROM d.t GROUP BY run) WHERE day = '1'",
    "SELECT n FROM (SELECT day, count(*) AS n FROM d.t GROUP BY ROLLUP (day)) WHERE day = '1'",
    # A row without a match is a row of nulls: what is not read would look like that.
    "SELECT u.x FROM d.u LEFT JOIN d.t ON t.x = u.x WHERE t.day IS NULL",
    "SELECT u.x FROM d.u LEFT JOIN d.t ON t.x = u.x WHERE coalesce(t.day, '1') = '1'",
    "SELECT u.x FROM d.u LEFT JOIN d.t ON t.x = u.x WHERE t.day = '1' OR u.day = '1'",
    "SELECT t.x FROM d.t LEFT JOIN d.u ON t.day = '1'",
    "SELECT t.x FROM d.t FULL JOIN d.u ON t.day = '1'",
    "SELECT t.x FROM d.u RIGHT JOIN d.t ON t.day = '1'",
    "SELECT t.x FROM d.t RIGHT JOIN d.u ON t.day IS NULL",
    # Branches of a union, and what is not about one table alone.
    "SELECT x FROM (SELECT x, day FROM d.t UNION ALL SELECT x, day FROM d.u) WHERE day = '1'",
    "SELECT t.x FROM d.t JOIN d.u ON t.x = u.x WHERE t.day = u.day",
    "SELECT x FROM d.t WHERE day IN (SELECT day FROM d.u)",
    "SELECT count(*) FROM d.t HAVING min(day) = '1'",
]


@pytest.mark.parametrize("sql", KEPT)
def test_a_condition_that_might_change_the_answer_stays_where_it_is(sql: str) -> None:
    assert conditions(sql)["t"] == [[]]


def test_every_place_that_reads_a_table_has_its_own_conditions() -> None:
    sql = (
        "WITH s AS (SELECT * FROM d.t) "
        "SELECT a.x FROM s AS a JOIN s AS b ON a.x = b.x WHERE a.day = '1' AND b.day = '2'"
    )
    assert conditions(sql)["t"] == [["day = '1'"], ["day = '2'"]]


def test_a_subquery_in_a_condition_is_a_place_too() -> None:
    sql = "SELECT x FROM d.t WHERE EXISTS (SELECT 1 FROM d.u WHERE u.day = '1' AND u.x = t.x)"

    assert conditions(sql) == {"u": [["day = '1'"]], "t": [[]]}


@pytest.mark.parametrize(
    ("sql", "needed"),
    [
        ("SELECT count(*) FROM d.t", set()),
        ("SELECT x FROM d.t WHERE y = 'a'", {"x", "y"}),
        ("SELECT x FROM (SELECT * FROM d.t)", {"x"}),
        ("SELECT n FROM (SELECT x AS n, y FROM d.t)", {"x"}),
        ("SELECT count(*) FROM (SELECT DISTINCT x, y FROM d.t)", {"x", "y"}),
        ("SELECT 1 FROM d.t ORDER BY y", {"y"}),
        ("SELECT 1 FROM d.t GROUP BY x HAVING min(y) = 'a'", {"x", "y"}),
        ("SELECT v.z FROM d.t CROSS JOIN UNNEST(split(x, ',')) AS v (z)", {"x"}),
        ("SELECT 1 WHERE EXISTS (SELECT 1 FROM d.t WHERE x = 'a')", {"x"}),
    ],
)
def test_columns_that_a_query_needs(sql: str, needed: set[str]) -> None:
    assert columns(sql)["t"] == needed


PARTITIONS = [Partition((day, run), f"s3://b/{day}/{run}/") for day in "123" for run in "ab"]


def test_partitions_are_chosen_by_conditions_of_any_kind() -> None:
    def days(*asked: str) -> list[str]:
        found = Engine().matching(TABLES["d", "t"], PARTITIONS, asked)
        return sorted("".join(one.values) for one in found)

    assert days("day = '1'") == ["1a", "1b"]
    assert days("day >= '2'", "run = 'a'") == ["2a", "3a"]
    assert days("day IN ('1', '3') AND run LIKE 'b%'") == ["1b", "3b"]
    assert days("day = '9'") == []


def test_a_condition_that_cannot_be_told_spares_nothing() -> None:
    found = Engine().matching(TABLES["d", "t"], PARTITIONS, ["CAST(run AS BIGINT) = 1"])

    assert found == set(PARTITIONS)
