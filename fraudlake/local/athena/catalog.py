"""What a query's tables are: read from the Glue catalog, in the name of who asks."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fraudlake.local.athena.failures import QueryFailed, at
from fraudlake.local.athena.kinds import catalog_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlglot import exp

CATALOG = "awsdatacatalog"
_VIEW_OPENS, _VIEW_CLOSES = "/* Presto View: ", " */"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table over objects; `columns` do not include the `partition_keys`.

    `serde` is the class that reads its objects, `settings` are that class's parameters and the
    table's own.
    """

    database: str
    name: str
    columns: Mapping[str, exp.DataType]
    partition_keys: Mapping[str, exp.DataType]
    location: str
    serde: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class View:
    """A view: its SQL, and the database in which the SQL finds its tables."""

    name: str
    sql: str
    database: str


@dataclass(frozen=True)
class Partition:
    """A registered partition: one text a partition key, and where its objects lie."""

    values: tuple[str, ...]
    location: str


class Catalog:
    """The Glue catalog as one role sees it; each table is looked up once."""

    def __init__(self, glue: Any) -> None:  # noqa: ANN401 - a boto3 client
        """Take a client that calls as the role."""
        self._glue = glue
        self._known: dict[tuple[str, str], Table | View] = {}

    def open(self, database: str) -> None:
        """Look up a query's database, and `default` as Athena does before any query."""
        for name in ("default", database):
            try:
                self._glue.get_database(Name=name)
            except ClientError as error:
                if name != "default" or not _is_missing(error):
                    raise _failure(
                        error, f"SCHEMA_NOT_FOUND: Schema '{name}' does not exist"
                    ) from error

    def table(self, database: str, name: str, node: exp.Expr | None = None) -> Table | View:
        """A table or view. Raises QueryFailed when there is none, or the role may not see it."""
        key = (database, name)
        if key not in self._known:
            missing = (
                f"{at(node) if node else ''}Table '{CATALOG}.{database}.{name}' does not exist"
            )
            try:
                found = self._glue.get_table(DatabaseName=database, Name=name)["Table"]
            except ClientError as error:
                raise _failure(error, f"TABLE_NOT_FOUND: {missing}") from error
            self._known[key] = _view(found, database) or _table(found, database)
        return self._known[key]

    def partitions(self, table: Table) -> list[Partition]:
        """The registered partitions of a table; one of no values when it has no keys."""
        if not table.partition_keys:
            return [Partition((), table.location)]
        pages = self._pages("get_partitions", DatabaseName=table.database, TableName=table.name)
        found = [one for page in pages for one in page["Partitions"]]
        return [
            Partition(tuple(one["Values"]), one["StorageDescriptor"]["Location"]) for one in found
        ]

    def databases(self) -> list[dict[str, Any]]:
        """Every database, as Glue describes it."""
        return [one for page in self._pages("get_databases") for one in page["DatabaseList"]]

    def tables(self, database: str) -> list[dict[str, Any]]:
        """Every table and view of a database, as Glue describes it."""
        pages = self._pages("get_tables", DatabaseName=database)
        return [one for page in pages for one in page["TableList"]]

    def _pages(self, operation: str, **asked: str) -> Iterator[dict[str, Any]]:
        try:
            yield from self._glue.get_paginator(operation).paginate(**asked)
        except ClientError as error:
            raise _failure(error, f"SCHEMA_NOT_FOUND: {asked} does not exist") from error


def _view(found: Mapping[str, Any], database: str) -> View | None:
    text = found.get("ViewOriginalText", "")
    if found.get("TableType") != "VIRTUAL_VIEW" or not text.startswith(_VIEW_OPENS):
        return None
    encoded = text.removeprefix(_VIEW_OPENS).removesuffix(_VIEW_CLOSES)
    view = json.loads(base64.b64decode(encoded))
    return View(name=found["Name"], sql=view["originalSql"], database=view.get("schema", database))


def _table(found: Mapping[str, Any], database: str) -> Table:
    storage = found["StorageDescriptor"]
    reader = storage.get("SerdeInfo", {})
    return Table(
        database=database,
        name=found["Name"],
        columns=_columns(storage["Columns"]),
        partition_keys=_columns(found.get("PartitionKeys", [])),
        location=storage["Location"],
        serde=reader.get("SerializationLibrary", ""),
        settings={**found.get("Parameters", {}), **reader.get("Parameters", {})},
    )


def _columns(columns: list[Mapping[str, str]]) -> dict[str, exp.DataType]:
    return {one["Name"].lower(): catalog_type(one["Type"]) for one in columns}


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "EntityNotFoundException"


def _failure(error: ClientError, missing: str) -> QueryFailed:
    if _is_missing(error):
        return QueryFailed(missing)
    told = error.response["Error"].get("Message", str(error))
    return QueryFailed(f"Insufficient permissions to execute the query. {told}")
