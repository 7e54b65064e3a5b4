from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.class_archive import (
    OPTIONS_OF_USERS,
    archive_file,
    class_path_with,
    sharing_options,
)
from fraudlake.java import java_home
from fraudlake.session import SessionSettings, session_conf

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPARK_SUBMIT = "org.apache.spark.deploy.SparkSubmit"


@pytest.fixture(autouse=True)
def no_java_options(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OPTIONS_OF_USERS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python environment, its name with a space, with nothing in it."""
    prefix = tmp_path / "an environment"
    monkeypatch.setattr(sys, "prefix", str(prefix))
    return prefix


def with_archive(class_path: str) -> None:
    archive_file().parent.mkdir(parents=True)
    archive_file().touch()
    archive_file().with_suffix(".classpath").write_text(class_path, encoding="utf-8")


def driver_options(settings: SessionSettings) -> str:
    return session_conf(settings)["spark.driver.extraJavaOptions"]


def loaded_from(class_path: str) -> str:
    """Where Java says that it has Spark's entry from."""
    assert archive_file().is_file(), "the set-up made none: scripts/archive_classes.py says why"
    options = [*sharing_options(), "-Xlog:class+load:stdout"]
    java = str(java_home() / "bin" / "java")
    command = [java, *options, "-cp", class_path, SPARK_SUBMIT, "--version"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    [line] = [line for line in said.splitlines() if f" {SPARK_SUBMIT} source: " in line]
    return line.split(" source: ")[1]


@pytest.mark.usefixtures("environment")
def test_without_an_archive_java_is_told_nothing_and_the_class_path_is_that_of_the_jars() -> None:
    assert sharing_options() == ()
    assert "Archive" not in driver_options(SessionSettings())
    assert class_path_with([Path("/a.jar"), Path("/b.jar")]) == "/a.jar:/b.jar"


def test_a_session_takes_its_classes_from_the_archive(environment: Path) -> None:
    with_archive("/spark/core.jar")
    option = f'"-XX:SharedArchiveFile={environment}/share/fraudlake/spark.jsa"'
    assert option in driver_options(SessionSettings())


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    "name", ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "SPARK_SUBMIT_OPTS"]
)
def test_beside_options_of_the_user_java_takes_no_archive(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_archive("/spark/core.jar")
    monkeypatch.setenv(name, "-javaagent:/opt/monitor/agent.jar")
    assert sharing_options() == ()


def test_a_session_that_writes_an_archive_takes_none() -> None:
    options = driver_options(SessionSettings(archive_classes_to=Path("/new.jsa")))
    assert '"-XX:ArchiveClassesAtExit=/new.jsa"' in options
    assert "SharedArchiveFile" not in options


@pytest.mark.usefixtures("environment")
def test_an_archive_whose_class_path_nobody_noted_is_no_fault() -> None:
    with_archive("/spark/core.jar")
    archive_file().with_suffix(".classpath").unlink()
    assert class_path_with([Path("/s3.jar")]) == "/s3.jar"


def test_the_session_of_these_tests_maps_the_archive(spark: SparkSession) -> None:
    jvm: Any = spark._jvm
    mapped = Path(f"/proc/{jvm.java.lang.ProcessHandle.current().pid()}/maps")
    assert str(archive_file().resolve()) in mapped.read_text(encoding="utf-8")


@pytest.mark.usefixtures("environment")
def test_added_jars_come_after_those_of_the_archive() -> None:
    with_archive("/spark/core.jar:/spark/sql.jar")
    assert class_path_with([Path("/s3.jar")]) == "/spark/core.jar:/spark/sql.jar:/s3.jar"


def test_java_takes_sparks_classes_from_the_archive_beside_more_jars_too(tmp_path: Path) -> None:
    more = class_path_with([tmp_path / "more.jar"])
    assert loaded_from(more) == "shared objects file (top)"


def test_java_loads_what_it_does_not_find_archived_for_its_jars(tmp_path: Path) -> None:
    own = class_path_with([])
    assert loaded_from(f"{tmp_path}:{own}").endswith(".jar")
