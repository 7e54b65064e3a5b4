"""What the catalog knows of a table: its registered folders, and how each is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from ._errors import as_seen_in_glue

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the objects of a folder are read: columns with types, SerDe, lines to leave out."""

    columns: tuple[tuple[str, str], ...]
    serde: str
    serde_parameters: tuple[tuple[str, str], ...]
    header_lines: int


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder of a table: the table's own, or a registered partition's with its values."""

    location: str
    layout: Layout
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CatalogTable:
    """A table: the names and types of its partition keys, and its folders."""

    name: str
    keys: tuple[tuple[str, str], ...]
    folders: tuple[Folder, ...]


def find_table(
    database: str, name: str, catalog_id: str | None, expression: str | None
) -> CatalogTable:
    """Ask the catalog, as the role whose credentials the process has.

    `expression` selects partitions in the catalog itself. Raises CatalogCallError when the table
    is missing (EntityNotFoundException in its text), or may not be read.
    """
    where = {"DatabaseName": database} | ({"CatalogId": catalog_id} if catalog_id else {})
    wanted = {"TableName": name} | ({"Expression": expression} if expression else {})
    with as_seen_in_glue():
        glue: Any = boto3.client("glue")
        table = glue.get_table(Name=name, **where)["Table"]
        keys = tuple((one["Name"], one["Type"]) for one in table.get("PartitionKeys", []))
        if not keys:
            return CatalogTable(name=name, keys=(), folders=(_folder(table, table),))
        pages = glue.get_paginator("get_partitions").paginate(**where, **wanted)
        found = tuple(_folder(one, table) for page in pages for one in page["Partitions"])
    return CatalogTable(name=name, keys=keys, folders=found)


def _folder(entry: Mapping[str, Any], table: Mapping[str, Any]) -> Folder:
    return Folder(
        location=entry["StorageDescriptor"]["Location"].rstrip("/"),
        layout=_layout(entry, table),
        values=tuple(entry.get("Values", ())),
    )


def _layout(entry: Mapping[str, Any], table: Mapping[str, Any]) -> Layout:
    """A partition's own; where it says nothing, the table's."""
    own, general = entry["StorageDescriptor"], table["StorageDescriptor"]
    serde = own.get("SerdeInfo") or general.get("SerdeInfo", {})
    parameters = {**table.get("Parameters", {}), **entry.get("Parameters", {})}
    columns = own.get("Columns") or general["Columns"]
    return Layout(
        columns=tuple((one["Name"], one["Type"]) for one in columns),
        serde=serde.get("SerializationLibrary", ""),
        serde_parameters=tuple(sorted(serde.get("Parameters", {}).items())),
        header_lines=int(parameters.get("skip.header.line.count", 0)),
    )
