"""The properties and the environment of a job's Spark, as text; test_awsglue.py runs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.jobs.spark_defaults import CONF_FILE, UI_VARIABLE, write_spark_defaults
from fraudlake.session import SQL_CONF

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def written(folder: Path, *, ui: bool = False) -> tuple[dict[str, str], dict[str, str]]:
    """The environment, and the properties of the file."""
    environment = write_spark_defaults(
        folder,
        endpoint="http://127.0.0.1:5000",
        jars=[folder / "one.jar", folder / "two.jar"],
        work=folder / "work",
        ui=ui,
        region="eu-west-1",
    )
    lines = (folder / CONF_FILE).read_text(encoding="ascii").splitlines()
    return environment, dict(line.split("=", 1) for line in lines)


def test_the_settings_that_can_change_a_result_are_the_sessions(tmp_path: Path) -> None:
    _, conf = written(tmp_path)
    assert SQL_CONF.items() <= conf.items()


def test_s3_in_both_its_names_is_the_local_cloud_and_nothing_else(tmp_path: Path) -> None:
    _, conf = written(tmp_path)
    s3a = "spark.hadoop.fs.s3a."
    assert conf["spark.hadoop.fs.s3.impl"] == "org.apache.hadoop.fs.s3a.S3AFileSystem"
    assert conf[f"{s3a}endpoint"] == "http://127.0.0.1:5000"
    assert conf[f"{s3a}endpoint.region"] == "eu-west-1"
    assert conf[f"{s3a}path.style.access"] == "true"
    assert conf[f"{s3a}connection.ssl.enabled"] == "false"
    assert conf[f"{s3a}aws.credentials.provider"].endswith(
        ".EnvironmentVariableCredentialsProvider"
    )


def test_the_jars_are_on_the_class_path_and_not_copied_at_each_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.prefix", "/without/an/archive")
    _, conf = written(tmp_path)
    assert conf["spark.driver.extraClassPath"] == f"{tmp_path}/one.jar:{tmp_path}/two.jar"
    assert "spark.jars" not in conf


def test_the_environment_leads_spark_to_the_file(tmp_path: Path) -> None:
    environment, _ = written(tmp_path)
    assert environment["SPARK_CONF_DIR"] == str(tmp_path)
    assert {"JAVA_HOME", "SPARK_HOME", "PYSPARK_PYTHON", "SPARK_LOCAL_IP"} <= environment.keys()


def test_all_that_spark_puts_aside_is_below_the_work_folder(tmp_path: Path) -> None:
    environment, conf = written(tmp_path)
    work = str(tmp_path / "work")
    assert environment["SPARK_LOCAL_DIRS"] == conf["spark.local.dir"] == work
    assert conf["spark.hadoop.fs.s3a.buffer.dir"].startswith(work)
    assert conf["spark.sql.warehouse.dir"].startswith(f"file://{work}")
    assert conf["spark.hadoop.fs.s3a.committer.staging.tmp.path"] == f"file://{work}/staging"
    assert (tmp_path / "work").is_dir()


def test_tables_are_committed_by_uploads_in_parts_and_not_by_renames(tmp_path: Path) -> None:
    _, conf = written(tmp_path)
    assert conf["spark.hadoop.fs.s3a.committer.name"] == "directory"
    factory = conf["spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3"]
    assert factory == "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory"


def test_the_ui_is_off_unless_asked_for_and_says_its_address(tmp_path: Path) -> None:
    environment, conf = written(tmp_path)
    assert conf["spark.ui.enabled"] == "false"
    assert UI_VARIABLE not in environment
    environment, conf = written(tmp_path, ui=True)
    assert conf["spark.ui.enabled"] == "true"
    assert environment[UI_VARIABLE] == f"http://127.0.0.1:{conf['spark.ui.port']}"


def test_no_checkout_gets_on_the_path_of_the_workers(tmp_path: Path) -> None:
    _, conf = written(tmp_path)
    assert not [name for name in conf if name.startswith("spark.executorEnv.")]


def test_a_path_beyond_ascii_is_written_as_java_reads_it(tmp_path: Path) -> None:
    _, conf = written(tmp_path / "a b" / "ö𝄞\\")
    assert conf["spark.local.dir"] == f"{tmp_path}/a b/\\u00f6\\ud834\\udd1e\\\\/work"
