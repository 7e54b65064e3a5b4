"""Runs: which is in force, what a batch builds on, and which profile can be moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fraudlake.aggregates import first_baseline_batch
from fraudlake.errors import RunError
from fraudlake.runs import (
    Manifest,
    ProfileSource,
    RunLog,
    manifest_name,
    new_run_id,
    table_folder,
)
from fraudlake.tables import Moments
from tests.frames import DAY


def run(run_id: str, days: int, **changed: Any) -> Manifest:  # noqa: ANN401 - fields of many types
    """A run of the batch `days` from DAY, committed at its noon, its profile from nothing."""
    batch = DAY + timedelta(days)
    manifest = Manifest(
        run_id=run_id,
        batch_date=batch,
        started_at=f"{batch}T11:00:00.000000+00:00",
        committed_at=f"{batch}T12:00:00.000000+00:00",
        code_version="0",
        rules_version="0",
        settings={},
        input_roots={},
        inputs=[{"table": "transactions", "name": "M\u00fcller.csv", "size": 1, "modified": "x"}],
        customers={},
        blacklist={"snapshot_date": None},
        fx_rates={},
        rows={"read": 1},
        total_amount_usd={"all": "1.00"},
        customers_duplicates=0,
        moments=Moments(2, 300, 50_000),
        latest_transaction_ts=f"{batch}T23:59:59.999999+00:00",
        profile=ProfileSource(90),
        built_on=[],
        supersedes=None,
        stale_successors=[],
        changed_inputs=[],
        outputs={"quarantine": {"rows": 0, "files": ["a"]}},
        durations={"score": 1.5},
        rows_per_second=2.5,
    )
    return replace(manifest, **changed)


def ids(runs: list[Manifest]) -> list[str]:
    return [one.run_id for one in runs]


def test_the_newest_commit_is_in_force_whenever_it_started() -> None:
    early = run("a", 0, committed_at="2025-03-11T09:00:00.000001+00:00")
    late = run("b", 0, committed_at="2025-03-11T09:00:00.000000+00:00")
    for order in ([early, late], [late, early]):
        assert RunLog(order).in_force == {DAY: early}


def test_of_one_moment_the_greater_run_id_is_in_force() -> None:
    assert RunLog([run("b", 0), run("a", 0)]).in_force[DAY].run_id == "b"


def test_a_rerun_supersedes_and_the_earlier_run_stays_readable() -> None:
    log = RunLog([run("a", 0), run("b", 1)])
    rerun = run("c", 0, committed_at="2025-03-20T00:00:00.000000+00:00")
    after = log.with_run(rerun)
    assert after.in_force == {DAY: rerun, DAY + timedelta(1): log.by_id["b"]}
    assert set(after.by_id) == {"a", "b", "c"}
    assert log.in_force[DAY].run_id == "a"


def test_before_since_and_after_leave_the_batch_itself_out() -> None:
    log = RunLog([run(f"r{days}", days) for days in (0, 2, -1, 1, -3)])
    assert ids(log.before(DAY)) == ["r-1", "r-3"]
    assert ids(log.since(DAY - timedelta(1), DAY)) == ["r-1"]
    assert ids(log.since(DAY, DAY)) == []
    assert ids(log.after(DAY)) == ["r1", "r2"]


def test_the_population_is_of_ninety_days_and_of_the_runs_in_force() -> None:
    weights = {-91: 1, -90: 10, -1: 100, 0: 1000, 1: 10_000}
    runs = [run(f"r{days}", days, moments=Moments(n, n, n)) for days, n in weights.items()]
    superseded = run("old", -1, committed_at="2020-01-01T00:00:00.000000+00:00")
    log = RunLog([*runs, superseded])
    assert log.population(first_baseline_batch(DAY, 90), DAY) == Moments(110, 110, 110)
    assert log.population(DAY, DAY) == Moments(0, 0, 0)


def test_moments_add_part_by_part() -> None:
    assert Moments(1, 2, 3) + Moments(10, 20, 30) == Moments(11, 22, 33)


def test_a_window_reaches_runs_with_a_transaction_later_than_its_start() -> None:
    start = datetime(2025, 3, 10, 12, tzinfo=UTC)
    log = RunLog(
        [
            run("at the start", -1, latest_transaction_ts="2025-03-10T12:00:00.000000+00:00"),
            run("after it", -2, latest_transaction_ts="2025-03-10T12:00:00.000001+00:00"),
            run("empty", -3, latest_transaction_ts=None),
            run("the batch itself", 0),
        ]
    )
    assert ids(log.reached_by_window(start, DAY)) == ["after it"]


def moved(run_id: str, days: int, base: str, **changed: object) -> Manifest:
    return run(run_id, days, profile=ProfileSource(90, moved_from=base), **changed)


CHAIN = [run("a", 0), moved("b", 1, "a"), moved("c", 2, "b")]


def profile_to_move(runs: list[Manifest], days: int = 3, reach: int = 90) -> str | None:
    found = RunLog(runs).profile_to_move(DAY + timedelta(days), reach)
    return found.run_id if found else None


def test_the_profile_of_the_newest_earlier_run_is_moved() -> None:
    assert profile_to_move(CHAIN) == "c"
    assert profile_to_move(CHAIN, days=30) == "c"
    assert profile_to_move(CHAIN, days=2) == "b"


def test_a_first_batch_has_no_profile_to_move() -> None:
    assert profile_to_move([]) is None
    assert profile_to_move(CHAIN, days=0) is None


def test_a_rerun_of_an_earlier_date_ends_every_profile_built_on_it() -> None:
    rerun = run("a2", 0, committed_at="2025-04-01T00:00:00.000000+00:00")
    assert profile_to_move([*CHAIN, rerun]) is None
    assert profile_to_move([*CHAIN, rerun], days=1) == "a2"


def test_a_late_first_run_of_an_earlier_date_ends_it_as_well() -> None:
    assert profile_to_move([*CHAIN, run("new", -5)]) is None


def test_a_profile_rebuilt_from_the_runs_in_force_can_be_moved_again() -> None:
    rerun = run("a2", 0, committed_at="2025-04-01T00:00:00.000000+00:00")
    rebuilt = run("d", 3, profile=ProfileSource(90, rebuilt_from=("a2", "b", "c")))
    assert profile_to_move([*CHAIN, rerun, rebuilt], days=4) == "d"
    stale = run("d", 3, profile=ProfileSource(90, rebuilt_from=("a", "b", "c")))
    assert profile_to_move([*CHAIN, rerun, stale], days=4) is None


def test_a_rerun_of_a_later_date_leaves_the_profile_alone() -> None:
    later = moved("d", 3, "c", committed_at="2025-04-01T00:00:00.000000+00:00")
    assert profile_to_move([*CHAIN, later], days=3) == "c"


def test_a_profile_of_another_reach_is_rebuilt() -> None:
    assert profile_to_move(CHAIN, reach=30) is None


def test_a_profile_whose_base_has_no_manifest_is_rebuilt() -> None:
    assert profile_to_move(CHAIN[1:]) is None


def test_a_run_id_sorts_by_its_start() -> None:
    start = datetime(2025, 3, 9, 23, 59, 59, 999_999, tzinfo=UTC)
    first = new_run_id(start, "ffff")
    second = new_run_id(start + timedelta(microseconds=1), "0000")
    assert first == "20250309T235959999999Z-ffff"
    assert first < second == "20250310T000000000000Z-0000"


def test_a_run_writes_below_its_own_id() -> None:
    assert manifest_name(DAY, "r") == "runs/batch_date=2025-03-10/r.json"
    assert table_folder("quarantine", DAY, "r") == "quarantine/batch_date=2025-03-10/run_id=r"


def test_a_manifest_is_one_line_that_reads_back_the_same() -> None:
    source = ProfileSource(90, rebuilt_from=("a", "b"))
    manifest = run("r", 0, profile=source, moments=Moments(1, 10**27, 10**37))
    text = manifest.to_json()
    assert "\n" not in text
    assert Manifest.from_json(text, "r.json") == manifest


def test_a_manifest_of_a_newer_version_can_still_be_read() -> None:
    text = run("r", 0).to_json()
    newer = f'{{"from_the_future": [1], {text[1:]}'
    assert Manifest.from_json(newer, "r.json") == run("r", 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"r"',
        "{}",
        '{"batch_date": "2025-03-10"}',
        run("r", 0).to_json()[:-2],
        run("r", 0).to_json().replace("2025-03-10", "2025-02-30"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(RunError, match=r"runs/r\.json is not a manifest of a run"):
        Manifest.from_json(text, "runs/r.json")


def test_the_ninetieth_day_before_a_batch_is_the_first_of_its_baseline() -> None:
    assert first_baseline_batch(date(2025, 3, 31), 90) == date(2024, 12, 31)
