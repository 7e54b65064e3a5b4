"""How often the rows of a pass are read: text once and kept, Parquet anew for each use.

Text is dear to read and to type, so what came of it is kept on disk. Parquet is cheap where few
columns are asked for: to keep whole rows would cost more than to read them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pyspark import StorageLevel
from pyspark.sql import Observation
from pyspark.sql import functions as F

from fraudlake import pipeline, tally
from fraudlake.cleansing import filter_accepted, narrow_rows
from fraudlake.repeats import Judged, filter_by_hash
from fraudlake.session import stays_in_memory

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches
    from fraudlake.fx import FxRates
    from fraudlake.kept import KeptFrames
    from fraudlake.sources import Sources


@dataclass
class PassRows:
    """The rows of a pass: `judged` gives the frames that are read from, `reread` counts on them."""

    sources: Sources
    batches: Batches
    kept: KeptFrames
    _again: Observation | None = None

    def judged(self, raw: DataFrame, rates: FxRates, read: Observation) -> Judged:
        """The rows with every reason of their own; `read` counts those of each batch."""
        typed = pipeline.typed_rows(raw, self.sources.book)
        counted = typed.observe(read, *tally.read_counts(self.batches))
        judged = pipeline.judged_rows(counted, rates, self.sources.book, self.batches)
        if self.sources.transactions.is_parquet(self.batches):
            return self._read_anew(raw, typed, judged, rates)
        return self._kept(judged)

    def reread(self) -> int | None:
        """How many rows were read when they were scored; None where they were read but once."""
        return self._again.get["rows"] if self._again else None

    def _kept(self, judged: DataFrame) -> Judged:
        whole = self.kept.keep(judged, StorageLevel.DISK_ONLY)  # memory has other uses
        return Judged(self._narrow(whole), filter_accepted(whole), partial(filter_by_hash, whole))

    def _read_anew(
        self, raw: DataFrame, typed: DataFrame, judged: DataFrame, rates: FxRates
    ) -> Judged:
        book, batches = self.sources.book, self.batches
        self._again = Observation()
        again = typed.observe(self._again, count_of_rows())

        def whole(few: DataFrame) -> DataFrame:
            suspected = pipeline.typed_rows(filter_by_hash(raw, few), book)
            return pipeline.judged_rows(suspected, rates, book, batches)

        sound = pipeline.sound_rows(again, rates, book, batches)
        return Judged(self._narrow(judged), sound, whole)

    def _narrow(self, judged: DataFrame) -> DataFrame:
        narrow = narrow_rows(judged, self.sources.book.settings.cleansing.carry)
        size = self.sources.transactions.bytes_of_all(self.batches)
        is_light = stays_in_memory(self.sources.spark, size)
        where = StorageLevel.MEMORY_AND_DISK if is_light else StorageLevel.DISK_ONLY
        return self.kept.keep(narrow, where)


def count_of_rows() -> Column:
    """Counts rows on their way. Spark makes code for what lies between two such counts at once.

    Without them it would be too long for Java to compile.
    """
    return F.count(F.lit(1)).alias("rows")
