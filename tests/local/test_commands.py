"""The commands `fraudlake local`, as a person types them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fraudlake.local.control import CloudState

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAUDLAKE = Path(sys.executable).with_name("fraudlake")


@dataclass(frozen=True)
class Ending:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


def typed(folder: Path, *words: str) -> Ending:
    done = subprocess.run(
        [str(FRAUDLAKE), "local", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return Ending(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a space in its name, in which a cloud is up."""
    folder = tmp_path_factory.mktemp("my cloud")
    ending = typed(folder, "up")
    assert ending.code == 0, ending.err
    assert "Differs from AWS" in ending.err
    assert "DB_HOST is localhost" in ending.err
    yield folder
    state = CloudState.read(folder / "fraudlake-local")
    if state is not None:
        typed(folder, "down")


def test_a_cloud_that_is_not_up_is_told_with_what_to_type(tmp_path: Path) -> None:
    for words in (["status"], ["down"], ["run", "--from", "2025-01-06", "--to", "2025-01-06"]):
        ending = typed(tmp_path, *words)
        assert ending.code == 2
        assert "no cloud is up in fraudlake-local; `fraudlake local up` starts one" in ending.err


def test_a_second_cloud_in_a_folder_is_refused(cloud: Path) -> None:
    ending = typed(cloud, "up")
    assert ending.code == 2
    assert "`fraudlake local down` ends it" in ending.err


def test_status_says_how_any_aws_client_reaches_it(cloud: Path) -> None:
    ending = typed(cloud, "status")
    assert ending.code == 0
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:" in ending.out
    assert "fraudlake-dev-nightly, fraudlake-dev-rerun" in ending.out


def test_the_state_of_a_cloud_is_its_owners_alone(cloud: Path) -> None:
    mode = (cloud / "fraudlake-local" / "cloud.json").stat().st_mode
    assert mode & 0o077 == 0


def test_a_night_that_is_made_to_fail_shows_alarm_and_no_run(cloud: Path) -> None:
    function = "fraudlake-dev-blacklist-extract"
    ending = typed(cloud, "run", "--date", "2025-01-06", "--fail-at", function)
    assert ending.code == 1
    assert "job fraudlake-dev-extract: FAILED" in ending.err
    assert "crawler fraudlake-dev-raw: SUCCEEDED" in ending.err
    assert "job fraudlake-dev-score: not run" in ending.err
    assert "Nothing was committed." in ending.out
    assert "Told the alarm topic: Glue job fraudlake-dev-extract: FAILED" in ending.out
    assert "Told the alarm topic: fraudlake-dev-extract-errors is ALARM" in ending.out


def test_a_node_that_is_not_there_cannot_fail(cloud: Path) -> None:
    ending = typed(cloud, "run", "--date", "2025-01-06", "--fail-at", "nightly")
    assert ending.code == 2
    assert "nothing here is called nightly; known are" in ending.err
    assert "fraudlake-dev-score" in ending.err


def test_a_day_that_was_not_delivered_is_told(cloud: Path, tmp_path: Path) -> None:
    ending = typed(cloud, "run", "--date", "2025-01-06", "--data", str(tmp_path))
    assert ending.code == 2
    assert "has no transactions by date; lay it out as transactions/ingest_date=D/" in ending.err


def test_down_leaves_nothing_running(cloud: Path) -> None:
    state = CloudState.read(cloud / "fraudlake-local")
    assert state is not None
    ending = typed(cloud, "down")
    assert ending.code == 0
    assert not state.is_alive
    assert CloudState.read(cloud / "fraudlake-local") is None
    left = [one for one in _command_lines() if str(cloud) in one]
    assert left == []


def _command_lines() -> Iterator[str]:
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield one.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
