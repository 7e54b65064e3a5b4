"""UNNEST as Athena has it: rows of an array, fields of rows, keys and values of a map."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.expressions import DType

from fraudlake.local.athena.failures import NotPlayed, at
from fraudlake.local.athena.kinds import kind_of
from fraudlake.local.athena.parts import call, named


def unnest_rule(node: exp.Expr) -> exp.Expr:
    """One array of simple values stays as it is; all else becomes a query of the same columns."""
    alias = node.args.get("alias")
    if not alias or not alias.columns:
        raise NotPlayed(f"{at(node)}UNNEST without names", "write UNNEST(...) AS t (column, ...)")
    if len(node.expressions) == 1 and _is_simple(node.expressions[0]):
        return node
    rows = _side_by_side(node)
    columns = [*alias.columns, *([node.args["offset"]] if node.args.get("offset") else [])]
    if len(rows.selects) != len(columns):
        raise NotPlayed(f"{at(node)}UNNEST of {len(rows.selects)} columns as {len(columns)}")
    names = [one.copy() for one in columns]
    return exp.Subquery(this=rows, alias=exp.TableAlias(this=alias.this, columns=names))


def _side_by_side(node: exp.Expr) -> exp.Select:
    """The values of all arrays, side by side, and their places when these are asked for."""
    sources = [(one, f"u{place}") for place, one in enumerate(node.expressions)]
    arrays = [
        exp.alias_(call("unnest", array), name) for one in sources for name, array in _arrays(*one)
    ]
    outputs = [output for one in sources for output in _outputs(*one)]
    if node.args.get("offset"):
        arrays.append(exp.alias_(_places(node), "place"))
        outputs.append(exp.column("place"))
    return exp.select(*outputs).from_(exp.select(*arrays).subquery("u"))


def _is_simple(node: exp.Expr) -> bool:
    inner = node.type.expressions if node.type else []
    return kind_of(node) == DType.ARRAY and bool(inner) and inner[0].this != DType.STRUCT


def _arrays(node: exp.Expr, name: str) -> list[tuple[str, exp.Expr]]:
    """The arrays whose values lie side by side."""
    if kind_of(node) == DType.MAP:
        return [(f"{name}k", call("map_keys", node)), (f"{name}v", call("map_values", node))]
    if kind_of(node) != DType.ARRAY:
        raise NotPlayed(f"{at(node)}UNNEST of a {named(node)}")
    return [(name, node.copy())]


def _outputs(node: exp.Expr, name: str) -> list[exp.Expr]:
    if kind_of(node) == DType.MAP:
        return [exp.column(f"{name}k"), exp.column(f"{name}v")]
    inner = node.type.expressions[0] if node.type and node.type.expressions else None
    if inner is None or inner.this != DType.STRUCT:
        return [exp.column(name)]
    fields = [exp.to_identifier(one.name, quoted=True) for one in inner.expressions]
    return [exp.Dot(this=exp.column(name), expression=one) for one in fields]


def _places(node: exp.Expr) -> exp.Expr:
    """1, 2, ... to the length of the longest."""
    lengths = [call("len", array) for one in node.expressions for _, array in _arrays(one, "u")[:1]]
    longest = call("greatest", *lengths)
    return call("unnest", call("generate_series", exp.Literal.number(1), longest))
