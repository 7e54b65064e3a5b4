"""A typed query, said in DuckDB's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.expressions import DType

from fraudlake.local.athena.dialects import DuckDbSql
from fraudlake.local.athena.rules import RULES

if TYPE_CHECKING:
    from datetime import datetime

_CLOCK = {
    exp.CurrentDate: ("%Y-%m-%d", DType.DATE),
    exp.CurrentTimestamp: ("%Y-%m-%d %H:%M:%S.%f+00", DType.TIMESTAMPTZ),
    exp.Localtimestamp: ("%Y-%m-%d %H:%M:%S.%f", DType.TIMESTAMP),
}


def in_duckdb(query: exp.Expr, now: datetime) -> str:
    """A typed query, or a part of one, as DuckDB's SQL; what asks for the time is told `now`.

    Raises QueryFailed and NotPlayed where Athena would mean something that cannot be said.
    """
    root = exp.Paren(this=query.copy())
    for node in reversed(list(root.dfs())):
        put = _clock(node, now) or _translated(node)
        if put is not node:
            if node.type and not put.type:
                put.type = node.type
            node.replace(put)
    return str(root.this.sql(DuckDbSql, comments=False))


def _translated(node: exp.Expr) -> exp.Expr:
    rule = RULES.get(type(node))
    return rule(node) if rule else node


def _clock(node: exp.Expr, now: datetime) -> exp.Expr | None:
    for kind, (form, data_type) in _CLOCK.items():
        if isinstance(node, kind):
            told = exp.Literal.string(now.strftime(form))
            return exp.Cast(this=told, to=exp.DataType(this=data_type))
    return None
