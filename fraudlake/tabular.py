"""Reading input tables: every format and layout comes out as text, nothing is inferred."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from pyspark.sql import functions as F
from pyspark.sql import types as t

from fraudlake.errors import SchemaError
from fraudlake.headers import check_encoding, file_columns, nanosecond_columns, parquet_layout
from fraudlake.tables import TEXT
from fraudlake.text import trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from fraudlake.files import InputFile
    from fraudlake.input_tables import InputTable

RAW_LINE = "raw_line"
_PLAIN_PLACES = 6  # Spark writes smaller decimals with an exponent
_UNREADABLE = r"while reading file (?:file:/*(?=/))?(.+?)\.?(?:\s*$| Details:)"


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
) -> DataFrame:
    """The rows of the files as text: the table's columns, `extra` ones, and `raw_line`.

    Missing optional columns are null; `raw_line` holds a CSV line whose number of fields is not
    that of the header, and every other column of such a row is null. Typed Parquet values become
    text that reads back as the same value. `all_columns` keeps further columns too. Files may
    differ in the order of their columns, in format and in types. Columns to `keep` stay times and
    decimals where all files have them so. Raises as `file_columns` does.
    """
    wanted = (*table.columns, *extra)
    parts = [
        _read_group(spark, group, table, wanted, all_columns=all_columns, keep=keep)
        for group in _groups(files, table)
    ]
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


def _read_group(  # noqa: PLR0913 - all that says how a table is read
    spark: SparkSession,
    files: Sequence[InputFile],
    table: InputTable,
    wanted: Sequence[str],
    *,
    all_columns: bool,
    keep: Sequence[str],
) -> DataFrame:
    found = file_columns(files[0], table)
    others = _other_columns(found, wanted) if all_columns else []
    kept = [name for name in (*wanted, *others) if name in found]
    if files[0].kind == "csv":
        rows = _read_csv(spark, files, found, kept, table)
    else:
        rows = _read_parquet(spark, files, kept, wanted, keep)
    missing = [F.lit(None).cast("string").alias(name) for name in wanted if name not in kept]
    return rows.select("*", *missing)


def _other_columns(found: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Further columns, but those that Spark could not tell from another one's name."""
    taken = {name.lower() for name in (*wanted, RAW_LINE)}
    others = {name.lower(): name for name in reversed(found) if "`" not in name}
    return [name for lowered, name in others.items() if lowered not in taken]


def _read_csv(
    spark: SparkSession,
    files: Sequence[InputFile],
    header: Sequence[str],
    kept: Sequence[str],
    table: InputTable,
) -> DataFrame:
    # The header's names may repeat or clash in case: fields are read by position.
    fields = [f"field_{at}" for at in range(len(header))]
    schema = t.StructType([t.StructField(name, TEXT) for name in (*fields, RAW_LINE)])
    rows = (
        spark.read.schema(schema)
        .option("header", True)
        .option("escape", '"')
        .option("multiLine", table.has_line_breaks)
        .option("mode", "PERMISSIVE")
        .option("columnNameOfCorruptRecord", RAW_LINE)
        .option("enforceSchema", True)
        .csv([spark_path(file) for file in files])
    )
    is_whole = F.col(RAW_LINE).isNull()
    columns = [F.when(is_whole, F.col(fields[header.index(name)])).alias(name) for name in kept]
    # Where fields may hold line breaks, Spark takes a line of blanks for a row of one field.
    is_blank = trimmed(F.col(RAW_LINE)).isNull() & F.col(RAW_LINE).isNotNull()
    return rows.select(*columns, RAW_LINE).where(~is_blank)


def _read_parquet(
    spark: SparkSession,
    files: Sequence[InputFile],
    kept: Sequence[str],
    wanted: Sequence[str],
    keep: Sequence[str],
) -> DataFrame:
    rows = spark.read.parquet(*(spark_path(file) for file in files))
    nested = [one for one in rows.schema.fields if one.name in kept and _is_nested(one)]
    refused = [one for one in nested if one.name in wanted]
    if refused:
        found = ", ".join(f"{one.name} is {one.dataType.simpleString()}" for one in refused)
        raise SchemaError(f"{files[0].where}: column {found}; deliver plain values")
    nanoseconds = nanosecond_columns(files[0])
    plain = [one for one in rows.schema.fields if one.name in kept and one not in nested]
    columns = [
        F.col(f"`{one.name}`") if one.name in keep and _is_kept(one) else _as_text(one, nanoseconds)
        for one in plain
    ]
    named = [column.alias(one.name) for column, one in zip(columns, plain, strict=True)]
    return rows.select(*named, F.lit(None).cast("string").alias(RAW_LINE))


def _is_nested(field: t.StructField) -> bool:
    return isinstance(field.dataType, t.ArrayType | t.StructType | t.MapType)


def _is_kept(field: t.StructField) -> bool:
    """Whether a value says all that its text would say: times, decimals of few places."""
    kind = field.dataType
    if isinstance(kind, t.DecimalType):
        return 0 <= kind.scale <= _PLAIN_PLACES
    return isinstance(kind, t.TimestampType)


def spark_path(file: InputFile) -> str:
    """A path in which Spark finds no pattern of file names."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", file.uri)


def _as_text(field: t.StructField, nanoseconds: frozenset[str]) -> Column:
    column = F.col(f"`{field.name}`")
    # Arrow also calls the 96-bit times of older Spark nanoseconds; Spark reads them as times.
    if field.name in nanoseconds and isinstance(field.dataType, t.LongType):
        # In whole numbers: as a double, nanoseconds of our days would be off by some 100.
        column = F.expr(f"timestamp_micros((`{field.name}` - pmod(`{field.name}`, 1000)) div 1000)")
    text = column.cast("string")
    if isinstance(field.dataType, t.FractionalType):
        return F.when(text.contains("E"), _without_exponent(text)).otherwise(text)
    return text


def _without_exponent(text: Column) -> Column:
    """1.0E7 as 10000000.0...; numbers beyond 20 digits stay as they are."""
    plain = F.translate(F.format_number(text.cast("decimal(38,18)"), 18), ",", "")
    return F.coalesce(plain, text)


def corrupt_file(message: str) -> str | None:
    """The input file that a Spark error says it could not read, or None."""
    match = re.search(_UNREADABLE, message, re.MULTILINE)
    return unquote(match[1]) if match else None


def root_cause(message: str) -> str:
    """The line of an error's text that says why: of a Java error its innermost cause."""
    lines = message.strip().splitlines() or [""]
    causes = [one for one in lines if one.startswith("Caused by: ")]
    return causes[-1].removeprefix("Caused by: ") if causes else lines[0]
