"""How the parts of a typed query are said in DuckDB's SQL, where the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.expressions import DType

from fraudlake.local.athena.arithmetic import (
    average,
    count_if,
    quotient,
    remainder,
    rounded,
    sum_of,
    sum_or_difference,
    without_text,
)
from fraudlake.local.athena.casts import cast_rule, comparison_rule, concatenation_rule
from fraudlake.local.athena.failures import NotPlayed, at
from fraudlake.local.athena.kinds import kind_of
from fraudlake.local.athena.parts import call, named
from fraudlake.local.athena.times import elapsed, extracted, later, truncated
from fraudlake.local.athena.unnest import unnest_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[exp.Expr], exp.Expr]


def _subscript(node: exp.Expr) -> exp.Expr:
    [place] = node.expressions
    ending = "element" if node.args.get("safe") else "value"
    kinds = {DType.MAP: "map", DType.ARRAY: "array"}
    kind = kind_of(node.this)
    if kind not in kinds:
        raise NotPlayed(f"{at(node)}a subscript of a {named(node.this)}")
    return call(f"athena_{kinds[kind]}_{ending}", node.this, place)


def _size(node: exp.Expr) -> exp.Expr:
    if kind_of(node.this) == DType.MAP:
        return exp.cast(call("cardinality", node.this), "BIGINT")
    return call("len", node.this)


def _compared(node: exp.Expr) -> exp.Expr:
    comparison_rule(node)
    return node


RULES: dict[type[exp.Expr], Rule] = {
    exp.Bracket: _subscript,
    exp.ArraySize: _size,
    exp.ArrayContains: lambda node: call("athena_contains", node.this, node.expression),
    exp.Sum: sum_of,
    exp.Avg: average,
    exp.CountIf: count_if,
    exp.Div: quotient,
    exp.Mod: remainder,
    exp.Add: sum_or_difference,
    exp.Sub: sum_or_difference,
    exp.Mul: without_text,
    exp.Round: rounded,
    exp.DPipe: concatenation_rule,
    exp.Cast: cast_rule,
    exp.TryCast: cast_rule,
    exp.DateDiff: elapsed,
    exp.DateAdd: later,
    exp.TimestampTrunc: truncated,
    exp.DateTrunc: truncated,
    exp.Extract: extracted,
    exp.DayOfWeekIso: lambda node: call("isodow", node.this),
    exp.Unnest: unnest_rule,
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
