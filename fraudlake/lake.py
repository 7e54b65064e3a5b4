"""The output folder: tables by run, manifests, and the one act that commits a run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow.parquet as pq
from pyspark.sql import types as t

from fraudlake.runs import Manifest, RunLog, manifest_name, table_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Lake:
    """The curated tables and manifests below one folder of this machine."""

    root: Path

    def run_log(self) -> RunLog:
        """Every committed run. Raises RunError on a manifest that cannot be read."""
        paths = sorted(self.root.glob("runs/batch_date=*/*.json"))
        texts = ((path, path.read_text(encoding="utf-8")) for path in paths)
        return RunLog(Manifest.from_json(text, str(path)) for path, text in texts)

    def folder(self, table: str, batch: date, run_id: str) -> Path:
        """Where a run writes a table."""
        return self.root / table_folder(table, batch, run_id)

    def read(
        self, spark: SparkSession, table: str, runs: Sequence[Manifest], schema: t.StructType
    ) -> DataFrame:
        """The rows that the named runs wrote to a table, with `batch_date` beside the schema.

        Columns that an older run has not are null.
        """
        with_date = t.StructType([*schema.fields, t.StructField("batch_date", t.DateType())])
        folders = [str(self.folder(table, one.batch_date, one.run_id)) for one in runs]
        if not folders:
            return spark.createDataFrame([], with_date)
        reader = spark.read.schema(with_date).option("basePath", str(self.root / table))
        return reader.parquet(*folders).drop("run_id")

    def write(self, rows: DataFrame, table: str, batch: date, run_id: str) -> None:
        """Write a table's rows of one run into the run's own folder."""
        folder = self.folder(table, batch, run_id)
        rows.write.mode("errorifexists").option("compression", "zstd").parquet(str(folder))

    def written(self, table: str, batch: date, run_id: str) -> dict[str, object]:
        """Rows, bytes and files of a table of one run, as the files themselves tell."""
        paths = sorted(self.folder(table, batch, run_id).glob("*.parquet"))
        return {
            "rows": sum(pq.read_metadata(path).num_rows for path in paths),
            "bytes": sum(path.stat().st_size for path in paths),
            "files": [path.relative_to(self.root).as_posix() for path in paths],
        }

    def commit(self, manifest: Manifest) -> Path:
        """Put the manifest there whole or not at all: from then on the run happened."""
        path = self.root / manifest_name(manifest.batch_date, manifest.run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            with draft.open("x", encoding="utf-8") as stream:
                stream.write(manifest.to_json() + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        return path
