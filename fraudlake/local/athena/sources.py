"""What a query reads: its views put in as subqueries, its tables found, its types known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from fraudlake.local.athena.catalog import CATALOG, Table, View
from fraudlake.local.athena.dialects import AthenaSql
from fraudlake.local.athena.failures import QueryFailed, at
from fraudlake.local.athena.known import check_known
from fraudlake.local.athena.statement import parse_query

if TYPE_CHECKING:
    from fraudlake.local.athena.catalog import Catalog

Tables = dict[tuple[str, str], Table]
_UNRESOLVED = re.compile(
    r"Column '([^']+)' could not be resolved(?: for table: '[^']*')?. Line: (\d+), Col: (\d+)"
)
_NOWHERE = (
    "Column '{name}' cannot be resolved or requester is not authorized to access requested "
    "resources"
)


def with_sources(
    query: exp.Query, catalog: Catalog, database: str, within: tuple[str, ...] = ()
) -> tuple[exp.Query, Tables]:
    """A query whose views are subqueries and whose tables say their database; and the tables.

    `within` are the views that the query is part of. Raises QueryFailed for what the catalog
    does not hold, NotPlayed for what is not played.
    """
    check_known(query)
    _name_columns(query)
    tables: Tables = {}
    for scope in traverse_scope(query):
        for node, source in scope.selected_sources.values():
            if isinstance(source, exp.Table) and node is source:
                tables.update(_put_source(source, catalog, database, within))
    return query, tables


def _name_columns(query: exp.Query) -> None:
    """Give each column without a name the one that Athena gives, from its place."""
    for select in query.find_all(exp.Select):
        for place, column in enumerate(select.expressions):
            if not isinstance(column, exp.Alias | exp.Column | exp.Dot | exp.Star):
                column.replace(exp.alias_(column.copy(), f"_col{place}", quoted=True))


def _put_source(
    node: exp.Table, catalog: Catalog, database: str, within: tuple[str, ...]
) -> Tables:
    if node.catalog and node.catalog.lower() != CATALOG:
        raise QueryFailed(f"CATALOG_NOT_FOUND: {at(node)}Catalog '{node.catalog}' not found")
    name, own = node.name.lower(), (node.db or database).lower()
    found = catalog.table(own, name, node)
    if isinstance(found, View):
        if f"{own}.{name}" in within:
            raise QueryFailed(f"INVALID_VIEW: {at(node)}View '{own}.{name}' is recursive")
        deeper = (*within, f"{own}.{name}")
        inner, tables = with_sources(parse_query(found.sql), catalog, found.database, deeper)
        _replace(node, inner, name)
        return tables
    node.set("catalog", None)
    node.set("db", exp.to_identifier(own, quoted=True))
    node.set("this", exp.to_identifier(name, quoted=True))
    return {(own, name): found}


def _replace(node: exp.Table, inner: exp.Query, name: str) -> None:
    """Put a view's query where the view is named, with its alias and what is joined to it."""
    put = exp.Subquery(this=inner, alias=node.args.get("alias") or exp.TableAlias(this=name))
    if not put.alias:
        put.args["alias"].set("this", exp.to_identifier(name))
    if node.args.get("joins"):
        put.set("joins", node.args["joins"])
    node.replace(put)


def with_types(query: exp.Query, tables: Tables) -> exp.Query:
    """The query with every column's table and every part's type.

    Raises QueryFailed when a column is not found, or found twice.
    """
    schema: dict[str, Any] = {}
    given = _given_names(query)
    for (database, name), table in tables.items():
        schema.setdefault(database, {})[name] = {**table.columns, **table.partition_keys}
    try:
        named = qualify(query, dialect=AthenaSql, schema=schema, expand_alias_refs=False)
    except (OptimizeError, ParseError) as error:
        raise _unresolved(error) from error
    typed = annotate_types(named, schema=schema, dialect=AthenaSql)
    for column, name in zip(typed.selects, given, strict=False):
        if name:
            column.set("alias", exp.to_identifier(name, quoted=True))
    return typed


def _given_names(query: exp.Query) -> list[str]:
    """The names that a query gives its columns, whose capitals an answer keeps."""
    if any(one.is_star for one in query.selects):
        return []
    return [one.alias if isinstance(one, exp.Alias) else "" for one in query.selects]


def _unresolved(error: Exception) -> QueryFailed:
    told = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "")
    if found := _UNRESOLVED.search(told):
        name, line, ends = found[1], found[2], int(found[3])
        place = f"line {line}:{ends - len(name) + 1}: "
        return QueryFailed(f"COLUMN_NOT_FOUND: {place}{_NOWHERE.format(name=name)}")
    return QueryFailed(f"SYNTAX_ERROR: {told}")
