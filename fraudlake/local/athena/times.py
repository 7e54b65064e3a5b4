"""Dates and times: whole units that have gone by, and dates that stay dates."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.expressions import DType

from fraudlake.local.athena.failures import NotPlayed, at
from fraudlake.local.athena.kinds import is_kind
from fraudlake.local.athena.parts import call

_DATE = frozenset({DType.DATE})
_UNITS = frozenset(
    {"MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}
)
_WEEKDAY = frozenset({"DOW", "DAY_OF_WEEK", "DAYOFWEEK"})


def elapsed(node: exp.Expr) -> exp.Expr:
    """Whole units that have gone by, where DuckDB's date_diff counts the limits crossed."""
    ends = [exp.cast(one, "TIMESTAMP") for one in (node.expression, node.this)]
    return call("date_sub", exp.Literal.string(_unit(node).lower()), *ends)


def later(node: exp.Expr) -> exp.Expr:
    """A date or time so many units later; a date stays a date."""
    added = exp.Add(
        this=node.this,
        expression=exp.Interval(this=exp.Paren(this=node.expression), unit=exp.var(_unit(node))),
    )
    return exp.cast(added, "DATE") if is_kind(node.this, _DATE) else added


def truncated(node: exp.Expr) -> exp.Expr:
    """The begin of a unit; a date stays a date."""
    cut = call("date_trunc", exp.Literal.string(_unit(node).lower()), node.this)
    return exp.cast(cut, "DATE") if is_kind(node.this, _DATE) else cut


def _unit(node: exp.Expr) -> str:
    unit = node.text("unit").upper()
    if unit not in _UNITS:
        raise NotPlayed(f"{at(node)}the unit {unit.lower() or '(none)'}")
    return unit


def extracted(node: exp.Expr) -> exp.Expr:
    """A part of a date or time; weeks begin on Monday, which is 1."""
    part = node.this.name.upper()
    if part in _WEEKDAY:
        return call("isodow", node.expression)
    if part not in _UNITS:
        raise NotPlayed(f"{at(node)}extract({part.lower()} FROM ...)")
    return node
