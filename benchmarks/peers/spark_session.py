"""A plain Spark of two threads with the heap that fraudlake takes by default."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from benchmarks.peers.task import THREADS
from fraudlake.class_archive import sharing_options
from fraudlake.session import LOOPBACK, default_driver_memory_mb, session_environment

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def plain_session() -> SparkSession:
    """Spark's own defaults but for UTC, zstd, loopback, the heap, and our archive of classes."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - after the environment is set

    os.environ.update(session_environment())
    session: SparkSession = (
        SparkSession.builder.appName("peer")
        .master(f"local[{THREADS}]")
        .config("spark.driver.memory", f"{default_driver_memory_mb()}m")
        .config("spark.driver.extraJavaOptions", " ".join(f'"{one}"' for one in sharing_options()))
        .config("spark.driver.host", LOOPBACK)
        .config("spark.driver.bindAddress", LOOPBACK)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .config("spark.sql.parquet.compression.codec", "zstd")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    return session
