"""The two dialects of SQL between which a query is translated.

Subscripts stay as they are written: whether they count from one, and what is outside, is decided
where the types are known (athena_rules).
"""

from __future__ import annotations

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.trino import Trino

from fraudlake.local.athena.inference import ANNOTATORS


class AthenaSql(Trino):
    """What Athena reads: Trino's SQL."""

    INDEX_OFFSET = 0
    EXPRESSION_METADATA = {**Trino.EXPRESSION_METADATA, **ANNOTATORS}  # noqa: RUF012 - as sqlglot has it


class DuckDbSql(DuckDB):
    """What DuckDB reads."""

    INDEX_OFFSET = 0
