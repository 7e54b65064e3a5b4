"""The transactions as a source of batches: partitions by ingest_date, or one table without."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.errors import InputError
from fraudlake.input_tables import TRANSACTIONS
from fraudlake.session import unpacked_bytes
from fraudlake.tabular import PARTITION_DATE, union_of_texts
from fraudlake.text import trimmed
from fraudlake.timestamps import parsed_timestamp

if TYPE_CHECKING:
    from datetime import date

    from pyspark.sql import DataFrame

    from fraudlake.batches import Batches
    from fraudlake.files import InputFile, TableFiles
    from fraudlake.tabular import TableReader

_TYPED = ("transaction_ts", "amount")


@dataclass
class TransactionSource:
    """Transactions by ingest_date: partitions, or one table that is parted by its timestamps."""

    reader: TableReader
    files: TableFiles
    carry: tuple[str, ...]
    _dated: DataFrame | None = None
    _rows_by_date: dict[date, int] = field(default_factory=dict)
    ragged_share: Decimal | None = None

    @property
    def dates(self) -> list[date]:
        """The batch dates that there are, oldest first."""
        return self.files.dates if self.files.is_partitioned else sorted(self._rows_by_date)

    def files_of(self, batch: date) -> list[InputFile]:
        """The files that hold a batch."""
        return self.files.by_date[batch if self.files.is_partitioned else None]

    def is_parquet(self, batches: Batches) -> bool:
        """Whether all files of batches are Parquet, which is quickly read again."""
        return all(one.kind == "parquet" for day in batches.dates for one in self.files_of(day))

    def rows_of(self, batches: Batches) -> DataFrame:
        """The raw rows of batches (`transaction_schema`) with their `batch_at`.

        Typed values come as they are where all files have them in a type that fits.
        """
        if self._dated is not None:
            placed = self._dated.withColumn("batch_at", batches.position_of(F.col("ingest_date")))
            return placed.where("batch_at >= 0").drop("ingest_date")
        files = [one for day in batches.dates for one in self.files_of(day)]
        together = self.reader.read_partitions(files, TRANSACTIONS, self.carry, _TYPED)
        if together is not None:
            position = batches.position_of(F.col(PARTITION_DATE))
            return together.withColumn("batch_at", position).drop(PARTITION_DATE)
        parts = [
            self.reader.read(self.files_of(day), TRANSACTIONS, self.carry, keep=_TYPED)
            for day in batches.dates
        ]
        dated = [one.withColumn("batch_at", F.lit(at)) for at, one in enumerate(parts)]
        return union_of_texts(dated, _TYPED)

    def bytes_of_all(self, batches: Batches) -> int:
        """The size of batches together (`bytes_of`)."""
        return sum(self.bytes_of(day) for day in batches.dates)

    def bytes_of(self, batch: date) -> int:
        """How large a batch is as plain text, roughly."""
        whole = sum(unpacked_bytes(one) for one in self.files_of(batch))
        return whole if self.files.is_partitioned else whole // max(len(self._rows_by_date), 1)

    def part_by_timestamp(self) -> None:
        """Give the rows of a table without partitions the UTC date of their timestamp.

        Rows whose timestamp does not parse belong to the earliest date. Raises InputError when no
        timestamp parses at all.
        """
        raw = self.reader.read(self.files.by_date[None], TRANSACTIONS, self.carry)
        dated = raw.withColumn("day", F.to_date(parsed_timestamp(trimmed(F.col("transaction_ts")))))
        dated = dated.persist()
        counts = dated.groupBy("day").agg(
            F.count(F.lit(1)).alias("rows"), F.count("raw_line").alias("ragged")
        )
        found = counts.collect()
        days = {row["day"]: int(row["rows"]) for row in found if row["day"] is not None}
        if not days:
            raise InputError(
                f"transactions: no transaction_ts below {self.files.root} can be read as a time; "
                "deliver YYYY-MM-DDTHH:MM:SS, or folders named ingest_date=YYYY-MM-DD"
            )
        earliest = min(days)
        rows = sum(int(row["rows"]) for row in found)
        self.ragged_share = Decimal(sum(int(row["ragged"]) for row in found)) / rows
        self._rows_by_date = {**days, earliest: days[earliest] + rows - sum(days.values())}
        ingest_date = F.coalesce("day", F.lit(earliest)).alias("ingest_date")
        self._dated = dated.select(*raw.columns, ingest_date)
