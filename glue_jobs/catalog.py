"""The raw tables in the Glue Data Catalog: what is registered there, checked and read as frames.

The catalog reads CSV by position and knows only the partitions that a crawler has registered; what
it would misread or leave out is found here before any work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from fraudlake.errors import InputError, SchemaError
from fraudlake.files import check_encoding, file_columns
from fraudlake.input_tables import BLACKLIST, CUSTOMERS, TRANSACTIONS
from fraudlake.sources import PARTITIONED_BY
from fraudlake.tabular import RAW_LINE, empty_frame, read_input

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from awsglue.context import GlueContext
    from mypy_boto3_glue import GlueClient
    from pyspark.sql import Column, DataFrame

    from fraudlake.files import InputFile, TableFiles
    from fraudlake.input_tables import InputTable

# A quoted field that every reader of CSV takes for the same text.
_PLAIN_QUOTES = r'(?<=^|,)"[^"\\]*"(?=,|$)'


@dataclass(frozen=True)
class Catalog:
    """A database of the catalog; `client` is boto3's for Glue, `context` the job's GlueContext."""

    client: GlueClient
    context: GlueContext
    database: str
    _columns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def partition_dates(self, table: InputTable) -> set[date]:
        """The dates of the partitions that are registered."""
        pages = self.client.get_paginator("get_partitions").paginate(
            DatabaseName=self.database, TableName=table.name, ExcludeColumnSchema=True
        )
        return {
            date.fromisoformat(one["Values"][0]) for page in pages for one in page["Partitions"]
        }

    def columns(self, table: InputTable) -> tuple[str, ...]:
        """The columns of a table's files, in their order."""
        if table.name not in self._columns:
            found = self.client.get_table(DatabaseName=self.database, Name=table.name)["Table"]
            names = (one["Name"] for one in found["StorageDescriptor"]["Columns"])
            self._columns[table.name] = tuple(names)
        return self._columns[table.name]

    def frame(self, table: InputTable, partition: tuple[str, str] | None) -> DataFrame:
        """The rows of a table, or of one partition of it (its key and value)."""
        predicate = "{} = '{}'".format(*partition) if partition else ""
        frame = self.context.create_dynamic_frame.from_catalog(
            database=self.database,
            table_name=table.name,
            push_down_predicate=predicate,
            transformation_ctx=f"read_{table.name}",
        )
        rows: DataFrame = frame.toDF()
        return rows


def check_registered(
    catalog: Catalog, tables: Mapping[str, TableFiles], dates: Sequence[date]
) -> None:
    """Raise InputError unless bucket and catalog have the same partitions for the batches `dates`.

    A partition that is in the bucket alone would be read as if it were not there; one that is in
    the catalog alone has lost its objects.
    """
    problems: list[str] = []
    for table in (TRANSACTIONS, CUSTOMERS, BLACKLIST):
        files, registered = tables[table.name], catalog.partition_dates(table)
        stored = set(files.dates)
        used = _days_used(table, files, registered, dates)
        problems += _registered_problems(table, used - registered, used - stored, files)
    if problems:
        raise InputError(problems)


def _days_used(
    table: InputTable, files: TableFiles, registered: set[date], dates: Sequence[date]
) -> set[date]:
    if table is TRANSACTIONS:
        return set(dates)
    known = {*files.dates, *registered}
    earlier = [max((day for day in known if day <= batch), default=min(known)) for batch in dates]
    return set(earlier)


def _registered_problems(
    table: InputTable, unregistered: set[date], lost: set[date], files: TableFiles
) -> Iterator[str]:
    key = PARTITIONED_BY[table]
    if unregistered:
        yield (
            f"{table.name}: {files.root} has {_named(key, unregistered)}, which the catalog does "
            "not know; run the crawler of the raw tables, see its log, then run the workflow again"
        )
    if lost:
        yield (
            f"{table.name}: the catalog knows {_named(key, lost)}, but {files.root} has no object "
            "there; restore them (the bucket keeps versions), or delete the partition"
        )


def _named(key: str | None, days: set[date]) -> str:
    return ", ".join(f"{key}={day}" for day in sorted(days))


@dataclass(frozen=True)
class CatalogReader:
    """Reads tables as DynamicFrames, wherever these give what the files hold.

    The catalog's CSV reader cannot tell a line with too few or too many fields, and takes a
    backslash for an escape. A partition with such lines is read by its paths instead.
    """

    catalog: Catalog

    def check(self, file: InputFile, table: InputTable) -> tuple[str, ...]:
        """The columns of a file. Raises SchemaError when they are not in the catalog's order."""
        if file.kind != "csv":
            raise InputError(f"{table.name}: {file.where} is no CSV; the catalog's table is of CSV")
        found, expected = file_columns(file, table), self.catalog.columns(table)
        if found != expected:
            raise SchemaError(
                f"{table.name}: {file.where} has the header {','.join(found)}, and the catalog "
                f"reads by position {','.join(expected)}; deliver the file with this header"
            )
        return found

    def read(
        self,
        files: Sequence[InputFile],
        table: InputTable,
        extra: Sequence[str] = (),
        *,
        all_columns: bool = False,
    ) -> DataFrame:
        """The rows of the files, all of one partition, as `read_input` gives them."""
        spark = self.catalog.context.spark_session
        wanted = (*table.columns, *extra)
        if not files:
            return empty_frame(spark, (*wanted, RAW_LINE))
        columns = self.check(files[0], table)
        if not _is_plain(spark, files, len(columns)):
            for file in files:
                check_encoding(file)
            return read_input(spark, files, table, extra, all_columns=all_columns)
        rows = self.catalog.frame(table, _partition_of(files[0], table))
        if not rows.columns:  # a DynamicFrame without rows has no columns either
            return empty_frame(spark, (*wanted, RAW_LINE))
        texts = [F.col(name).cast("string").alias(name) for name in wanted]
        return rows.select(*texts, F.lit(None).cast("string").alias(RAW_LINE))


def _partition_of(file: InputFile, table: InputTable) -> tuple[str, str] | None:
    key = PARTITIONED_BY[table]
    return (key, file.name.split("/")[0].removeprefix(f"{key}=")) if key else None


def _is_plain(spark: Any, files: Sequence[InputFile], columns: int) -> bool:  # noqa: ANN401
    """Whether every reader of CSV takes every line of the files for the same fields."""
    lines = spark.read.text([file.uri for file in files])
    return bool(lines.where(~_is_plain_line(F.col("value"), columns)).isEmpty())


def _is_plain_line(line: Column, columns: int) -> Column:
    unquoted = F.regexp_replace(line, _PLAIN_QUOTES, "")
    commas = F.length(unquoted) - F.length(F.replace(unquoted, F.lit(","), F.lit("")))
    raw = line.cast("binary")
    return (
        ~unquoted.contains('"')
        & ~unquoted.contains("\\")
        & ~line.contains('""')
        & (commas == columns - 1)
        & (F.encode(F.decode(raw, "UTF-8"), "UTF-8") == raw)
    )
