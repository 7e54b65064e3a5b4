"""The output folder: tables by run, manifests, and the one act that commits a run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from pyspark.sql import functions as F
from pyspark.sql import types as t

from fraudlake.places import Place, storage_at
from fraudlake.runs import Manifest, RunLog, manifest_name, table_folder
from fraudlake.tables import SINGULAR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.batches import Batches
    from fraudlake.storage import Storage, StoredFile

_READERS = 16  # manifests read at a time


@dataclass(frozen=True)
class Runs:
    """The runs of batches that are scored together: an id for each."""

    batches: Batches
    ids: tuple[str, ...]

    @property
    def by_date(self) -> dict[date, str]:
        """The run ids by batch date."""
        return dict(zip(self.batches.dates, self.ids, strict=True))


@dataclass(frozen=True)
class Lake:
    """The curated tables and manifests below one folder."""

    root: Place

    @property
    def storage(self) -> Storage:
        """The folder's storage."""
        return storage_at(self.root)

    def run_log(self) -> RunLog:
        """Every committed run. Raises RunError on a manifest that cannot be read."""
        names = [one.name for one in self.storage.files("runs") if _is_manifest(one.name)]
        with ThreadPoolExecutor(_READERS) as readers:  # an object takes its time, not its bytes
            return RunLog(readers.map(self._manifest, names))

    def folder(self, table: str, batch: date, run_id: str) -> str:
        """Where a run writes a table, as Spark names it."""
        return self.storage.uri(table_folder(table, batch, run_id))

    def read(
        self, spark: SparkSession, table: str, runs: Sequence[Manifest], schema: t.StructType
    ) -> DataFrame:
        """The rows that the named runs wrote to a table, with `batch_date` beside the schema.

        Columns that an older run has not are null.
        """
        folders = [self.folder(table, one.batch_date, one.run_id) for one in runs]
        return self._read(spark, table, folders, schema)

    def read_runs(
        self, spark: SparkSession, table: str, runs: Runs, schema: t.StructType
    ) -> DataFrame:
        """The rows that runs wrote to a table, whether they committed or not, with `batch_at`."""
        folders = [self.folder(table, day, run_id) for day, run_id in runs.by_date.items()]
        rows = self._read(spark, table, folders, schema)
        position = runs.batches.position_of(F.col("batch_date"))
        return rows.withColumn("batch_at", position).drop("batch_date")

    def write(self, rows: DataFrame, table: str, runs: Runs) -> None:
        """Write a table's rows, with `batch_at`, into the folders of their runs."""
        if len(runs.ids) == 1:
            whole = rows.drop("batch_at")
            _written_to(self.folder(table, runs.batches.first, runs.ids[0]), whole, "errorifexists")
            return
        batch, run_id = runs.batches.date_at(), runs.batches.value_at(runs.ids)
        parted = rows.withColumns({"batch_date": batch, "run_id": run_id}).drop("batch_at")
        aside = f"{table_folder(table, runs.batches.first, runs.ids[0])}/_parts"
        with self.storage.parts(table, aside) as folder:
            _written_to(folder, parted, "append", ("batch_date", "run_id"))

    def fill(self, spark: SparkSession, table: str, runs: Runs, schema: t.StructType) -> None:
        """Write an empty file for each run that has no rows of a table."""
        for day, run_id in runs.by_date.items():
            if not self._parts(table, day, run_id):
                nothing = spark.createDataFrame([], schema)
                _written_to(self.folder(table, day, run_id), nothing.coalesce(1), "append")

    def written(self, table: str, batch: date, run_id: str) -> dict[str, object]:
        """Rows, bytes and files of a table of one run, as the files themselves tell."""
        files = self._parts(table, batch, run_id)
        return {
            "rows": sum(self._rows(one.name) for one in files),
            "bytes": sum(one.size for one in files),
            "files": [one.name for one in files],
        }

    def commit(self, manifest: Manifest) -> str:
        """Put the manifest there whole or not at all: from then on the run happened."""
        name = manifest_name(manifest.batch_date, manifest.run_id)
        self.storage.put_new(name, f"{manifest.to_json()}\n".encode())
        return name

    def _read(
        self, spark: SparkSession, table: str, folders: list[str], schema: t.StructType
    ) -> DataFrame:
        with_date = t.StructType([*schema.fields, t.StructField("batch_date", t.DateType())])
        if not folders:
            return spark.createDataFrame([], with_date)
        reader = spark.read.schema(with_date).option("basePath", self.storage.uri(table))
        return reader.parquet(*folders).drop("run_id")

    def _parts(self, table: str, batch: date, run_id: str) -> list[StoredFile]:
        folder = table_folder(table, batch, run_id)
        return [one for one in self.storage.files(folder) if _is_part(one.name, folder)]

    def _rows(self, name: str) -> int:
        with self.storage.open(name) as stream:
            return int(pq.read_metadata(stream).num_rows)

    def _manifest(self, name: str) -> Manifest:
        with self.storage.open(name) as stream:
            return Manifest.from_json(stream.read().decode(), f"{self.storage.where}/{name}")


def _is_manifest(name: str) -> bool:
    """Whether a name is `runs/batch_date=.../*.json`, and no draft of one."""
    parts = name.split("/")
    is_in_place = len(parts) == 3 and parts[1].startswith("batch_date=")  # noqa: PLR2004 - as said
    return is_in_place and parts[2].endswith(".json") and not parts[2].startswith(".")


def _is_part(name: str, folder: str) -> bool:
    """Whether a file lies directly in a folder and is Parquet: no left-over of a committer."""
    below = name.removeprefix(f"{folder}/")
    return below.endswith(".parquet") and "/" not in below


def _written_to(folder: str, rows: DataFrame, mode: str, by: Sequence[str] = ()) -> None:
    writer = rows.write.mode(mode).option("compression", "zstd")
    for name in SINGULAR:
        writer = writer.option(f"parquet.enable.dictionary#{name}", "false")
    writer.partitionBy(*by).parquet(folder)
