"""Reads objects as Athena's SerDes do: every column of the type that the table declares."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fraudlake.local.athena.csv_rows import csv_rows
from fraudlake.local.athena.failures import NotPlayed, QueryFailed
from fraudlake.local.athena.json_rows import json_rows
from fraudlake.local.athena.kinds import INTEGERS, TEXTS, arrow_type

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from sqlglot import exp

    from fraudlake.local.athena.catalog import Table
    from fraudlake.local.athena.objects import StoredObject

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
OPENX_JSON = "org.openx.data.jsonserde.JsonSerDe"


@dataclass(frozen=True)
class Rows:
    """What an object holds, and how much of it a query that reads some columns scans."""

    table: pa.Table
    scanned_bytes: int


def read_rows(path: Path, stored: StoredObject, table: Table, asked: Collection[str]) -> Rows:
    """The rows of an object, in the table's columns.

    Only the `asked` columns of Parquet count as scanned. Raises QueryFailed for what Athena could
    not read either, NotPlayed for a SerDe that is not known here.
    """
    if table.serde == PARQUET:
        return _parquet(path, stored, table.columns, asked)
    if table.serde == OPEN_CSV:
        return Rows(_csv(_text(path, stored), table), stored.size)
    if table.serde == OPENX_JSON:
        records = json_rows(_text(path, stored), table, stored.uri)
        return Rows(_from_records(records, table.columns, stored), stored.size)
    raise NotPlayed(f"the SerDe {table.serde or '(none)'} of the table {table.name}")


def schema(columns: Mapping[str, exp.DataType]) -> pa.Schema:
    """Columns as Arrow calls them."""
    return pa.schema([(name, arrow_type(kind)) for name, kind in columns.items()])


def _text(path: Path, stored: StoredObject) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if stored.key.endswith(".gz") else content).decode()


def _csv(text: str, table: Table) -> pa.Table:
    strange = [name for name, kind in table.columns.items() if kind.this not in TEXTS]
    if strange:
        raise NotPlayed(f"OpenCSVSerDe with columns that are not text ({', '.join(strange)})")
    rows = csv_rows(text, table.settings, len(table.columns))
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    return pa.table([pa.array(one, pa.string()) for one in columns], schema(table.columns))


def _from_records(
    records: list[dict[str, object]], columns: Mapping[str, exp.DataType], stored: StoredObject
) -> pa.Table:
    try:
        return pa.Table.from_pylist(records, schema=schema(columns))
    except (pa.ArrowException, OverflowError) as error:
        raise QueryFailed(f"HIVE_BAD_DATA: Error reading {stored.uri}: {error}") from error


def _parquet(
    path: Path, stored: StoredObject, columns: Mapping[str, exp.DataType], asked: Collection[str]
) -> Rows:
    with pq.ParquetFile(path) as file:
        found = file.read()
        scanned = sum(
            group.column(number).total_compressed_size
            for group in map(file.metadata.row_group, range(file.metadata.num_row_groups))
            for number in range(group.num_columns)
            if group.column(number).path_in_schema.split(".")[0].lower() in asked
        )
    by_name = {name.lower(): found.column(number) for number, name in enumerate(found.column_names)}
    read = [
        _as_declared(by_name[name], kind, name, stored)
        if name in by_name
        else pa.nulls(len(found), arrow_type(kind))
        for name, kind in columns.items()
    ]
    return Rows(pa.table(read, schema(columns)), scanned)


def _as_declared(
    column: pa.ChunkedArray, kind: exp.DataType, name: str, stored: StoredObject
) -> pa.ChunkedArray:
    """A column of Parquet as its table declares it; whole numbers may have become wider."""
    target = arrow_type(kind)
    if pa.types.is_timestamp(column.type) and pa.types.is_timestamp(target):
        return _in_milliseconds(column).cast(target, safe=False)
    if column.type == target:
        return column
    widened = pa.types.is_integer(column.type) and kind.this in INTEGERS
    if widened or _family(column.type) == _family(target):
        try:
            return column.cast(target)
        except pa.ArrowException:
            pass
    raise QueryFailed(
        f"HIVE_BAD_DATA: Field {name}'s type {column.type} in parquet file {stored.uri} is "
        f"incompatible with type {kind.sql('trino').lower()} defined in table schema"
    )


def _in_milliseconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Athena's timestamps have three digits; what has more is rounded, half up."""
    if column.type.unit in {"s", "ms"}:
        return column
    half = pa.scalar(500 if column.type.unit == "us" else 500_000, pa.duration(column.type.unit))
    return pc.floor_temporal(pc.add(column, half), unit="millisecond")


def _family(kind: pa.DataType) -> str:
    families = {
        "text": pa.types.is_large_string(kind) or pa.types.is_string(kind),
        "decimal": pa.types.is_decimal(kind),
        "float": pa.types.is_floating(kind),
        "nested": pa.types.is_nested(kind),
    }
    return next((name for name, holds in families.items() if holds), str(kind))
