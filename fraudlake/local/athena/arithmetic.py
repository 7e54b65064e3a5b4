"""Sums, averages and quotients: in Athena, the types of the sides decide what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.expressions import DType

from fraudlake.local.athena.failures import NotPlayed, at
from fraudlake.local.athena.inference import digits
from fraudlake.local.athena.kinds import (
    FLOATS,
    INTEGERS,
    NUMBERS,
    TEXTS,
    TIMES,
    is_kind,
    kind_of,
)
from fraudlake.local.athena.parts import call, mismatch

if TYPE_CHECKING:
    from collections.abc import Callable

_DECIMAL = frozenset({DType.DECIMAL})
_DATE = frozenset({DType.DATE})


def sum_of(node: exp.Expr) -> exp.Expr:
    """A sum of whole numbers is a bigint, where DuckDB's is larger."""
    if is_kind(node.this, INTEGERS):
        _wrap(node, lambda outer: exp.cast(outer, "BIGINT"))
    return node


def count_if(node: exp.Expr) -> exp.Expr:
    """A count is a bigint, where DuckDB's is larger."""
    _wrap(node, lambda outer: exp.cast(outer, "BIGINT"))
    return node


def average(node: exp.Expr) -> exp.Expr:
    """An average of decimals is a decimal of the same scale, where DuckDB's is a double."""
    if is_kind(node.this, _DECIMAL):
        _wrap(node, lambda outer: _decimal_average(outer, _scale(node.this)))
    return node


def _decimal_average(outer: exp.Expr, scale: int) -> exp.Expr:
    parts = []
    for kind in (exp.Sum, exp.Count):
        part = exp.Paren(this=outer.copy())
        found = part.find(exp.Avg)
        if found is not None:
            found.replace(kind(this=found.this))
        parts.append(part.this)
    return _exact_quotient(parts[0], parts[1], (scale, 0))


def _wrap(node: exp.Expr, wrapped: Callable[[exp.Expr], exp.Expr]) -> None:
    """Put something around an aggregate, its FILTER and its OVER."""
    outer = node
    while isinstance(outer.parent, exp.Filter | exp.Window) and outer.parent.this is outer:
        outer = outer.parent
    put = wrapped(outer.copy())
    put.type = outer.type or node.type
    outer.replace(put)


def quotient(node: exp.Expr) -> exp.Expr:
    """Whole numbers give a whole number, decimals a decimal; by nothing only floats divide."""
    sides = (node.this, node.expression)
    if any(not is_kind(one, NUMBERS) for one in sides):
        raise mismatch(node, node.this, node.expression)
    if any(is_kind(one, FLOATS) for one in sides):
        return exp.Div(this=node.this, expression=node.expression, typed=False, safe=False)
    if all(is_kind(one, INTEGERS) for one in sides):
        return call("athena_integer_quotient", *sides)
    return _exact_quotient(*sides, (_scale(node.this), _scale(node.expression)))


def _exact_quotient(dividend: exp.Expr, divisor: exp.Expr, scales: tuple[int, int]) -> exp.Expr:
    """A quotient of decimals with as many digits after the point as the side that has more."""
    texts = [
        call("athena_decimal_text", one, exp.Literal.number(scale))
        for one, scale in zip((dividend, divisor), scales, strict=True)
    ]
    quotient = call("athena_decimal_quotient", *texts, exp.Literal.number(max(scales)))
    return exp.cast(quotient, f"DECIMAL(38, {max(scales)})")


def _scale(node: exp.Expr) -> int:
    found = digits(node)
    if found is None:
        raise NotPlayed(f"{at(node)}this arithmetic of decimals", "cast its sides to decimal(p, s)")
    return found[1]


def remainder(node: exp.Expr) -> exp.Expr:
    """What is left of a division; by nothing only floats divide."""
    without_text(node)
    if is_kind(node.this, FLOATS) or is_kind(node.expression, FLOATS):
        return node
    return call("athena_remainder", node.this, node.expression)


def sum_or_difference(node: exp.Expr) -> exp.Expr:
    """A date stays a date when days are added; a number cannot be added to one."""
    without_text(node)
    times = [one for one in (node.this, node.expression) if is_kind(one, TIMES)]
    if not times:
        return node
    if len(times) > 1:
        raise NotPlayed(f"{at(node)}a difference of times", "use date_diff")
    other = node.expression if times[0] is node.this else node.this
    if kind_of(other) != DType.INTERVAL:
        raise mismatch(node, node.this, node.expression)
    return exp.cast(node.copy(), "DATE") if is_kind(times[0], _DATE) else node


def without_text(node: exp.Expr) -> exp.Expr:
    """Text is no number, where DuckDB might take it for one."""
    if any(is_kind(one, TEXTS) for one in (node.this, node.expression)):
        raise mismatch(node, node.this, node.expression)
    return node


def rounded(node: exp.Expr) -> exp.Expr:
    """A rounded decimal keeps its scale."""
    if not is_kind(node.this, _DECIMAL) or not node.args.get("decimals"):
        return node
    return exp.cast(node.copy(), f"DECIMAL(38, {_scale(node.this)})")
