"""Reading input tables: every format and layout comes out as text, nothing is inferred."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Protocol

from pyspark.sql import functions as F
from pyspark.sql import types as t

from fraudlake.errors import SchemaError
from fraudlake.headers import check_encoding, file_columns, nanosecond_columns, parquet_layout
from fraudlake.tables import TEXT
from fraudlake.text import trimmed
from fraudlake.typed_text import as_text, says_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession

    from fraudlake.files import InputFile
    from fraudlake.input_tables import InputTable

RAW_LINE = "raw_line"
PARTITION_DATE = "partition_date"


class TableReader(Protocol):
    """How a source's files are checked and read."""

    def check(self, file: InputFile, table: InputTable) -> tuple[str, ...]:
        """The columns of a file that can be read; InputError or SchemaError when it cannot be."""

    def read(
        self,
        files: Sequence[InputFile],
        table: InputTable,
        extra: Sequence[str] = (),
        *,
        all_columns: bool = False,
        keep: Sequence[str] = (),
    ) -> DataFrame:
        """The rows of the files as text; columns as `read_input` has them."""

    def read_partitions(
        self,
        files: Sequence[InputFile],
        table: InputTable,
        extra: Sequence[str],
        keep: Sequence[str],
    ) -> DataFrame | None:
        """What `read` gives for files of many partitions, with `partition_date`.

        None where they must be read one by one.
        """

    def expected_rows(self, files: Sequence[InputFile]) -> int | None:
        """How many rows the files hold, where somebody else than this process reads them."""


@dataclass(frozen=True)
class FileReader:
    """Reads files by their paths, columns by the names in their headers."""

    spark: SparkSession

    def check(self, file: InputFile, table: InputTable) -> tuple[str, ...]:
        """The columns of a file, which is read to its end for bytes that are no UTF-8."""
        if file.kind == "csv":
            check_encoding(file)
        return file_columns(file, table)

    def read(
        self,
        files: Sequence[InputFile],
        table: InputTable,
        extra: Sequence[str] = (),
        *,
        all_columns: bool = False,
        keep: Sequence[str] = (),
    ) -> DataFrame:
        """The rows as `read_input` reads them."""
        return read_input(self.spark, files, table, extra, all_columns=all_columns, keep=keep)

    def read_partitions(
        self,
        files: Sequence[InputFile],
        table: InputTable,
        extra: Sequence[str],
        keep: Sequence[str],
    ) -> DataFrame | None:
        """One scan for all partitions: plans, and the code made for them, stay short."""
        if any(one.partition is None or one.name.count("/") > 1 for one in files):
            return None
        return read_input(self.spark, files, table, extra, keep=keep, is_dated=True)

    def expected_rows(self, files: Sequence[InputFile]) -> None:
        """None: what is read here is counted as it is read."""


def read_input(  # noqa: PLR0913 - all that says how a table is read
    spark: SparkSession,
    files: Sequence[InputFile],
    table: InputTable,
    extra: Sequence[str] = (),
    *,
    all_columns: bool = False,
    keep: Sequence[str] = (),
    is_dated: bool = False,
) -> DataFrame:
    """The rows of the files as text: the table's columns, `extra` ones, and `raw_line`.

    Missing optional columns are null; `raw_line` holds a CSV line whose number of fields is not
    that of the header, and every other column of such a row is null. Typed Parquet values become
    text that reads back as the same value. `all_columns` keeps further columns too. Files may
    differ in the order of their columns, in format and in types. Columns to `keep` stay times and
    decimals where all files have them so. With `is_dated`, the files lie in partitions by date,
    which comes as `partition_date`. Raises as `file_columns` does.
    """
    wanted = (*table.columns, *extra)
    how = _Reading(
        spark=spark,
        table=table,
        wanted=wanted,
        all_columns=all_columns,
        keep=keep,
        is_dated=is_dated,
    )
    parts = [how.rows_of(group) for group in _groups(files, table)]
    return union_of_texts(parts, keep) if parts else empty_frame(spark, (*wanted, RAW_LINE))


def union_of_texts(parts: Sequence[DataFrame], kept: Sequence[str]) -> DataFrame:
    """All rows; a kept column that is not of one type everywhere becomes text."""
    mixed = [name for name in kept if len({str(one.schema[name].dataType) for one in parts}) > 1]
    texts = {name: F.col(name).cast("string") for name in mixed}
    alike = [one.withColumns(texts) if texts else one for one in parts]
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), alike)


def empty_frame(spark: SparkSession, columns: Sequence[str]) -> DataFrame:
    """A frame of text columns without rows."""
    return spark.createDataFrame([], t.StructType([t.StructField(name, TEXT) for name in columns]))


def _groups(files: Sequence[InputFile], table: InputTable) -> list[list[InputFile]]:
    """Files that one reader can take: same format, same columns in the same order."""
    groups: dict[tuple[str, ...], list[InputFile]] = defaultdict(list)
    for file in files:
        columns = file_columns(file, table)
        layout = parquet_layout(file) if file.kind == "parquet" else ""
        groups[(file.kind, layout, *columns)].append(file)
    return list(groups.values())


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How files of one layout are read: the columns that are `wanted`, as `read_input` says."""

    spark: SparkSession
    table: InputTable
    wanted: Sequence[str]
    all_columns: bool
    keep: Sequence[str]
    is_dated: bool

    def rows_of(self, files: Sequence[InputFile]) -> DataFrame:
        """The rows of files with the same columns in the same order."""
        found = file_columns(files[0], self.table)
        others = _other_columns(found, self.wanted) if self.all_columns else []
        kept = [name for name in (*self.wanted, *others) if name in found]
        read = self._csv_rows if files[0].kind == "csv" else self._parquet_rows
        missing = [F.lit(None).cast("string").alias(one) for one in self.wanted if one not in kept]
        return read(files, found, kept).select("*", *missing)

    def _csv_rows(
        self, files: Sequence[InputFile], header: Sequence[str], kept: Sequence[str]
    ) -> DataFrame:
        # The header's names may repeat or clash in case: fields are read by position.
        fields = [f"field_{at}" for at in range(len(header))]
        schema = t.StructType([t.StructField(name, TEXT) for name in (*fields, RAW_LINE)])
        rows = (
            self._reader(files)
            .schema(schema)
            .option("header", True)
            .option("escape", '"')
            .option("multiLine", self.table.has_line_breaks)
            .option("mode", "PERMISSIVE")
            .option("columnNameOfCorruptRecord", RAW_LINE)
            .option("enforceSchema", True)
            .csv([spark_path(file) for file in files])
        )
        is_whole = F.col(RAW_LINE).isNull()
        columns = [F.when(is_whole, F.col(fields[header.index(name)])).alias(name) for name in kept]
        # Where fields may hold line breaks, Spark takes a line of blanks for a row of one field.
        is_blank = trimmed(F.col(RAW_LINE)).isNull() & F.col(RAW_LINE).isNotNull()
        return rows.select(*columns, RAW_LINE, *self._date(files)).where(~is_blank)

    def _parquet_rows(
        self, files: Sequence[InputFile], _: Sequence[str], kept: Sequence[str]
    ) -> DataFrame:
        rows = self._reader(files).parquet(*(spark_path(file) for file in files))
        nested = [one for one in rows.schema.fields if one.name in kept and _is_nested(one)]
        refused = [one for one in nested if one.name in self.wanted]
        if refused:
            found = ", ".join(f"{one.name} is {one.dataType.simpleString()}" for one in refused)
            raise SchemaError(f"{files[0].where}: column {found}; deliver plain values")
        nanoseconds = nanosecond_columns(files[0])
        plain = [one for one in rows.schema.fields if one.name in kept and one not in nested]
        columns = [self._value(one, nanoseconds).alias(one.name) for one in plain]
        no_line = F.lit(None).cast("string").alias(RAW_LINE)
        return rows.select(*columns, no_line, *self._date(files))

    def _value(self, field: t.StructField, nanoseconds: frozenset[str]) -> Column:
        is_kept = field.name in self.keep and says_all(field)
        return F.col(f"`{field.name}`") if is_kept else as_text(field, nanoseconds)

    def _reader(self, files: Sequence[InputFile]) -> DataFrameReader:
        reader = self.spark.read
        return reader.option("basePath", files[0].storage.uri("")) if self.is_dated else reader

    def _date(self, files: Sequence[InputFile]) -> list[Column]:
        """The date in the name of the partition's folder, when it is asked for."""
        key = (files[0].partition or "").partition("=")[0]
        return [F.col(key).cast("date").alias(PARTITION_DATE)] if self.is_dated else []


def _other_columns(found: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Further columns, but those that Spark could not tell from another one's name."""
    taken = {name.lower() for name in (*wanted, RAW_LINE)}
    others = {name.lower(): name for name in reversed(found) if "`" not in name}
    return [name for lowered, name in others.items() if lowered not in taken]


def _is_nested(field: t.StructField) -> bool:
    return isinstance(field.dataType, t.ArrayType | t.StructType | t.MapType)


def spark_path(file: InputFile) -> str:
    """A path in which Spark finds no pattern of file names."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", file.uri)
