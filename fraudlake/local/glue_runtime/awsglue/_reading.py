"""Registered folders as records: grouped by how they are read, found to be missing or not."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pyspark.errors import AnalysisException
from pyspark.sql import functions as F

from ._choices import Records, united
from ._csv import line_schema, parse_lines, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql import DataFrame, DataFrameReader, SparkSession

    from ._catalog import CatalogTable, Folder, Layout

_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
_FORMATS = {
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": "parquet",
    "org.openx.data.jsonserde.JsonSerDe": "json",
    "org.apache.hive.hcatalog.data.JsonSerDe": "json",
}


@dataclass(frozen=True)
class _Group:
    """Folders that one reader can take.

    Attributes:
        layout: how their objects are read.
        base: what stands before `key=value/...` in their names.
        values: of the partition keys, for one folder whose name does not tell them.
    """

    layout: Layout
    base: str
    values: tuple[str, ...]


def read_records(spark: SparkSession, table: CatalogTable, folders: Iterable[Folder]) -> Records:
    """The records below some of a table's folders.

    Partition keys are columns of text. A folder that is registered and not there has no records.
    """
    groups: dict[_Group, list[Folder]] = defaultdict(list)
    for folder in folders:
        groups[_group(folder, table)].append(folder)
    parts = [
        (frame, _types(group.layout, table))
        for group, members in groups.items()
        if (frame := _read(spark, table, group, members)) is not None
    ]
    return united(parts) if parts else Records(no_columns(spark), is_declared=False)


def no_columns(spark: SparkSession) -> DataFrame:
    """What a DynamicFrame without a record becomes."""
    return spark.range(0).select()


def _types(layout: Layout, table: CatalogTable) -> dict[str, str]:
    return {**dict(layout.columns), **{name: "string" for name, _ in table.keys}}


def _group(folder: Folder, table: CatalogTable) -> _Group:
    base, *tail = folder.location.rsplit("/", len(table.keys))
    named = [f"{key}={value}" for (key, _), value in zip(table.keys, folder.values, strict=True)]
    # Spark takes the name of Hive's null for a null, Glue for a text as any other.
    if [unquote(one) for one in tail] == named and _HIVE_NULL not in folder.values:
        return _Group(folder.layout, base, ())
    return _Group(folder.layout, folder.location, folder.values)


def _read(
    spark: SparkSession, table: CatalogTable, group: _Group, folders: Sequence[Folder]
) -> DataFrame | None:
    """One frame of a group's folders; None when none of them is there."""
    keys = [name for name, _ in table.keys]
    told = [] if group.values else keys
    # Told by names, or whatever lies below, in folders of any name.
    how = {"basePath": group.base} if told else {"recursiveFileLookup": "true"}
    reader = _reader(spark.read.options(**how), group.layout, told)
    rows = _load(spark, reader, [_without_patterns(one.location) for one in folders])
    if rows is None:
        return None
    given = [F.lit(value).alias(key) for key, value in zip(keys, group.values, strict=False)]
    return _columns(rows, group.layout, told).select("*", *given)


def _reader(reader: DataFrameReader, layout: Layout, keys: Sequence[str]) -> DataFrameReader:
    if layout.serde == _CSV:
        return read_lines(reader, layout.header_lines).schema(line_schema(keys))
    if layout.serde not in _FORMATS:
        raise NotImplementedError(
            f"the stand-in reads OpenCSVSerde, JSON and Parquet; the catalog says {layout.serde!r}"
        )
    columns = [*layout.columns, *((name, "string") for name in keys)]
    schema = ", ".join(f"`{name}` {kind}" for name, kind in columns)
    return reader.format(_FORMATS[layout.serde]).schema(schema)


def _columns(rows: DataFrame, layout: Layout, keys: Sequence[str]) -> DataFrame:
    """The columns that the catalog declares; a folder in a partition's must not add its name."""
    names = [name for name, _ in layout.columns]
    if layout.serde == _CSV:
        rows = parse_lines(rows, names, keys, dict(layout.serde_parameters))
    typed = [F.col(f"`{name}`").cast(kind).alias(name) for name, kind in layout.columns]
    return rows.select(*typed, *(F.col(f"`{key}`") for key in keys))


def _load(spark: SparkSession, reader: DataFrameReader, paths: list[str]) -> DataFrame | None:
    try:
        return reader.load(paths)
    except AnalysisException as error:
        if "PATH_NOT_FOUND" not in str(error):
            raise
    there = [one for one in paths if _exists(spark, one)]
    return reader.load(there) if there else None


def _exists(spark: SparkSession, path: str) -> bool:
    sc = spark.sparkContext
    found = sc._jvm.org.apache.hadoop.fs.Path(path)  # type: ignore[union-attr] # noqa: SLF001 - Hadoop's
    files = found.getFileSystem(sc._jsc.hadoopConfiguration())  # noqa: SLF001 - the only way to it
    return bool(files.globStatus(found))


def _without_patterns(location: str) -> str:
    """A path in which Hadoop finds no pattern of file names."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", location)
