"""Lines of CSV as the OpenCSVSerDe of the catalog has them read: by position, all of it text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame, DataFrameReader

_LINE = "line"
_FIELDS = "fields"
# Noncharacters of Unicode: no text holds them.
_NO_SEPARATOR = "\ufdd0"
_FIRST_MARK = 0xFDD1
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


def read_lines(reader: DataFrameReader, header_lines: int) -> DataFrameReader:
    """Set up a reader whose one column `line` is a line, those of headers left out."""
    if header_lines not in {0, 1}:
        raise NotImplementedError(
            f"skip.header.line.count is {header_lines}: the stand-in leaves out one line, or none"
        )
    # Spark knows of headers in CSV only: a CSV of one unquoted column is the lines themselves.
    options = {"header": str(header_lines == 1), "sep": _NO_SEPARATOR, "quote": ""}
    return reader.format("csv").options(**options)


def line_schema(keys: Sequence[str]) -> str:
    """The columns of such a reader, as DDL."""
    return ", ".join(f"`{name}` string" for name in (_LINE, *keys))


def parse_lines(
    rows: DataFrame, columns: Sequence[str], keys: Sequence[str], serde: Mapping[str, str]
) -> DataFrame:
    """The fields of each line by position, as text, and the partition keys beside them.

    A quote in a field is doubled or escaped. An empty field and one that a short line has not are
    empty text; fields beyond the columns are left out. A field holds no line break.
    """
    separator, quote = serde.get("separatorChar", ","), serde.get("quoteChar", '"')
    escape = serde.get("escapeChar", "\\")
    marks = _marks(escape, separator, quote) if escape not in {"", quote, "\0"} else {}
    line = _marked(F.col(_LINE), escape, marks) if marks else F.col(_LINE)
    names = [f"f{at}" for at in range(len(columns))]
    schema = ", ".join(f"{name} string" for name in names)
    options = {"sep": separator, "quote": quote, "escape": quote}
    parsed = rows.withColumn(_FIELDS, F.from_csv(line, schema, options))
    fields = [F.coalesce(F.col(_FIELDS)[name], F.lit("")) for name in names]
    texts = [_unmarked(one, escape, marks) if marks else one for one in fields]
    named = [one.alias(name) for one, name in zip(texts, columns, strict=True)]
    return parsed.select(*named, *(F.col(f"`{key}`") for key in keys))


def _marks(escape: str, separator: str, quote: str) -> dict[str, str]:
    """For each escaped character that means something: what it stands for."""
    return {escape: escape, separator: separator, quote: quote, **_CONTROL}


def _marked(line: Column, escape: str, marks: Mapping[str, str]) -> Column:
    """A line whose escapes are out of the parser's way: each is one mark, or just its character."""
    text = line
    for at, escaped in enumerate(marks):
        text = F.replace(text, F.lit(escape + escaped), F.lit(chr(_FIRST_MARK + at)))
    text = F.replace(text, F.lit(escape), F.lit(""))
    return F.when(F.contains(line, F.lit(escape)), text).otherwise(line)


def _unmarked(field: Column, escape: str, marks: Mapping[str, str]) -> Column:
    codes = "".join(chr(_FIRST_MARK + at) for at in range(len(marks)))
    text = F.translate(field, codes, "".join(marks.values()))
    return F.when(F.contains(F.col(_LINE), F.lit(escape)), text).otherwise(field)
