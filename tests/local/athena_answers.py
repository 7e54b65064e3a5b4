"""Answers of queries that need no table and no cloud."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from boto3.session import Session

from fraudlake.local.athena.catalog import Catalog
from fraudlake.local.athena.engine import Engine
from fraudlake.local.athena.sources import with_sources, with_types
from fraudlake.local.athena.statement import parse_query
from fraudlake.local.athena.translation import in_duckdb

if TYPE_CHECKING:
    from fraudlake.local.athena.engine import Answer

NOW = datetime(2025, 2, 10, 12, 34, 56, 789000, tzinfo=UTC)
_NO_TABLES = Catalog(Session(region_name="us-east-1"))


def answer(sql: str) -> Answer:
    """What a query answers on 2025-02-10."""
    query, tables = with_sources(parse_query(sql), _NO_TABLES, "none")
    with closing(Engine()) as engine:
        engine.lock()
        return engine.answer(in_duckdb(with_types(query, tables), NOW))
