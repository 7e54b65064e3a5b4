"""What a query needs of each table: the columns, and which partitions its conditions leave.

A condition is handed down from a query to what it reads wherever that cannot change the answer.
The query keeps all its conditions: what is found here only spares reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from fraudlake.local.athena.failures import NotPlayed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Not true of a row of nulls when one side is a bare column.
_REJECTS_NULLS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between, exp.Like)
_WITHOUT_SOURCES = (exp.Unnest, exp.Values)


@dataclass
class Scan:
    """One place where a query reads a table, and what it asks for there."""

    database: str
    name: str
    columns: set[str] = field(default_factory=set)
    conditions: list[exp.Expr] = field(default_factory=list)


def scans_of(query: exp.Query) -> list[Scan]:
    """Every place where a qualified query reads a table."""
    root = build_scope(query)
    return list(_scans(root, [], None)) if root else []


def _scans(scope: Scope, asked: list[exp.Expr], wanted: set[str] | None) -> Iterator[Scan]:
    """The scans of a scope, of whose output only rows that fulfil `asked` are needed.

    `asked` name output columns without a table; of the output, only the columns `wanted` are.
    """
    for inner in (*scope.subquery_scopes, *scope.set_operation_scopes):
        # What is asked of a union names the columns of its first branch; it stays where it is.
        yield from _scans(inner, [], None)
    if not scope.set_operation_scopes and not isinstance(scope.expression, _WITHOUT_SOURCES):
        yield from _of_sources(scope, asked, _needed(scope, wanted))


def _of_sources(scope: Scope, asked: list[exp.Expr], needed: list[exp.Column]) -> Iterator[Scan]:
    """The scans of what a SELECT reads from."""
    conditions = [*_handed_down(scope, asked), *_own_conditions(scope)]
    for alias, (_, source) in scope.selected_sources.items():
        mine = [_without_table(one) for one, may in conditions if _is_about(one, alias, may)]
        columns = {column.name for column in needed if column.table in _names(alias, column)}
        if isinstance(source, Scope):
            yield from _scans(source, mine, columns)
        else:
            yield Scan(source.db, source.name, columns, mine)


def _names(alias: str, column: exp.Column) -> tuple[str, ...]:
    """How a column calls a source; in HAVING, it may leave that out."""
    return (alias, "") if column.find_ancestor(exp.Having) else (alias,)


def _select(scope: Scope) -> exp.Select:
    if not isinstance(scope.expression, exp.Select):
        raise NotPlayed(f"{type(scope.expression).__name__.upper()} as a source of rows")
    return scope.expression


def _is_about(condition: exp.Expr, alias: str, sources: frozenset[str]) -> bool:
    """Whether a condition is about one source only, and may be asked of it before any join."""
    columns = list(condition.find_all(exp.Column))
    return alias in sources and bool(columns) and all(one.table == alias for one in columns)


def _own_conditions(scope: Scope) -> Iterator[tuple[exp.Expr, frozenset[str]]]:
    """The conditions of a SELECT, each with the sources that it may be asked of."""
    select = _select(scope)
    names, nullable = _sources(select)
    where = select.args.get("where")
    for one in _conjuncts(where.this if where else None):
        yield one, names if _rejects_nulls(one) else names - nullable
    for join in select.args.get("joins") or []:
        own = frozenset({join.alias_or_name})
        for one in _conjuncts(join.args.get("on")):
            others = names - own if _rejects_nulls(one) else frozenset()
            allowed = {"": names - nullable, "LEFT": own, "RIGHT": others}
            yield one, allowed.get(join.side, frozenset())


def _sources(select: exp.Select) -> tuple[frozenset[str], frozenset[str]]:
    """The sources of a SELECT, and which of them a join may fill with nulls."""
    first = select.args.get("from_")
    names = {first.alias_or_name} if first else set()
    nullable: set[str] = set()
    for join in select.args.get("joins") or []:
        if join.side in {"RIGHT", "FULL"}:
            nullable |= names
        names.add(join.alias_or_name)
        if join.side in {"LEFT", "FULL"}:
            nullable.add(join.alias_or_name)
    return frozenset(names), frozenset(nullable)


def _handed_down(
    scope: Scope, asked: Iterable[exp.Expr]
) -> Iterator[tuple[exp.Expr, frozenset[str]]]:
    """The conditions on a scope's output, said of its input, where that is the same."""
    select = _select(scope)
    if any(select.args.get(one) for one in ("limit", "offset", "fetch")):
        return
    inputs = {one.alias_or_name: one.unalias() for one in select.selects}
    names, nullable = _sources(select)
    for condition in asked:
        put = _said_of_input(condition, inputs)
        if put is not None and _keeps_groups(put, select):
            yield put, names if _rejects_nulls(put) else names - nullable


def _said_of_input(condition: exp.Expr, inputs: dict[str, exp.Expr]) -> exp.Expr | None:
    root = exp.Paren(this=condition.copy())
    for column in list(root.find_all(exp.Column)):
        found = inputs.get(column.name)
        if not isinstance(found, exp.Column):
            return None
        column.replace(found.copy())
    said: exp.Expr = root.this
    return said


def _keeps_groups(condition: exp.Expr, select: exp.Select) -> bool:
    """Whether a condition takes whole groups, and whole partitions of windows, or leaves them."""
    columns = list(condition.find_all(exp.Column))
    group = select.args.get("group")
    grouped = [group.expressions] if group else []
    if group and any(group.args.get(one) for one in ("rollup", "cube", "grouping_sets")):
        return False
    windows = [one for part in select.selects for one in part.find_all(exp.Window)]
    keys = [*grouped, *(one.args.get("partition_by") or [] for one in windows)]
    return all(column in key for column in columns for key in keys)


def _conjuncts(condition: exp.Expr | None) -> list[exp.Expr]:
    """The parts of a condition that must all hold, and can be told from a row alone."""
    if condition is None:
        return []
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    return [one.unnest() for one in parts if not one.find(exp.Query, exp.AggFunc, exp.Window)]


def _rejects_nulls(condition: exp.Expr) -> bool:
    if not isinstance(condition, _REJECTS_NULLS):
        return False
    sides = [one for one in condition.iter_expressions() if one.find(exp.Column)]
    return bool(sides) and all(isinstance(one, exp.Column) for one in sides)


def _without_table(condition: exp.Expr) -> exp.Expr:
    put = condition.copy()
    for column in put.find_all(exp.Column):
        column.set("table", None)
    return put


def _needed(scope: Scope, wanted: set[str] | None) -> list[exp.Column]:
    """The columns of the sources that a SELECT needs when only some of its own are wanted."""
    select = _select(scope)
    if wanted is None or select.args.get("distinct"):
        wanted = {one.alias_or_name for one in select.selects}
    unused = {id(one) for one in select.selects if one.alias_or_name not in wanted}

    def is_left_out(node: exp.Expr) -> bool:
        is_read = isinstance(node, exp.Subquery) and isinstance(node.parent, exp.From | exp.Join)
        return is_read or isinstance(node, exp.With) or id(node) in unused

    nodes = select.walk(prune=is_left_out)
    return [one for one in nodes if isinstance(one, exp.Column) and id(one) not in unused]
