"""The files of a table: what is there, in which partition, with which columns.

Everything here looks at names, sizes and first lines; reading the rows is for `tabular`.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from fraudlake.errors import InputError, SchemaError
from fraudlake.places import Place, storage_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fraudlake.input_tables import InputTable
    from fraudlake.storage import Storage, StoredFile

_CHUNK_BYTES = 1 << 20
_PARQUET_MAGIC = b"PAR1"
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}

Kind = Literal["csv", "parquet"]


@dataclass(frozen=True)
class InputFile:
    """One file of a table: where it lies, and its name, size and change below the table's root."""

    storage: Storage
    stored: StoredFile

    @property
    def name(self) -> str:
        """The name below the table's root."""
        return self.stored.name

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stored.size

    @property
    def where(self) -> str:
        """The whole path, as people name it."""
        return f"{self.storage.where}/{self.name}"

    @property
    def uri(self) -> str:
        """The whole path, as Spark names it."""
        return self.storage.uri(self.name)

    def open(self) -> BinaryIO:
        """Open the file to read any part of it."""
        return self.storage.open(self.name)

    @property
    def kind(self) -> Kind:
        """CSV or Parquet, told by the name, else by the first bytes."""
        lowered = self.name.lower()
        if lowered.endswith((".parquet", ".pq")):
            return "parquet"
        if lowered.endswith((".csv", ".csv.gz")):
            return "csv"
        with self.open() as stream:
            return "parquet" if stream.read(4) == _PARQUET_MAGIC else "csv"


@dataclass(frozen=True)
class TableFiles:
    """The files of a table by partition date, or under None when the table is not partitioned."""

    root: str
    by_date: dict[date | None, list[InputFile]]

    @property
    def is_partitioned(self) -> bool:
        """Whether the table lies in partitions by date."""
        return None not in self.by_date

    @property
    def dates(self) -> list[date]:
        """The partition dates, oldest first."""
        return sorted(day for day in self.by_date if day is not None)

    def newest_until(self, day: date) -> date | None:
        """The newest partition on or before a date, else the oldest; None without partitions."""
        if not self.is_partitioned:
            return None
        earlier = [one for one in self.dates if one <= day]
        return earlier[-1] if earlier else self.dates[0]


def find_table(root: Place, table: InputTable, partition: str | None) -> TableFiles:
    """The files of a table below `root`, or `root` itself when it is one file.

    `partition` is the name of the date partitions (`ingest_date`, `snapshot_date`) that the table
    may have. Hidden files and those that start with an underscore are not data. Raises InputError
    when nothing is there, or when partitions and loose files are mixed.
    """
    storage = storage_at(root)
    if single := storage.single_file():
        return TableFiles(single[0].where, {None: [InputFile(*single)]})
    if not storage.is_folder():
        raise InputError(f"{table.name}: {root} is not there; name a folder or a file")
    folders = _partition_folders(storage, table, partition) if partition else {}
    files = [InputFile(storage, one) for one in storage.files() if _is_data(one.name)]
    by_date: dict[date | None, list[InputFile]] = {
        day: [one for one in files if one.name.startswith(f"{folder}/")]
        for day, folder in folders.items()
    }
    known = tuple(f"{folder}/" for folder in folders.values())
    loose = [one for one in files if not one.name.startswith(known)]
    if loose and by_date:
        found = f"{loose[0].name} and {len(loose) - 1} more" if len(loose) > 1 else loose[0].name
        raise InputError(
            f"{table.name}: {root} has {partition}= partitions and, beside them, {found}; "
            "move the loose files into a partition"
        )
    if not loose and not by_date:
        raise InputError(f"{table.name}: {root} is empty; name a folder with CSV or Parquet files")
    return TableFiles(storage.where, by_date or {None: loose})


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
            f"{table.name}: {file.where} lacks {', '.join(hints)}; "
            f"found the columns {', '.join(columns) or 'none'}"
        )
    twice = sorted({name for name in columns if columns.count(name) > 1 and name in table.columns})
    if twice:
        raise SchemaError(f"{table.name}: {file.where} has the column {twice[0]} twice; remove one")
    return columns


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


def _partition_folders(storage: Storage, table: InputTable, partition: str) -> dict[date, str]:
    prefix = f"{partition}="
    folders = [one for one in storage.folders() if one.startswith(prefix)]
    return {partition_date(storage, one, table, prefix): one for one in folders}


def partition_date(storage: Storage, folder: str, table: InputTable, prefix: str) -> date:
    """The date of a partition's folder; InputError when its name has none after the prefix."""
    text = folder.removeprefix(prefix)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or str(day) != text:
        raise InputError(
            f"{table.name}: the partition {storage.where}/{folder} is not named "
            f"{prefix}YYYY-MM-DD; rename it"
        )
    return day


def _is_data(name: str) -> bool:
    return not any(part.startswith((".", "_")) for part in name.split("/"))
