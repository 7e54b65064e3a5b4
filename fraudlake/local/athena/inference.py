"""What types Athena's expressions have, where sqlglot says otherwise or nothing.

Rules of translation ask for types: a wrong one would change an answer, an unknown one is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.expressions import DType

if TYPE_CHECKING:
    from collections.abc import Callable

    Annotator = Callable[[Any, Any], exp.Expr]

_LONGEST = 38  # digits of a decimal
# Digits of whole numbers, when one meets a decimal.
_DIGITS = {DType.TINYINT: 3, DType.SMALLINT: 5, DType.INT: 10, DType.BIGINT: 19}
_TEXTS = (
    *(exp.Replace, exp.SplitPart, exp.Reverse, exp.RegexpExtract, exp.JSONExtractScalar),
    *(exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Concat),
)
_COUNTS = (
    *(exp.DateDiff, exp.Extract, exp.Year, exp.Month, exp.Day, exp.DayOfWeekIso, exp.Quarter),
    *(exp.Hour, exp.Minute, exp.Second, exp.ArraySize, exp.CountIf, exp.ApproxDistinct, exp.Count),
)
_AS_ARGUMENT = (
    *(
        exp.ArgMax,
        exp.ArgMin,
        exp.ApproxQuantile,
        exp.TimestampTrunc,
        exp.DateTrunc,
        exp.ArrayFilter,
    ),
    exp.Abs,
)


def decimal(precision: int, scale: int) -> exp.DataType:
    """The type `decimal(precision, scale)`."""
    return exp.DataType.build(f"DECIMAL({min(_LONGEST, precision)}, {scale})")


def digits(node: exp.Expr) -> tuple[int, int] | None:
    """Precision and scale of a number that is exact; None for others, and where it is not known."""
    kind = node.type
    if kind is None:
        return None
    if kind.this in _DIGITS:
        return _DIGITS[DType(kind.this)], 0
    if kind.this == DType.DECIMAL and len(kind.expressions) == 2:  # noqa: PLR2004 - both digits
        precision, scale = (int(str(one.this.name)) for one in kind.expressions)
        return precision, scale
    return None


def _set(annotator: Any, node: exp.Expr, kind: Any) -> exp.Expr:  # noqa: ANN401 - sqlglot's
    annotator._set_type(node, kind)  # noqa: SLF001 - how a dialect's annotators say a type
    return node


def _like_argument(annotator: Any, node: exp.Expr) -> exp.Expr:  # noqa: ANN401
    return _set(annotator, node, node.this.type)


def _literal(annotator: Any, node: exp.Literal) -> exp.Expr:  # noqa: ANN401
    """A number with a point and no exponent is a decimal."""
    annotator._annotate_literal(node)  # noqa: SLF001 - what it does otherwise
    whole, point, fraction = node.name.partition(".")
    if node.is_string or not point or "e" in node.name.lower():
        return node
    return _set(annotator, node, decimal(len(whole) + len(fraction), len(fraction)))


def _sum(annotator: Any, node: exp.Expr) -> exp.Expr:  # noqa: ANN401
    found = digits(node.this)
    if found is None:
        return _like_argument(annotator, node)
    is_whole = node.this.type and node.this.type.this != DType.DECIMAL
    return _set(annotator, node, DType.BIGINT if is_whole else decimal(_LONGEST, found[1]))


def _average(annotator: Any, node: exp.Expr) -> exp.Expr:  # noqa: ANN401
    is_decimal = node.this.type and node.this.type.this == DType.DECIMAL
    return _set(annotator, node, node.this.type if is_decimal else DType.DOUBLE)


def _arithmetic(annotator: Any, node: exp.Binary) -> exp.Expr:  # noqa: ANN401
    sides = (node.left, node.right)
    kinds = {one.type.this for one in sides if one.type}
    if DType.DECIMAL not in kinds or kinds & {DType.DOUBLE, DType.FLOAT}:
        if isinstance(node, exp.Div):
            annotator._annotate_div(node)  # noqa: SLF001 - what it does otherwise
        else:
            annotator._annotate_binary(node)  # noqa: SLF001
        return node
    found = [digits(one) for one in sides]
    left, right = found
    kind = _result(node, left, right) if left and right else DType.UNKNOWN
    return _set(annotator, node, kind)


def _result(node: exp.Binary, left: tuple[int, int], right: tuple[int, int]) -> exp.DataType:
    """The decimal that two of them give."""
    larger = max(left[1], right[1])
    if isinstance(node, exp.Mul):
        return decimal(left[0] + right[0], left[1] + right[1])
    if isinstance(node, exp.Div):
        return decimal(_LONGEST, larger)
    return decimal(max(left[0] - left[1], right[0] - right[1]) + larger + 1, larger)


def _rounded(annotator: Any, node: exp.Expr) -> exp.Expr:  # noqa: ANN401
    found = None if node.args.get("decimals") else digits(node.this)
    is_decimal = found and node.this.type and node.this.type.this == DType.DECIMAL
    return _set(annotator, node, decimal(found[0], 0) if found and is_decimal else node.this.type)


def _subscript(annotator: Any, node: exp.Bracket) -> exp.Expr:  # noqa: ANN401
    kind = node.this.type
    is_nested = kind is not None and kind.this in {DType.ARRAY, DType.MAP} and kind.expressions
    return _set(annotator, node, kind.expressions[-1] if kind and is_nested else None)


def _parts_of_map(place: int) -> Annotator:
    def annotated(annotator: Any, node: exp.Expr) -> exp.Expr:  # noqa: ANN401
        kind = (node.this if isinstance(node, exp.MapKeys) else node.expressions[0]).type
        if kind is None or kind.this != DType.MAP:
            return _set(annotator, node, None)
        inner = kind.expressions[place].copy()
        return _set(annotator, node, exp.DataType(this=DType.ARRAY, expressions=[inner]))

    return annotated


def _returns(kind: DType) -> dict[str, Any]:
    return {"returns": kind}


def _by(annotator: Annotator) -> dict[str, Any]:
    return {"annotator": annotator}


ANNOTATORS: dict[type[exp.Expr], dict[str, Any]] = {
    **dict.fromkeys(_TEXTS, _returns(DType.VARCHAR)),
    **dict.fromkeys(_COUNTS, _returns(DType.BIGINT)),
    **dict.fromkeys(_AS_ARGUMENT, _by(_like_argument)),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), _by(_arithmetic)),
    **dict.fromkeys((exp.Ceil, exp.Floor, exp.Round), _by(_rounded)),
    **dict.fromkeys(
        (exp.CurrentTimestamp, exp.UnixToTime, exp.FromISO8601Timestamp),
        _returns(DType.TIMESTAMPTZ),
    ),
    exp.Localtimestamp: _returns(DType.TIMESTAMP),
    exp.TimeToUnix: _returns(DType.DOUBLE),
    exp.Split: {"returns": exp.DataType.build("ARRAY<VARCHAR>")},
    exp.Literal: _by(_literal),
    exp.Sum: _by(_sum),
    exp.Avg: _by(_average),
    exp.Bracket: _by(_subscript),
    exp.MapKeys: _by(_parts_of_map(0)),
    exp.Anonymous: _by(_parts_of_map(1)),  # of the known ones, map_values
}
