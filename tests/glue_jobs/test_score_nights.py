"""The scoring job from its arguments to its end, with what it reads and scores played."""

from __future__ import annotations

import sys
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest

from fraudlake.errors import InputError
from fraudlake.files import TableFiles
from glue_jobs import score_transactions as job

if TYPE_CHECKING:
    from types import ModuleType

ARGUMENTS = {
    **dict.fromkeys(("raw_bucket", "raw_database", "curated_bucket", "stage"), "x"),
    "blacklist_max_age_days": "2",
    "rates_max_age_days": "7",
    "catch_up_batches": "31",
    "WORKFLOW_NAME": "fraudlake-dev-nightly",
    "WORKFLOW_RUN_ID": "wr_1",
}


class Played:
    """The job with days 8, 10, 11 and 12 of January delivered; `scored` are the days it scored.

    The blacklists of the 9th to the 11th never came.
    """

    def __init__(self) -> None:
        self.scored: list[int] = []
        self.properties: dict[str, str] = {}

    def run(self, **properties: str) -> None:
        self.properties = {name.rstrip("_"): value for name, value in properties.items()}
        job.main([])

    def client(self, _service: str) -> SimpleNamespace:
        run = {"RunProperties": self.properties}
        return SimpleNamespace(get_workflow_run_properties=lambda **_: run)

    def score(self, _job: Any, _order: Any, inputs: job.DueInputs, *_: Any) -> list[Any]:  # noqa: ANN401
        self.scored += [day.day for day in inputs.dates]
        return [SimpleNamespace(to_json=lambda: "the manifest")]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    it, nothing = Played(), SimpleNamespace(run_log=lambda: SimpleNamespace(in_force={}))
    for name, known in (
        ("awsglue.context", {"GlueContext": None}),
        ("awsglue.utils", {"getResolvedOptions": lambda *_: ARGUMENTS}),
    ):
        monkeypatch.setitem(sys.modules, name, cast("ModuleType", SimpleNamespace(**known)))
    monkeypatch.setattr(boto3, "client", it.client)
    monkeypatch.setattr(job.ScoreJob, "lake", nothing)
    monkeypatch.setattr(job, "shipped_rules", lambda: None)
    monkeypatch.setattr(job, "find_tables", lambda _: tables())
    monkeypatch.setattr(job.DueInputs, "check", lambda *_: None)
    monkeypatch.setattr(job, "_score", it.score)
    return it


def tables() -> dict[str, TableFiles]:
    return {
        "transactions": by_day(8, 10, 11, 12),
        "blacklist": by_day(6, 7, 8, 12),
    }


def by_day(*numbers: int) -> TableFiles:
    return TableFiles("s3://raw", {date(2025, 1, number): [] for number in numbers})


def test_a_night_scores_what_it_may_before_it_fails_with_the_way_on(played: Played) -> None:
    with pytest.raises(InputError, match="from=2025-01-11,to=2025-01-12,allow_stale_inputs=true"):
        played.run(batch_date="2025-01-12")
    assert played.scored == [8, 10]


def test_a_night_that_is_allowed_old_lists_ends_well(played: Played) -> None:
    played.run(batch_date="2025-01-12", allow_stale_inputs="true")
    assert played.scored == [8, 10, 11, 12]


def test_the_way_on_scores_what_was_held_up(played: Played) -> None:
    played.run(from_="2025-01-11", to="2025-01-12", allow_stale_inputs="true")
    assert played.scored == [11, 12]
