"""Frames that are needed more than once, kept until the work they are for is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession


@dataclass
class KeptFrames:
    """What one piece of work keeps."""

    _frames: list[DataFrame] = field(default_factory=list)

    def keep(
        self, rows: DataFrame, where: StorageLevel = StorageLevel.MEMORY_AND_DISK
    ) -> DataFrame:
        """Keep the rows when they are first made; what is built on the result starts from them.

        Spark looks through all that led to a frame again whenever something is added to it. After
        a few joins and unions that takes longer than the work on a small batch, so the result
        says no more than where the rows are kept.
        """
        self._frames.append(rows.persist(where))
        return _without_lineage(rows)

    def release(self) -> None:
        """Let go of everything."""
        while self._frames:
            self._frames.pop().unpersist()


def _without_lineage(rows: DataFrame) -> DataFrame:
    # Spark has no public name for it: a query over the cached rows as they stand in its catalog.
    session: SparkSession = rows.sparkSession
    dataset: Any = session._jvm.org.apache.spark.sql.Dataset  # type: ignore[union-attr]  # noqa: SLF001
    cached = rows._jdf.queryExecution().withCachedData()  # noqa: SLF001
    return DataFrame(dataset.ofRows(session._jsparkSession, cached), session)  # noqa: SLF001
