"""Small parts that rules of translation are made of."""

from __future__ import annotations

from sqlglot import exp

from fraudlake.local.athena.failures import QueryFailed, at

_SIGNS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}


def call(name: str, *arguments: exp.Expr | None) -> exp.Expr:
    """A call of a macro or function of DuckDB."""
    return exp.Anonymous(this=name, expressions=[one.copy() for one in arguments if one])


def named(node: exp.Expr) -> str:
    """The type of a part of a query, as Athena names it in a message."""
    return node.type.sql("trino").lower() if node.type else "unknown"


def mismatch(node: exp.Expr, left: exp.Expr, right: exp.Expr) -> QueryFailed:
    """What Athena says to an operator between types that do not go together."""
    sign = _SIGNS.get(type(node), type(node).__name__.upper())
    kinds = f"{named(left)} {sign} {named(right)}"
    return QueryFailed(f"TYPE_MISMATCH: {at(node)}Cannot apply operator: {kinds}")
