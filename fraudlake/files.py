"""The files of a table: what is there, in which partition, with which columns.

Everything here looks at names and sizes; `headers` looks into the files.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, BinaryIO, Literal

from fraudlake.errors import InputError
from fraudlake.places import Place, storage_at

if TYPE_CHECKING:
    from fraudlake.input_tables import InputTable
    from fraudlake.storage import Storage, StoredFile

_PARQUET_MAGIC = b"PAR1"

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
    def partition(self) -> str | None:
        """The folder of its partition (`ingest_date=2025-01-06`); None when it is in none."""
        folder, slash, _ = self.name.partition("/")
        return folder if slash and "=" in folder else None

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
    files = [InputFile(storage, one) for one in storage.files() if is_data(one.name)]
    by_folder: dict[str, list[InputFile]] = defaultdict(list)
    for one in files:
        by_folder[one.name.split("/", 1)[0] if "/" in one.name else ""].append(one)
    by_date: dict[date | None, list[InputFile]] = {
        day: by_folder.pop(folder, []) for day, folder in folders.items()
    }
    loose = [one for found in by_folder.values() for one in found]
    if loose and by_date:
        found = f"{loose[0].name} and {len(loose) - 1} more" if len(loose) > 1 else loose[0].name
        raise InputError(
            f"{table.name}: {root} has {partition}= partitions and, beside them, {found}; "
            "move the loose files into a partition"
        )
    if not loose and not by_date:
        raise InputError(f"{table.name}: {root} is empty; name a folder with CSV or Parquet files")
    return TableFiles(storage.where, by_date or {None: loose})


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


def is_data(name: str) -> bool:
    """Whether a name is that of data: hidden files, and those that begin with `_`, are not."""
    return not any(part.startswith((".", "_")) for part in name.split("/"))
