"""Where Athena is strict about types and DuckDB is not: casts, comparisons, concatenation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.expressions import DType

from fraudlake.local.athena.failures import NotPlayed, QueryFailed, at
from fraudlake.local.athena.kinds import FLOATS, INTEGERS, NUMBERS, TEXTS, TIMES, kind_of
from fraudlake.local.athena.parts import call, mismatch, named

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNKNOWN = frozenset({DType.UNKNOWN, DType.NULL})
_NESTED = frozenset({DType.ARRAY, DType.MAP, DType.STRUCT})
_TIMESTAMPS = frozenset({DType.TIMESTAMP, DType.TIMESTAMPNTZ})
_FLOAT_FORM = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|NaN|[+-]?Infinity"
_TIME_FORM = r"\d{4}-\d{1,2}-\d{1,2}( \d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?"
# The texts that Athena takes for a type.
_FORMS = {
    **dict.fromkeys(INTEGERS, r"[+-]?\d+"),
    **dict.fromkeys(FLOATS, _FLOAT_FORM),
    **dict.fromkeys(_TIMESTAMPS, _TIME_FORM),
    DType.DECIMAL: r"[+-]?(\d+\.?\d*|\.\d+)",
    DType.DATE: r"\d{4}-\d{1,2}-\d{1,2}",
    DType.BOOLEAN: r"(?i)true|false|t|f|1|0",
}
_FAMILIES = (TEXTS, NUMBERS, TIMES, frozenset({DType.BOOLEAN}))


def cast_rule(node: exp.Expr) -> exp.Expr:
    """A cast that takes and gives what Athena's does."""
    to = node.args["to"]
    if isinstance(node.this, exp.Null):
        return node
    if to.this in TEXTS:
        return _to_text(node, to)
    if to.this not in _FORMS and to.this not in _NESTED:
        raise NotPlayed(f"{at(node)}a cast to {to.sql('trino').lower()}")
    if to.this == DType.DECIMAL and not to.expressions and node.this.is_string:
        raise NotPlayed(f"{at(node)}a decimal without its digits", "cast it to decimal(p, s)")
    source, target = kind_of(node.this), _sized(to)
    if source in TEXTS and to.this in _FORMS:
        return type(node)(this=_checked(node, to), to=target)
    if source in FLOATS and to.this in INTEGERS:
        return type(node)(this=exp.Round(this=node.this), to=target)
    if source == DType.UNKNOWN:
        raise _unknown(node)
    return type(node)(this=node.this, to=target)


def _sized(to: exp.DataType) -> exp.DataType:
    """The type without digits of seconds; a decimal that says no digits has 38 and none."""
    if to.this in _TIMESTAMPS:
        return exp.DataType.build("TIMESTAMP", dialect="duckdb")
    if to.this == DType.DECIMAL and not to.expressions:
        return exp.DataType.build("DECIMAL(38, 0)")
    return to.copy()


def _checked(node: exp.Expr, to: exp.DataType) -> exp.Expr:
    form = exp.Literal.string(_FORMS[to.this])
    if isinstance(node, exp.TryCast):
        return call("athena_matching", node.this, form)
    name = exp.Literal.string(to.sql("trino").lower())
    return call("athena_checked", node.this, form, name)


def _to_text(node: exp.Expr, to: exp.DataType) -> exp.Expr:
    text = _text_of(node)
    if not to.expressions:
        return text
    return call("left", text, exp.Literal.number(to.expressions[0].name))


def _text_of(node: exp.Expr) -> exp.Expr:
    source = kind_of(node.this)
    if source == DType.DOUBLE:
        return call("athena_double_text", node.this)
    if source in _TIMESTAMPS:
        return call("athena_timestamp_text", node.this)
    if source == DType.UNKNOWN:
        raise _unknown(node)
    if source in _NESTED | {DType.TIMESTAMPTZ, DType.FLOAT}:
        raise NotPlayed(f"{at(node)}a cast of {node.this.type} to varchar")
    return exp.cast(node.this, "TEXT")


def _unknown(node: exp.Expr) -> NotPlayed:
    return NotPlayed(f"{at(node)}a cast of a value whose type is not known here")


def comparison_rule(node: exp.Expr) -> None:
    """Raise QueryFailed when two sides of a comparison have types that Athena does not compare."""
    for left, right in _pairs(node):
        families = {_family(left), _family(right)} - {None}
        if len(families) > 1:
            raise mismatch(node, left, right)


def concatenation_rule(node: exp.Expr) -> exp.Expr:
    """Text is joined to text; Raises QueryFailed for anything else that is not an array."""
    kinds = [kind_of(one) for one in (node.this, node.expression)]
    if any(one not in TEXTS | _UNKNOWN | {DType.ARRAY} for one in kinds):
        told = ", ".join(named(one) for one in (node.this, node.expression))
        raise QueryFailed(f"TYPE_MISMATCH: {at(node)}Unexpected parameters ({told}) for concat")
    return node


def _pairs(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    if isinstance(node, exp.Between):
        yield from ((node.this, node.args[one]) for one in ("low", "high"))
    elif isinstance(node, exp.In):
        yield from ((node.this, one) for one in node.expressions)
    else:
        yield node.this, node.args["expression"]


def _family(node: exp.Expr) -> int | None:
    kind = kind_of(node)
    return next((number for number, one in enumerate(_FAMILIES) if kind in one), None)
