"""The raw tables in the Glue Data Catalog: what is registered there, checked and read as frames.

The catalog reads CSV by position and knows only the partitions that a crawler has registered; what
it would misread or leave out is found here before any work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.errors import InputError, SchemaError
from fraudlake.headers import check_encoding, file_columns, shown_columns
from fraudlake.input_tables import BLACKLIST, CUSTOMERS, TRANSACTIONS
from fraudlake.source_files import PARTITIONED_BY
from fraudlake.tabular import RAW_LINE, empty_frame, read_input, spark_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from awsglue.context import GlueContext
    from mypy_boto3_glue import GlueClient
    from pyspark.sql import Column, DataFrame, SparkSession

    from fraudlake.files import InputFile, TableFiles
    from fraudlake.input_tables import InputTable

# A quoted field that every reader of CSV takes for the same text.
_PLAIN_QUOTES = r'(?<=\A|,)"[^"\\\x00]*"(?=,|\z)'


@dataclass(frozen=True)
class Catalog:
    """A database of the catalog; `client` is boto3's for Glue, `start` makes the GlueContext.

    Spark starts when the first row is read: what is wrong with names and headers is told before.
    """

    client: GlueClient
    database: str
    start: Callable[[], GlueContext]
    _columns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def context(self) -> GlueContext:
        """The job's GlueContext."""
        return self.start()

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
        files = tables[table.name]
        problems += _registered_problems(table, files, catalog.partition_dates(table), dates)
    if problems:
        raise InputError(problems)


def _registered_problems(
    table: InputTable, files: TableFiles, registered: set[date], dates: Sequence[date]
) -> Iterator[str]:
    key = PARTITIONED_BY[table]
    if not files.is_partitioned:
        yield f"{table.name}: {files.root} has files beside {key}= folders; move them into one"
        return
    stored = {day for day in files.dates if files.by_date[day]}
    if not stored | registered:
        yield f"{table.name}: {files.root} has no file in any {key}= folder; deliver them"
        return
    used = _days_used(table, stored, registered, dates)
    if unregistered := used - registered:
        yield (
            f"{table.name}: {files.root} has {_named(key, unregistered)}, which the catalog does "
            "not know; run the crawler of the raw tables, see its log, then run the workflow again"
        )
    if lost := used - stored:
        yield (
            f"{table.name}: the catalog knows {_named(key, lost)}, but {files.root} has no object "
            "there; restore them (the bucket keeps versions), or delete the partition"
        )


def _days_used(
    table: InputTable, stored: set[date], registered: set[date], dates: Sequence[date]
) -> set[date]:
    """The partitions that the batches read, or would if both sides had them."""
    known = stored | registered
    if table is TRANSACTIONS:
        between = {day for day in registered if dates[0] <= day <= dates[-1]}
        return {*dates, *between}
    return {max((day for day in known if day <= batch), default=min(known)) for batch in dates}


def _named(key: str | None, days: set[date]) -> str:
    return ", ".join(f"{key}={day}" for day in sorted(days))


@dataclass(frozen=True)
class CatalogReader:
    """Reads tables as DynamicFrames, wherever these give what the files hold.

    The catalog's CSV reader cannot tell a line with too few or too many fields, and takes a
    backslash for an escape. A partition with such lines is read by its paths instead.
    """

    catalog: Catalog
    _expected: dict[tuple[InputFile, ...], int] = field(default_factory=dict)

    def check(self, file: InputFile, table: InputTable) -> tuple[str, ...]:
        """The columns of a file. Raises SchemaError when they are not in the catalog's order."""
        if file.kind != "csv":
            raise InputError(f"{table.name}: {file.where} is no CSV; the catalog's table is of CSV")
        found, expected = file_columns(file, table), self.catalog.columns(table)
        if found != expected:
            raise SchemaError(
                f"{table.name}: the catalog reads {file.where} by position, as "
                f"{', '.join(expected)}; {shown_columns(found, table)}; deliver it with this header"
            )
        return found

    def read(
        self,
        files: Sequence[InputFile],
        table: InputTable,
        extra: Sequence[str] = (),
        *,
        all_columns: bool = False,
        keep: Sequence[str] = (),  # noqa: ARG002 - a table of CSV has texts only
    ) -> DataFrame:
        """The rows of the files, all of one partition, as `read_input` gives them."""
        spark = self.catalog.context.spark_session
        wanted = (*table.columns, *extra)
        if not files:
            return empty_frame(spark, (*wanted, RAW_LINE))
        lines = _lines(spark, files, table, len(self.check(files[0], table)))
        if lines["unreadable"]:
            for file in files:
                check_encoding(file)  # says where
        if lines["odd"] or _are_nested(files):
            return read_input(spark, files, table, extra, all_columns=all_columns)
        self._expected[tuple(files)] = lines["lines"] - len(files)
        rows = self.catalog.frame(table, _partition_of(files[0], table))
        if not rows.columns:  # a DynamicFrame without rows has no columns either
            return empty_frame(spark, (*wanted, RAW_LINE))
        # An empty field is an empty text in a DynamicFrame; plain lines have no quoted empty ones.
        texts = [F.nullif(F.col(name).cast("string"), F.lit("")).alias(name) for name in wanted]
        return rows.select(*texts, F.lit(None).cast("string").alias(RAW_LINE))

    def read_partitions(
        self,
        files: Sequence[InputFile],
        table: InputTable,
        extra: Sequence[str],
        keep: Sequence[str],
    ) -> None:
        """None: whether the catalog can be trusted is told for each partition."""

    def expected_rows(self, files: Sequence[InputFile]) -> int | None:
        """The lines of files that were read as a DynamicFrame, less their headers."""
        return self._expected.get(tuple(files))


def _are_nested(files: Sequence[InputFile]) -> bool:
    """Whether a file lies in a folder within its partition, where the catalog may not look."""
    return any(one.name.removeprefix(f"{one.partition}/").count("/") for one in files)


def _partition_of(file: InputFile, table: InputTable) -> tuple[str, str] | None:
    key = PARTITIONED_BY[table]
    return (key, file.name.split("/")[0].removeprefix(f"{key}=")) if key else None


def _lines(
    spark: SparkSession, files: Sequence[InputFile], table: InputTable, columns: int
) -> dict[str, int]:
    """How many lines files have, headers too; how many are odd to some reader, or no UTF-8.

    Where fields may hold line breaks, only a line feed ends a line.
    """
    reader = spark.read.option("lineSep", "\n") if table.has_line_breaks else spark.read
    text = F.regexp_replace("value", r"\r\z", "") if table.has_line_breaks else F.col("value")
    raw = F.col("value").cast("binary")
    counts = (
        reader.text([spark_path(file) for file in files])
        .agg(
            F.count(F.lit(1)).alias("lines"),
            F.count_if(~is_plain_line(text, columns)).alias("odd"),
            F.count_if(F.encode(F.decode(raw, "UTF-8"), "UTF-8") != raw).alias("unreadable"),
        )
        .first()
    )
    return counts.asDict() if counts else {}


def is_plain_line(line: Column, columns: int) -> Column:
    """Whether every reader of CSV takes a line for the same fields, as many as the columns."""
    unquoted = F.regexp_replace(line, _PLAIN_QUOTES, "")
    commas = F.length(unquoted) - F.length(F.replace(unquoted, F.lit(","), F.lit("")))
    return ~unquoted.rlike(r'["\\\r\x00]') & ~line.contains('""') & (commas == columns - 1)
