"""The transactions as a source of batches: partitions by ingest_date, or one table without."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.errors import InputError
from fraudlake.input_tables import TRANSACTIONS
from fraudlake.text import trimmed
from fraudlake.timestamps import parsed_timestamp

if TYPE_CHECKING:
    from datetime import date

    from pyspark.sql import DataFrame

    from fraudlake.files import InputFile, TableFiles
    from fraudlake.tabular import TableReader


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

    def rows_of(self, batch: date) -> DataFrame:
        """The raw rows of a batch (`transaction_schema`)."""
        if self._dated is not None:
            of_batch = self._dated.where(F.col("ingest_date") == F.lit(batch))
            return of_batch.drop("ingest_date")
        return self.reader.read(self.files_of(batch), TRANSACTIONS, self.carry)

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
