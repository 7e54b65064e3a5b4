"""Archives the Java classes of Spark for this Python environment: see `fraudlake.class_archive`.

Usage: python scripts/archive_classes.py. Scores a small sample in a Spark whose Java writes the
archive when it ends. Says in one line why there is none when that does not work.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraudlake.class_archive import archive_file, class_path_file
from fraudlake.java import java_home
from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.sample_data import SamplePlan, write_sample_data
from fraudlake.scorer import ScoreRequest, score
from fraudlake.session import SessionSettings, build_session
from fraudlake.sources import InputPaths

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SAMPLE = SamplePlan(transactions=2_000, customers=500, days=2)
_OF_A_SHELL = ("HADOOP_CONF_DIR", "YARN_CONF_DIR", "SPARK_DIST_CLASSPATH")  # join the class path
_PATIENCE_SECONDS = 300


def archive_classes() -> None:
    """Make the archive, and note its class path; what was there stays until both are made."""
    archive = archive_file()
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as name:
        folder = Path(name)
        made = folder / archive.name
        spark = build_session(
            SessionSettings(local_dir=folder, is_brief=True, archive_classes_to=made)
        )
        class_path = _java(spark).java.lang.System.getProperty("java.class.path")
        _score_sample(spark, folder)
        _end(spark)
        if not made.is_file():
            sys.exit(f"{java_home()} wrote no archive of Spark's classes")
        class_path_file().write_text(class_path, encoding="utf-8")
        made.replace(archive)


def make_base_archive(home: Path) -> None:
    """Archive Java's own classes, on which other archives rest: the packaged Java has none.

    That of an earlier Java may be there still. A Java that is not ours is left as it is.
    """
    if _runs(home, "-Xshare:on", "-version"):
        return
    if not home.is_relative_to(sys.prefix):
        sys.exit(f"{home} has no archive of its own classes; `java -Xshare:dump` makes it")
    if not _runs(home, "-Xshare:dump"):
        sys.exit(f"{home} could not archive its own classes")


def _runs(home: Path, *options: str) -> bool:
    command = [str(home / "bin" / "java"), "-Xlog:disable", *options]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603


def _score_sample(spark: SparkSession, folder: Path) -> None:
    sample = folder / "sample"
    write_sample_data(sample, _SAMPLE)
    tables = ("transactions", "customers", "blacklist", "fx_rates")
    request = ScoreRequest(
        paths=InputPaths(*(sample / table for table in tables)),
        lake=Lake(folder / "lake"),
        book=read_rule_file(None),
        first=_SAMPLE.first_date,
        last=_SAMPLE.last_date,
        is_backfill=True,
    )
    score(spark, request)


def _end(spark: SparkSession) -> None:
    """Stop Spark, and wait until its Java has ended."""
    gateway: Any = spark.sparkContext._gateway  # noqa: SLF001 - PySpark has no name for it
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()


def _java(spark: SparkSession) -> Any:  # noqa: ANN401 - py4j's own
    return spark.sparkContext._jvm  # noqa: SLF001


if __name__ == "__main__":
    for name in _OF_A_SHELL:
        os.environ.pop(name, None)
    make_base_archive(java_home())
    archive_classes()
