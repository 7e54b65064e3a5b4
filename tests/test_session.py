from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from pyspark.sql import functions as F

from fraudlake import errors, session
from fraudlake.java import java_home
from fraudlake.session import (
    SessionSettings,
    heap_bytes,
    remember_functions,
    session_conf,
    stays_in_memory,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Runs on its own, because a process has one session: an executor in a process of its own must
# find this Python and fraudlake, and Spark must keep quiet.
CLUSTER_SCRIPT = """
import sys
import pandas as pd
from pyspark.sql import functions as F
from fraudlake.session import SessionSettings, build_session

spark = build_session(SessionSettings(master="local-cluster[2,1,2048]", driver_memory_mb=1024))

@F.pandas_udf("string")
def where(ids: pd.Series) -> pd.Series:
    import fraudlake.errors
    return ids.map(lambda _: sys.executable + " " + fraudlake.errors.__file__)

print(spark.range(10).select(where("id").alias("text")).distinct().collect()[0].text)
spark.stop()
"""


@pytest.mark.parametrize(
    ("physical_mb", "expected_mb"), [(512, 1024), (4096, 2048), (6000, 3000), (65536, 8192)]
)
def test_the_driver_gets_half_of_the_memory_within_limits(
    physical_mb: int, expected_mb: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": physical_mb * 256}
    monkeypatch.setattr("os.sysconf", pages.__getitem__)
    assert SessionSettings().driver_memory_mb == expected_mb


def test_an_executor_is_as_large_as_its_worker() -> None:
    conf = session_conf(SessionSettings(master="local-cluster[2, 1, 700]"))
    assert conf["spark.executor.memory"] == "700m"


def test_a_local_master_leaves_executor_memory_alone() -> None:
    assert "spark.executor.memory" not in session_conf(SessionSettings(master="local[4]"))


@pytest.mark.parametrize(("size", "stays"), [(1000, True), (1001, False)])
def test_what_comes_of_an_eighth_of_the_memory_may_stay_in_it(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, *, size: int, stays: bool
) -> None:
    monkeypatch.setattr(session, "heap_bytes", lambda _spark: 8000)
    assert stays_in_memory(spark, size) == stays


def test_a_session_knows_the_memory_that_java_may_take(spark: SparkSession) -> None:
    assert heap_bytes(spark) == pytest.approx(2048 * 1024 * 1024, rel=0.05)


def test_a_function_is_looked_up_in_java_once(spark: SparkSession) -> None:
    remember_functions(spark)
    jvm: Any = spark._jvm
    functions = jvm.functions
    F.lit(1)
    lit = functions.lit
    remember_functions(spark)
    F.lit(1)
    assert (jvm.functions, functions.lit) == (functions, lit)
    assert spark.range(1).select(F.lit("a").alias("a")).collect()[0].a == "a"


def test_importing_the_module_does_not_import_pyspark() -> None:
    code = "import sys, fraudlake.session; sys.exit('pyspark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_time_is_utc_whatever_the_machine_says(spark: SparkSession) -> None:
    frame = spark.sql("SELECT timestamp'2025-01-31 23:59:59' AS ts")
    row = frame.selectExpr("ts", "CAST(ts AS string) AS text").collect()[0]
    assert row.text == "2025-01-31 23:59:59"
    assert row.ts.timestamp() == dt.datetime(2025, 1, 31, 23, 59, 59, tzinfo=dt.UTC).timestamp()
    jvm = spark._jvm
    assert jvm is not None
    assert jvm.java.util.TimeZone.getDefault().getID() == "UTC"


def test_the_running_java_is_the_chosen_one(spark: SparkSession) -> None:
    jvm = spark._jvm
    assert jvm is not None
    assert Path(jvm.java.lang.System.getProperty("java.home")).samefile(java_home())


def test_parquet_is_zstd_with_microsecond_timestamps(spark: SparkSession, tmp_path: Path) -> None:
    frame = spark.sql("SELECT timestamp'2025-01-31 23:59:59.123456' AS ts")
    frame.coalesce(1).write.parquet(str(tmp_path / "out"))
    [file] = (tmp_path / "out").glob("*.parquet")
    meta = parquet.ParquetFile(file).metadata
    column = meta.row_group(0).column(0)
    assert (column.compression, column.physical_type) == ("ZSTD", "INT64")
    assert "timeUnit=microseconds" in str(meta.schema.column(0).logical_type)


def test_nanosecond_parquet_can_be_read(spark: SparkSession, tmp_path: Path) -> None:
    table = pa.table({"ts": pa.array([1_700_000_000_000_000_001], pa.timestamp("ns"))})
    parquet.write_table(table, tmp_path / "nanos.parquet")
    frame = spark.read.parquet(str(tmp_path / "nanos.parquet"))
    assert frame.collect()[0].ts == 1_700_000_000_000_000_001


def test_executors_find_python_and_fraudlake_and_spark_is_quiet(tmp_path: Path) -> None:
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER_SCRIPT, "utf-8")
    run = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    errors_module = Path(errors.__file__)
    assert (run.stderr, run.returncode) == ("", 0)
    assert run.stdout == f"{sys.executable} {errors_module}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.py"]
