"""What the beginning of a file tells, or its end: columns, layout, encoding."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from fraudlake.errors import InputError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fraudlake.files import InputFile
    from fraudlake.input_tables import InputTable

_CHUNK_BYTES = 1 << 20
_COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def file_columns(file: InputFile, table: InputTable) -> tuple[str, ...]:
    """The columns of a file, checked: the required ones are there and none stands twice.

    Raises SchemaError naming the file, the missing columns and those found, or InputError when
    the file cannot be read as what its name says.
    """
    columns = tuple(_arrow_schema(file).names) if file.kind == "parquet" else _csv_header(file)
    missing = [name for name in table.required if name not in columns]
    if missing:
        hints = [_with_hint(name, columns) for name in missing]
        raise SchemaError(
            f"{table.name}: {file.where} lacks {', '.join(hints)}; {shown_columns(columns, table)}"
        )
    twice = sorted({name for name in columns if columns.count(name) > 1 and name in table.columns})
    if twice:
        raise SchemaError(f"{table.name}: {file.where} has the column {twice[0]} twice; remove one")
    return columns


def shown_columns(columns: Sequence[str], table: InputTable) -> str:
    """The columns that a file has, for an error: never a row of data taken for a header.

    A file that was delivered without its header has somebody's name and e-mail in the first line.
    """
    known = sum(name in table.columns for name in columns)
    if 2 * known < min(len(columns), len(table.columns)):
        return "its first line names hardly any of the table's columns: is the header missing?"
    named = [name if _COLUMN_NAME.fullmatch(name) else "(not a name)" for name in columns]
    return f"found the columns {', '.join(named) or 'none'}"


def nanosecond_columns(file: InputFile) -> frozenset[str]:
    """The Parquet columns whose timestamps are stored in nanoseconds."""
    schema = _arrow_schema(file)
    return frozenset(
        one.name for one in schema if pa.types.is_timestamp(one.type) and one.type.unit == "ns"
    )


def parquet_layout(file: InputFile) -> str:
    """Names and types of a Parquet file: files of one layout can be read together."""
    return "\n".join(f"{one.name} {one.type}" for one in _arrow_schema(file))


def check_encoding(file: InputFile) -> None:
    """Raise InputError when a CSV file is not UTF-8, or its compression is cut off."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 0
    try:
        for chunk in _chunks(file):
            decoder.decode(chunk)
            lines += chunk.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        at = lines + error.object[: error.start].count(b"\n") + 1
        raise InputError(
            f"{file.where}, line {at}: not UTF-8 (byte 0x{error.object[error.start]:02x}); "
            f"{_likely_encoding(file)}convert the file to UTF-8"
        ) from error
    except (EOFError, OSError, gzip.BadGzipFile) as error:
        raise InputError(f"{file.where} cannot be read: {error}; deliver it again") from error


def _likely_encoding(file: InputFile) -> str:
    with file.open() as stream:
        mark = stream.read(2)
    found = _BYTE_ORDER_MARKS.get(mark)
    return f"it looks like {found}, " if found else ""


def _chunks(file: InputFile) -> Iterator[bytes]:
    with _opened(file) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _opened(file: InputFile) -> BinaryIO | gzip.GzipFile:
    stream = file.open()
    is_zipped = stream.read(2) == _GZIP_MAGIC
    stream.seek(0)
    return _Unzipped(stream) if is_zipped else stream


def _check_named_for_gzip(file: InputFile, stream: BinaryIO | gzip.GzipFile) -> None:
    """Spark unpacks by the name: packed under another, a file is one long header to it."""
    if isinstance(stream, gzip.GzipFile) and not file.name.lower().endswith(".gz"):
        raise InputError(f"{file.where} is packed with gzip; name it .csv.gz")


class _Unzipped(gzip.GzipFile):
    """A compressed file whose own stream is closed with it."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(fileobj=stream)
        self._stream = stream

    def close(self) -> None:
        super().close()
        self._stream.close()


@lru_cache(maxsize=10_000)
def _csv_header(file: InputFile) -> tuple[str, ...]:
    try:
        with _opened(file) as stream:
            _check_named_for_gzip(file, stream)
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            first = next((line for line in text if line.strip()), "")
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile):
        check_encoding(file)  # says where
        raise
    if not first:
        raise InputError(f"{file.where} is empty, it has not even a header; deliver it again")
    return tuple(name.strip() for name in next(csv.reader([first])))


@lru_cache(maxsize=10_000)
def _arrow_schema(file: InputFile) -> pa.Schema:
    try:
        with file.open() as stream:
            return pq.read_schema(stream)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{file.where} is not readable as Parquet, perhaps cut off ({error}); deliver it again"
        ) from error


def _with_hint(name: str, columns: Sequence[str]) -> str:
    close = get_close_matches(name, columns, n=1)
    return f"the column {name} (is {close[0]!r} meant?)" if close else f"the column {name}"
