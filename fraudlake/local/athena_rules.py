"""How the parts of a typed query are said in DuckDB's SQL, where the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.expressions import DType

from fraudlake.local.athena_casts import cast_rule, comparison_rule, concatenation_rule
from fraudlake.local.athena_failures import NotPlayed, QueryFailed, at
from fraudlake.local.athena_types import (
    FLOATS,
    INTEGERS,
    NUMBERS,
    TEXTS,
    TIMES,
    is_kind,
    kind_of,
)
from fraudlake.local.athena_typing import digits

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[exp.Expr], exp.Expr]

_DECIMAL = frozenset({DType.DECIMAL})
_DATE = frozenset({DType.DATE})
_UNITS = frozenset(
    "MILLISECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR".split()  # noqa: SIM905 - a list of words
)
_SIGNS = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_WEEKDAY = frozenset({"DOW", "DAY_OF_WEEK", "DAYOFWEEK"})


def call(name: str, *arguments: exp.Expr | None) -> exp.Expr:
    """A call of a macro or function of DuckDB."""
    return exp.Anonymous(this=name, expressions=[one for one in arguments if one is not None])


def _subscript(node: exp.Expr) -> exp.Expr:
    [place] = node.expressions
    ending = "element" if node.args.get("safe") else "value"
    kinds = {DType.MAP: "map", DType.ARRAY: "array"}
    kind = kind_of(node.this)
    if kind not in kinds:
        raise NotPlayed(f"{at(node)}a subscript of a {_named(node.this)}")
    return call(f"athena_{kinds[kind]}_{ending}", node.this, place)


def _size(node: exp.Expr) -> exp.Expr:
    if kind_of(node.this) == DType.MAP:
        return exp.cast(call("cardinality", node.this), "BIGINT")
    return call("len", node.this)


def _sum(node: exp.Expr) -> exp.Expr:
    """A sum of whole numbers is a bigint, where DuckDB's is larger."""
    if is_kind(node.this, INTEGERS):
        _wrap(node, lambda outer: exp.cast(outer, "BIGINT"))
    return node


def _count_if(node: exp.Expr) -> exp.Expr:
    _wrap(node, lambda outer: exp.cast(outer, "BIGINT"))
    return node


def _average(node: exp.Expr) -> exp.Expr:
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


def _quotient(node: exp.Expr) -> exp.Expr:
    sides = (node.this, node.expression)
    if any(not is_kind(one, NUMBERS) for one in sides):
        raise _mismatch(node)
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


def _remainder(node: exp.Expr) -> exp.Expr:
    _refuse_text(node)
    if is_kind(node.this, FLOATS) or is_kind(node.expression, FLOATS):
        return node
    return call("athena_remainder", node.this, node.expression)


def _sum_or_difference(node: exp.Expr) -> exp.Expr:
    """A date stays a date when days are added; a number cannot be added to one."""
    _refuse_text(node)
    times = [one for one in (node.this, node.expression) if is_kind(one, TIMES)]
    if not times:
        return node
    if len(times) > 1:
        raise NotPlayed(f"{at(node)}a difference of times", "use date_diff")
    other = node.expression if times[0] is node.this else node.this
    if kind_of(other) != DType.INTERVAL:
        raise _mismatch(node)
    return exp.cast(node.copy(), "DATE") if is_kind(times[0], _DATE) else node


def _refuse_text(node: exp.Expr) -> exp.Expr:
    """Text is no number, where DuckDB might take it for one."""
    if any(is_kind(one, TEXTS) for one in (node.this, node.expression)):
        raise _mismatch(node)
    return node


def _mismatch(node: exp.Expr) -> QueryFailed:
    kinds = f"{_named(node.this)} {_SIGNS[type(node)]} {_named(node.expression)}"
    return QueryFailed(f"TYPE_MISMATCH: {at(node)}Cannot apply operator: {kinds}")


def _rounded(node: exp.Expr) -> exp.Expr:
    """A rounded decimal keeps its scale."""
    if not is_kind(node.this, _DECIMAL) or not node.args.get("decimals"):
        return node
    return exp.cast(node.copy(), f"DECIMAL(38, {_scale(node.this)})")


def _elapsed(node: exp.Expr) -> exp.Expr:
    """Whole units that have gone by, where DuckDB's date_diff counts the limits crossed."""
    ends = [exp.cast(one, "TIMESTAMP") for one in (node.expression, node.this)]
    return call("date_sub", exp.Literal.string(_unit(node).lower()), *ends)


def _later(node: exp.Expr) -> exp.Expr:
    added = exp.Add(
        this=node.this,
        expression=exp.Interval(this=exp.Paren(this=node.expression), unit=exp.var(_unit(node))),
    )
    return exp.cast(added, "DATE") if is_kind(node.this, _DATE) else added


def _truncated(node: exp.Expr) -> exp.Expr:
    cut = call("date_trunc", exp.Literal.string(_unit(node).lower()), node.this)
    return exp.cast(cut, "DATE") if is_kind(node.this, _DATE) else cut


def _unit(node: exp.Expr) -> str:
    unit = node.text("unit").upper()
    if unit not in _UNITS:
        raise NotPlayed(f"{at(node)}the unit {unit.lower() or '(none)'}")
    return unit


def _extracted(node: exp.Expr) -> exp.Expr:
    part = node.this.name.upper()
    if part in _WEEKDAY:
        return call("isodow", node.expression)
    if part not in _UNITS:
        raise NotPlayed(f"{at(node)}extract({part.lower()} FROM ...)")
    return node


def _unnested(node: exp.Expr) -> exp.Expr:
    kinds = [one.type for one in node.expressions]
    if len(kinds) == 1 and kinds[0] and kinds[0].this == DType.ARRAY:
        inner = kinds[0].expressions
        if not inner or inner[0].this != DType.STRUCT:
            return node
        raise NotPlayed("UNNEST of an array of rows", "unnest with ordinality another array")
    raise NotPlayed("UNNEST of anything but one array", "unnest map_keys(m), and look up m[key]")


def _named(node: exp.Expr) -> str:
    return node.type.sql("trino").lower() if node.type else "value of unknown type"


def _compared(node: exp.Expr) -> exp.Expr:
    comparison_rule(node)
    return node


RULES: dict[type[exp.Expr], Rule] = {
    exp.Bracket: _subscript,
    exp.ArraySize: _size,
    exp.ArrayContains: lambda node: call("athena_contains", node.this, node.expression),
    exp.Sum: _sum,
    exp.Avg: _average,
    exp.CountIf: _count_if,
    exp.Div: _quotient,
    exp.Mod: _remainder,
    exp.Add: _sum_or_difference,
    exp.Sub: _sum_or_difference,
    exp.Mul: _refuse_text,
    exp.Round: _rounded,
    exp.DPipe: concatenation_rule,
    exp.Cast: cast_rule,
    exp.TryCast: cast_rule,
    exp.DateDiff: _elapsed,
    exp.DateAdd: _later,
    exp.TimestampTrunc: _truncated,
    exp.DateTrunc: _truncated,
    exp.Extract: _extracted,
    exp.DayOfWeekIso: lambda node: call("isodow", node.this),
    exp.Unnest: _unnested,
    exp.ApproxDistinct: lambda node: exp.Count(this=exp.Distinct(expressions=[node.this])),
    exp.ApproxQuantile: lambda node: call("quantile_disc", node.this, node.args["quantile"]),
    exp.ArgMax: lambda node: call("arg_max_null", node.this, node.expression),
    exp.ArgMin: lambda node: call("arg_min_null", node.this, node.expression),
    exp.SplitPart: lambda node: call(
        "athena_split_part", node.this, node.args["delimiter"], node.args["part_index"]
    ),
    exp.Substring: lambda node: call(
        "athena_substr_of" if node.args.get("length") else "athena_substr",
        *(node.this, node.args.get("start"), node.args.get("length")),
    ),
    exp.RegexpExtract: lambda node: call(
        "athena_regexp", node.this, node.expression, node.args.get("group") or exp.Literal.number(0)
    ),
    exp.JSONExtractScalar: lambda node: call(
        "athena_json_scalar", node.this, exp.Literal.string(node.expression.sql("trino").strip("'"))
    ),
    exp.FromISO8601Timestamp: lambda node: call("athena_iso_timestamp", node.this),
    exp.TimeToUnix: lambda node: call("epoch", node.this),
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between), _compared
    ),
}
