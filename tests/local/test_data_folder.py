"""The data folder of a private MariaDB: made once, copied, made anew for another version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.mysql import data_folder
from fraudlake.local.mysql.data_folder import ServerError, make_data_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was installed, by a program that is quick, with a cache of the test's own."""
    made: list[Path] = []

    def install(folder: Path) -> None:
        made.append(folder)
        folder.mkdir()
        (folder / "ibdata1").write_text(f"{len(made)}")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(data_folder, "_install", install)
    return made


def test_a_data_folder_is_installed_once_and_then_copied(
    installed: list[Path], tmp_path: Path
) -> None:
    for name in ("one", "two"):
        make_data_folder(tmp_path / name)
        assert (tmp_path / name / "ibdata1").read_text() == "1"
    assert len(installed) == 1


def test_what_a_server_writes_does_not_reach_the_next_one(
    installed: list[Path], tmp_path: Path
) -> None:
    make_data_folder(tmp_path / "one")
    (tmp_path / "one" / "ibdata1").write_text("of this server")
    make_data_folder(tmp_path / "two")
    assert (tmp_path / "two" / "ibdata1").read_text() == "1"


def test_another_version_of_the_server_gets_a_folder_of_its_own(
    installed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_data_folder(tmp_path / "one")
    monkeypatch.setattr(data_folder, "INSTALL_OPTIONS", ("--other",))
    make_data_folder(tmp_path / "two")
    assert (tmp_path / "two" / "ibdata1").read_text() == "2"


def test_an_installation_that_fails_leaves_nothing_that_would_be_copied(
    installed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path) -> None:
        folder.mkdir()
        raise ServerError("mariadb-install-db failed")

    monkeypatch.setattr(data_folder, "_install", fail)
    with pytest.raises(ServerError):
        make_data_folder(tmp_path / "one")
    assert list((tmp_path / "cache" / "fraudlake" / "mariadb").iterdir()) == []
