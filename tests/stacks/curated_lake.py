"""A curated lake in DuckDB: tables as the catalog has them, the views, and the saved queries."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
from pyspark.sql import types as t

from fraudlake.local.athena.kinds import duckdb_type
from fraudlake.runs import Manifest, ProfileSource
from fraudlake.tables import Moments
from stacks.analytics import QUERIES
from stacks.catalog import curated_tables
from stacks.views import analyst_views

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = curated_tables(carry=())
VIEWS = {one.name: one for one in analyst_views(TABLES)}
SAVED = {path.stem: path.read_text() for path in sorted(QUERIES.glob("*.sql"))}
OLDER, NEWER = "2025-02-01T03:00:00+00:00", "2025-02-01T03:00:00.000001+00:00"
RULE = "AMOUNT_OVER_LIMIT"


def opened_lake() -> Iterator[duckdb.DuckDBPyConnection]:
    """The curated tables, empty, and the views over them."""
    with duckdb.connect() as connection:
        for table in TABLES:
            columns = ", ".join(f'"{one.name}" {duck(one.dataType)}' for one in table.fields)
            connection.execute(f"CREATE TABLE {table.name} ({columns})")
        for view in VIEWS.values():
            connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
        yield connection


def duck(kind: t.DataType) -> str:
    """A type as DuckDB calls it; a simple Spark type is called what Glue calls it."""
    return duckdb_type(kind.simpleString())


def commit(lake: duckdb.DuckDBPyConnection, batch: str, run_id: str, committed_at: str) -> None:
    """Put a manifest into the table of runs, as the JSON that a run writes."""
    put_row(lake, "runs", json.loads(manifest(batch, run_id, committed_at).to_json()))


def manifest(batch: str, run_id: str, committed_at: str) -> Manifest:
    """A manifest of a run that scored 3 rows and quarantined 1."""
    facts: dict[str, Any] = {
        "settings": {"rules": []},
        "input_roots": {"transactions": "s3://raw/transactions"},
        "inputs": [{"table": "transactions", "name": "part.csv", "size": 5, "etag": "e"}],
        "customers": {"snapshot_date": batch, "rows": 9, "malformed": 0, "duplicates": 2},
        "blacklist": {
            "snapshot_date": None,
            "rows": 3,
            "malformed": 0,
            "set_aside": 1,
            "dates_unparsed": 0,
            "is_later_than_batch": False,
        },
        "fx_rates": {"from": None, "to": None},
        "rows": {
            "read": 4,
            "scored": 3,
            "quarantined": 1,
            "quarantined_by_reason": {"ZERO_AMOUNT": 1},
            "late": 0,
            "by_category": {"High": 1, "Medium": 0, "Low": 2},
            "by_rule": {RULE: 1},
        },
        "total_amount_usd": {"all": "98765432109876543.21", "High": "6120.00"},
        "customers_duplicates": 2,
        "latest_transaction_ts": None,
        "built_on": [],
        "supersedes": None,
        "stale_successors": [],
        "changed_inputs": [],
        "outputs": {"quarantine": {"rows": 1, "bytes": 10, "files": ["a.parquet"]}},
        "durations": {"reading": 0.5},
        "rows_per_second": 8.0,
    }
    return Manifest(
        run_id=run_id,
        batch_date=date.fromisoformat(batch),
        started_at=OLDER,
        committed_at=committed_at,
        code_version="0.1.0",
        rules_version="abc",
        moments=Moments(1, 10**25, 10**37),
        profile=ProfileSource(90),
        **facts,
    )


def put_row(lake: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    """Insert a row; what the table does not name is left out, as a SerDe does."""
    [schema] = [{one.name: one.dataType for one in it.fields} for it in TABLES if it.name == table]
    values = {
        name: json.dumps(value) if isinstance(value, dict | list) else value
        for name, value in row.items()
        if name in schema
    }
    casts = [
        f"CAST(? AS JSON)::{duck(schema[one])}"
        if isinstance(row[one], dict | list) and not isinstance(schema[one], t.StringType)
        else "?"
        for one in values
    ]
    columns = ", ".join(f'"{one}"' for one in values)
    lake.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({', '.join(casts)})",  # noqa: S608
        list(values.values()),
    )


def put_scores(lake: duckdb.DuckDBPyConnection, batch: str, run_id: str, *ids: str) -> None:
    for transaction_id in ids:
        row = {"batch_date": batch, "run_id": run_id, "transaction_id": transaction_id}
        put_row(lake, "scored_transactions", row)


def answer(lake: duckdb.DuckDBPyConnection, query: str, *parameters: str) -> list[dict[str, Any]]:
    """The rows that a saved query answers on 2025-02-10."""
    sql = SAVED[query].replace("current_date", "DATE '2025-02-10'")
    rows = lake.execute(sql, list(parameters))
    names = [one[0] for one in rows.description or []]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def rows_of(lake: duckdb.DuckDBPyConnection, view: str, *columns: str) -> list[tuple[Any, ...]]:
    chosen = ", ".join(columns)
    return lake.execute(f"SELECT {chosen} FROM {view} ORDER BY ALL").fetchall()  # noqa: S608
