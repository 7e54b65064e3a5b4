"""What of Athena's SQL is played; whatever is not named here is refused by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from fraudlake.local.athena.dialects import AthenaSql
from fraudlake.local.athena.failures import NotPlayed, at

if TYPE_CHECKING:
    from collections.abc import Collection

# How a query is put together.
_STRUCTURE = frozenset(
    {
        *(exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE),
        *(exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit),
        *(exp.Offset, exp.Fetch, exp.Distinct, exp.Alias, exp.TableAlias, exp.Column, exp.Star),
        *(exp.Identifier, exp.Table, exp.Unnest, exp.Paren, exp.Tuple, exp.Window),
        *(exp.WindowSpec, exp.Filter, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Lambda),
        *(exp.IgnoreNulls, exp.RespectNulls, exp.Values, exp.LimitOptions),
    }
)
# Values, and what needs no function's name.
_OPERATORS = frozenset(
    {
        *(exp.Literal, exp.Boolean, exp.Null, exp.Var, exp.Interval, exp.DataType),
        *(exp.DataTypeParam, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE),
        *(exp.GT, exp.GTE, exp.Is, exp.In, exp.Between, exp.Like, exp.Escape, exp.Exists),
        *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg),
        *(exp.DPipe, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Bracket, exp.Dot, exp.Array),
    }
)
# Functions that mean the same in both, or that athena_rules translates.
_FUNCTIONS = frozenset(
    {
        *(exp.Count, exp.Min, exp.Max, exp.Sum, exp.Avg, exp.CountIf, exp.ArrayAgg, exp.AnyValue),
        *(exp.ArgMax, exp.ArgMin, exp.LogicalAnd, exp.LogicalOr, exp.ApproxDistinct),
        *(exp.ApproxQuantile, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance),
        *(exp.VariancePop, exp.Corr, exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank),
        *(exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue),
        *(exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Abs, exp.Round),
        *(
            exp.Ceil,
            exp.Floor,
            exp.Sqrt,
            exp.Ln,
            exp.Exp,
            exp.Pow,
            exp.Lower,
            exp.Upper,
            exp.Length,
            exp.Trim,
        ),
        *(exp.Concat, exp.Replace, exp.StrPosition, exp.Substring, exp.SplitPart, exp.Split),
        *(exp.StartsWith, exp.Reverse, exp.RegexpLike, exp.RegexpExtract, exp.JSONExtractScalar),
        *(exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript),
        *(exp.ArraySize, exp.ArrayContains, exp.MapKeys, exp.Map, exp.Transform),
        *(exp.ArrayFilter, exp.CurrentDate, exp.CurrentTimestamp, exp.Localtimestamp, exp.Date),
        *(exp.DateAdd, exp.DateDiff, exp.TimestampTrunc, exp.DateTrunc, exp.Extract, exp.StrToTime),
        *(exp.TimeToStr, exp.FromISO8601Timestamp, exp.UnixToTime, exp.TimeToUnix, exp.Year),
        *(exp.Month, exp.Day, exp.DayOfWeekIso, exp.Quarter, exp.Hour, exp.Minute, exp.Second),
    }
)
_KNOWN = _STRUCTURE | _OPERATORS | _FUNCTIONS
# Functions that sqlglot does not know, and DuckDB has with the same name and meaning.
_SAME_IN_BOTH = frozenset({"map_values"})
# Arguments that change what a function means and are not translated.
_BEYOND = (
    (exp.ApproxQuantile, "weight"),
    (exp.ArgMax, "count"),
    (exp.ArgMin, "count"),
    (exp.RegexpExtract, "position"),
    (exp.Table, "version"),
    (exp.Table, "sample"),
    (exp.Table, "pivots"),
    (exp.Join, "method"),
    (exp.Select, "into"),
    (exp.Select, "laterals"),
    (exp.Select, "qualify"),
    (exp.With, "recursive"),
)


def check_known(query: exp.Expr) -> None:
    """Raise NotPlayed for the first part of a query that is not played, by its name."""
    for node in query.walk():
        if type(node) not in _KNOWN and not _is_same_in_both(node):
            raise NotPlayed(f"{at(node)}{_called(node)}")
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
            raise NotPlayed(f"{at(node)}the table function {_written(node.this)}")
    for kind, argument in _BEYOND:
        for node in query.find_all(kind):
            if node.args.get(argument):
                raise NotPlayed(f"{at(node)}{_written(node)} with {argument}")


def known_functions() -> Collection[type[exp.Expr]]:
    """The functions that are played."""
    return _FUNCTIONS


def _is_same_in_both(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() in _SAME_IN_BOTH


def _called(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return f"the function {node.name.lower()}"
    kind = "the function" if isinstance(node, exp.Func) else "the clause or statement"
    return f"{kind} {_written(node)}"


def _written(node: exp.Expr) -> str:
    """How a part of a query begins in Athena's SQL."""
    return node.sql(AthenaSql).split("(")[0].strip().lower()[:60]
