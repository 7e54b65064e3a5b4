"""The demo as a person starts it: interrupted, started again in the same folder, off line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from fraudlake.lake import Lake
from fraudlake.local.jobs.jars import fetch_jars
from fraudlake.places import place_named
from tests.local.watched_demo import SIZE, interrupted, played

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.watched_demo import Ending

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes and ports in /proc"),
]
POINTS = {
    "while the CDK synthesizes": ("synthesizing the CDK app", 1.0),
    "while the job scores": ("job fraudlake-dev-score: RUNNING", 3.0),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fetch_jars()  # once; all after it happens off line
    return tmp_path_factory.mktemp("the demo") / "out"


@pytest.fixture(scope="module")
def interruptions(folder: Path) -> dict[str, Ending]:
    """Demos in one folder, one after the other, each interrupted at its point."""
    return {name: interrupted(folder, *point) for name, point in POINTS.items()}


@pytest.fixture(scope="module")
def finished(folder: Path, interruptions: dict[str, Ending]) -> Ending:
    """A demo in the folder that the interrupted ones have left."""
    return played(folder)


@pytest.mark.parametrize("point", POINTS)
def test_an_interrupted_demo_leaves_nothing_running(
    interruptions: dict[str, Ending], point: str
) -> None:
    ending = interruptions[point]
    assert ending.left == []
    assert ending.open == []


@pytest.mark.parametrize("point", POINTS)
def test_an_interrupted_demo_says_so_in_one_sentence(
    interruptions: dict[str, Ending], point: str
) -> None:
    ending = interruptions[point]
    assert ending.code == 130
    assert "Traceback" not in ending.err
    last = ending.err.splitlines()[-1]
    assert last == "fraudlake: interrupted; the runs that committed stay, nothing else happened"


def test_the_servers_were_there_when_the_job_was_interrupted(
    interruptions: dict[str, Ending],
) -> None:
    """Else nothing was shown by their being gone."""
    assert len(interruptions["while the job scores"].had) >= 3


def test_a_demo_ends_well_off_line_where_others_were_interrupted(finished: Ending) -> None:
    assert finished.code == 0, finished.err
    assert finished.left == []
    assert "fetching" not in finished.err


def test_a_demo_shows_the_night_the_run_and_the_riskiest_with_their_reasons(
    finished: Ending,
) -> None:
    assert "job fraudlake-dev-score: SUCCEEDED" in finished.err
    assert "crawler fraudlake-dev-curated: SUCCEEDED" in finished.err
    assert "The riskiest of 2025-01-06" in finished.out
    assert "USD is over the limit of 5,000.00 USD" in finished.out
    assert f"{int(SIZE[1]):,}" in finished.out


def test_a_demo_says_where_to_look_next_and_these_places_are_there(
    finished: Ending, folder: Path
) -> None:
    assert "Differs from AWS:" in finished.err
    assert "Next: fraudlake local up, fraudlake local run --help, docs/local.md" in finished.out
    for place in ("cloud/calls.jsonl", "cloud/jobs", "cloud/functions"):
        assert f"{folder}/{place}" in finished.out
        assert (folder / place).exists()
    assert list(folder.glob("input-*/truth/planted.csv"))


@pytest.mark.usefixtures("finished")
def test_a_demo_keeps_the_curated_bucket_as_a_lake_of_files(folder: Path) -> None:
    in_force = Lake(place_named(str(folder / "lake"))).run_log().in_force
    assert [f"{day}" for day in in_force] == ["2025-01-06"]
