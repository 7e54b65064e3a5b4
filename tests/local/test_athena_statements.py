"""Statements that are taken, and those that are refused: no SQL, no reading, or hostile."""

from __future__ import annotations

import pytest

from fraudlake.local.calls import CallError
from tests.local.athena_lake import WORKGROUP, Lake, reason

DAY = "batch_date=2025-01-31/run_id=new"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("", "queryString must have 1 to 262144 bytes"),
        ("SELEC 1", "line 1:7: mismatched input '1'"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed. Got: SELECT 1; SELECT 2"),
        ("SELECT 'a", "Error tokenizing"),
        ("ATTACH 'x'", "mismatched input"),
        ("COPY runs TO 'x'", "line 1:1: mismatched input 'COPY'"),
        ("PRAGMA version", "line 1:1: mismatched input 'PRAGMA'"),
    ],
)
def test_what_is_no_statement_is_refused_when_it_is_sent(lake: Lake, sql: str, told: str) -> None:
    with pytest.raises(CallError) as refused:
        lake.call("StartQueryExecution", QueryString=sql, WorkGroup=WORKGROUP)
    assert refused.value.code == "InvalidRequestException"
    assert told in refused.value.message


@pytest.mark.parametrize("parameter", ["x", "'a' || 'b'", "1; DROP TABLE runs", "(SELECT 1)", "'"])
def test_a_parameter_is_a_literal(lake: Lake, parameter: str) -> None:
    with pytest.raises(CallError, match="is no literal"):
        lake.run("SELECT ?", parameter)


def test_parameters_are_put_in_in_their_order_and_as_they_are(lake: Lake) -> None:
    sql = "SELECT '?' AS a, ? AS b /* ? */, ? AS c, ? AS d, ? AS e"
    [found] = lake.ask(sql, "'it''s -- ?'", "-1.50", "DATE '2025-01-31'", "NULL")

    values = {"a": "?", "b": "it's -- ?", "c": "-1.50", "d": "2025-01-31", "e": None}
    assert found == values


def test_too_few_parameters_fail_the_query(lake: Lake) -> None:
    found = lake.run("SELECT ?, ?", "1")

    told = "INVALID_PARAMETER_USAGE: Incorrect number of parameters: expected 2 but found 1"
    assert reason(found) == told


@pytest.mark.parametrize(
    ("sql", "lines"),
    [
        ("SHOW TABLES 'run*'", ["runs"]),
        ("SHOW TABLES IN fraudlake_dev_raw LIKE 'cust*';", ["customers"]),
        ("show partitions scored_transactions", ["batch_date=2025-01-31/run_id=new"]),
        ("SHOW COLUMNS IN fx_rates FROM fraudlake_dev_raw", ["rate_date", "currency"]),
        ("DESCRIBE fraudlake_dev_raw.fx_rates", ["rate_date", "currency"]),
    ],
)
def test_statements_that_look_at_the_catalog(lake: Lake, sql: str, lines: list[str]) -> None:
    """Their answers have no header."""
    found = lake.run(sql)
    page = lake.call("GetQueryResults", QueryExecutionId=found["QueryExecutionId"])
    told = [row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]]

    assert found["StatementType"] == "UTILITY"
    assert told[: len(lines)] == lines
    assert found["ResultConfiguration"]["OutputLocation"].endswith(".txt")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "INSERT INTO runs SELECT 1",
        "DROP TABLE runs",
        "ALTER TABLE runs ADD PARTITION (batch_date = 'x')",
        "MSCK REPAIR TABLE runs",
        "UNLOAD (SELECT 1) TO 's3://x/'",
        "EXPLAIN SELECT 1",
    ],
)
def test_statements_that_do_not_read_fail_by_their_name(lake: Lake, sql: str) -> None:
    word = sql.split(maxsplit=1)[0]

    told = f"NOT_SUPPORTED: the local Athena does not play the statement {word}"
    assert reason(lake.run(sql)).startswith(told)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        'SELECT * FROM "/etc/passwd"',
        'SELECT * FROM "s3://bucket/x.parquet"',
        "SELECT * FROM TABLE(read_csv('/etc/passwd'))",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM main.sqlite_master",
        "SELECT * FROM sqlite_master",
        "SELECT getenv('HOME')",
        "SELECT current_setting('threads')",
        "SELECT (SELECT content FROM read_blob('/etc/passwd'))",
        "SELECT 1 WHERE EXISTS (SELECT * FROM read_json('/etc/passwd'))",
        "WITH a AS (SELECT * FROM parquet_scan('/etc/passwd')) SELECT * FROM a",
        "SELECT * FROM runs JOIN LATERAL (SELECT * FROM read_csv('/etc/passwd')) ON true",
        "SELECT rows FROM arriving",
    ],
)
def test_sql_that_reaches_for_files_or_for_the_engine_is_refused(lake: Lake, sql: str) -> None:
    found = lake.run(sql)

    assert found["Status"]["State"] == "FAILED"
    assert reason(found).startswith(("NOT_SUPPORTED: ", "TABLE_NOT_FOUND: "))


def test_the_same_token_is_the_same_query(lake: Lake) -> None:
    token = {"ClientRequestToken": "0" * 32, "WorkGroup": WORKGROUP}
    first = lake.call("StartQueryExecution", QueryString="SELECT 1", **token)

    assert lake.call("StartQueryExecution", QueryString="SELECT 1", **token) == first
    with pytest.raises(CallError, match="Idempotent parameters do not match"):
        lake.call("StartQueryExecution", QueryString="SELECT 2", **token)
