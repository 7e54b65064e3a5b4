"""The Spark session of one machine: the same answers wherever and however it is started.

A Glue job brings its own session; this one is for the command line, the demo and
the tests. What could differ between two machines (Java, time zone, encoding, a
Spark installed elsewhere) is set here. Importing this module does not import pyspark.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraudlake.java import java_home, java_options, package_folder
from fraudlake.s3a import S3Access, s3a_conf
from fraudlake.settings import MOST_BATCHES

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from fraudlake.files import InputFile

LOOPBACK = "127.0.0.1"
MEBIBYTE = 1024 * 1024
_BYTES_A_PARTITION = 64 * MEBIBYTE
SMALL_INPUT = 32 * MEBIBYTE
_UNPACKED = 4  # times the size of a packed file
_HEAP_A_ROW_SENT = 2048  # bytes: a table is there several times while it is sent
_HEAP_A_BYTE_KEPT = 8
_MOST_PARTITIONS = 2000

# Settings that can change a result or a written file; a Glue job needs the same.
SQL_CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    # Adaptive execution writes the whole plan as text after every stage and plans anew; what it
    # would find out is counted where it matters (`joins`, `fit_to_input`).
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
    # pandas and Flink write INT64 nanoseconds, which Spark 3.5 refuses to read otherwise.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Written out in full, our plans cost more time than a small batch takes to run.
    "spark.sql.maxPlanStringLength": "2000",
    "spark.sql.ui.explainMode": "simple",
    # Java runs methods beyond this size without compiling them; Spark then makes smaller ones.
    "spark.sql.codegen.hugeMethodLimit": "8000",
    # What is kept between two steps is read once or twice: packing it costs more than it saves.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # Rows spread by customer need not be spread again to meet what is known of a customer's day.
    "spark.sql.requireAllClusterKeysForCoPartition": "false",
    # Rows come batch by batch: the files of all batches of a backfill are open side by side.
    "spark.sql.maxConcurrentOutputFileWriters": str(MOST_BATCHES),
}


def default_driver_memory_mb() -> int:
    """Return half of the physical memory in MiB, at least 1024 and at most 8192."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1024, min(8192, physical // 2 // MEBIBYTE))


@dataclass(frozen=True, kw_only=True)
class SessionSettings:
    """How large a session is and where it spills; nothing here changes a result.

    Attributes:
        master: Spark master: `local[n]`, or `local-cluster[workers,cores,MiB]` in tests.
        driver_memory_mb: heap of the driver in MiB; on `local[n]` all the work happens in it.
        app_name: name in Spark's own records.
        shuffle_partitions: partitions after a shuffle, until the size of an input is known.
        local_dir: folder for spilled data; None takes the system's folder for temporary files.
        s3: how `s3://` is reached; None when all data is on this machine.
        is_brief: whether there is little to do. Java's second compiler, which makes long work
            fast, takes more of a short one than it gives, and is left out.
        archive_classes_to: where Java archives the classes it loaded when it ends; None takes
            classes from the archive that is there.
    """

    master: str = "local[*]"
    driver_memory_mb: int = field(default_factory=default_driver_memory_mb)
    app_name: str = "fraudlake"
    shuffle_partitions: int = 8
    local_dir: Path | None = None
    s3: S3Access | None = None
    is_brief: bool = False
    archive_classes_to: Path | None = None


def build_session(settings: SessionSettings) -> SparkSession:
    """Start Spark on this machine, quiet and bound to loopback, and return its session.

    A process has one session: a second call returns the running one, of which only the SQL
    settings can still change. Sets the environment variables that Spark's launcher reads.

    Raises:
        RunError: no Java 17 was found.
    """
    os.environ.update(session_environment())
    # Settings of another Spark on this machine would silently be mixed in.
    os.environ.pop("SPARK_CONF_DIR", None)
    if settings.local_dir is not None:
        # It would win over spark.local.dir.
        os.environ["SPARK_LOCAL_DIRS"] = str(settings.local_dir)
    return _start(settings.app_name, session_conf(settings))


def fit_to_input(spark: SparkSession, size: int) -> None:
    """Give the session as many shuffle partitions as an input of so many plain bytes needs.

    Code is made and compiled for each stage: a small input never earns that back. How many rows of
    a table may be sent to all others depends on the memory.
    """
    from fraudlake.joins import ROWS_SENT  # noqa: PLC0415  with it comes pyspark

    spark.conf.set(ROWS_SENT, str(heap_bytes(spark) // _HEAP_A_ROW_SENT))
    partitions = min(1 + size // _BYTES_A_PARTITION, _MOST_PARTITIONS)
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions))
    spark.conf.set("spark.sql.codegen.wholeStage", size > SMALL_INPUT)


def stays_in_memory(spark: SparkSession, size: int) -> bool:
    """Whether what is kept of an input of so many plain bytes leaves room for the work on it.

    Java looks for free memory all the time where it does not.
    """
    return size * _HEAP_A_BYTE_KEPT <= heap_bytes(spark)


def heap_bytes(spark: SparkSession) -> int:
    """The memory that Java may fill with objects, in bytes; executors of a job have the same."""
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001 - PySpark has no name for it
    return int(jvm.java.lang.Runtime.getRuntime().maxMemory())


def remember_functions(spark: SparkSession) -> None:
    """Look up each of Spark's column functions in Java once, not at every use.

    PySpark asks Java for the class and for the method each time a column is made of a function:
    some thousand questions a batch, a fifth of the time that a small one takes.
    """
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001 - where PySpark looks for them
    if not isinstance(jvm.functions, _Remembered):
        jvm.functions = _Remembered(jvm.functions)


class _Remembered:
    """Members of a Java class as they were found the first time."""

    def __init__(self, java_class: object) -> None:
        self._java_class = java_class

    def __getattr__(self, name: str) -> object:
        found = getattr(self._java_class, name)
        setattr(self, name, found)
        return found


def unpacked_bytes(file: InputFile) -> int:
    """How large a file is as plain text, roughly."""
    return file.size * (1 if file.name.endswith(".csv") else _UNPACKED)


def session_environment() -> dict[str, str]:
    """Return the environment that Spark's launcher and workers need: one Java, one Python."""
    return {
        "JAVA_HOME": str(java_home()),
        "SPARK_HOME": str(package_folder("pyspark")),
        "SPARK_LOCAL_IP": LOOPBACK,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def session_conf(settings: SessionSettings) -> dict[str, str]:
    """Return every Spark property of the session, by name."""
    return (
        SQL_CONF
        | _machine_conf(settings)
        | _executor_conf(settings)
        | _folder_conf(settings.local_dir)
        | (s3a_conf(settings.s3) if settings.s3 else {})
    )


def _java_options(settings: SessionSettings) -> str:
    return java_options(is_brief=settings.is_brief, archive_classes_to=settings.archive_classes_to)


def _machine_conf(settings: SessionSettings) -> dict[str, str]:
    return {
        "spark.master": settings.master,
        "spark.driver.memory": f"{settings.driver_memory_mb}m",
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.extraJavaOptions": _java_options(settings),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
    }


def _executor_conf(settings: SessionSettings) -> dict[str, str]:
    conf = {
        "spark.executor.extraJavaOptions": _java_options(settings),
        "spark.executorEnv.PYSPARK_PYTHON": sys.executable,
        "spark.executorEnv.PYTHONPATH": str(Path(__file__).parents[1]),
    }
    cluster = re.fullmatch(r"local-cluster\[\s*\d+\s*,\s*\d+\s*,\s*(\d+)\s*\]", settings.master)
    # An executor as large as its worker: with Spark's default of 1024 MiB a smaller worker
    # would never get one, and the first action would wait for ever.
    return conf | ({"spark.executor.memory": f"{cluster[1]}m"} if cluster else {})


def _folder_conf(local_dir: Path | None) -> dict[str, str]:
    folder = local_dir or Path(tempfile.gettempdir())
    # Never used, but Spark makes it, by default in the working directory.
    warehouse = {"spark.sql.warehouse.dir": (folder / "spark-warehouse").absolute().as_uri()}
    return warehouse | ({"spark.local.dir": str(local_dir)} if local_dir else {})


def _start(app_name: str, conf: dict[str, str]) -> SparkSession:
    from pyspark.sql import SparkSession  # noqa: PLC0415  importing it takes half a second

    builder = SparkSession.builder.appName(app_name)
    for name, value in conf.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
