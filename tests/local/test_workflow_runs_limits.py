from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import RunError, SettingsError
from fraudlake.local.calls import CallError
from tests.local.glue_world import (
    SECONDS,
    Gate,
    after,
    chain,
    starts,
    until_cancelled,
    workflow,
)

if TYPE_CHECKING:
    from pathlib import Path


EXTRACT, SCORE = "fraudlake-dev-extract", "fraudlake-dev-score"
RAW, CURATED = "fraudlake-dev-raw", "fraudlake-dev-curated"
NIGHTLY = "fraudlake-dev-nightly"


def test_a_call_over_the_limit_of_a_workflow_is_refused(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, workflow("flow", MaxConcurrentRuns=1), starts("flow", "a"))
    world.jobs["a"] = gate.job
    run_id = world.engine.start_workflow("flow", {})
    with pytest.raises(CallError) as refused:
        world.engine.start_workflow("flow", {})
    assert refused.value.code == "ConcurrentRunsExceededException"
    gate.open.set()
    world.engine.wait(run_id, SECONDS)
    world.play("flow")


def test_a_schedule_over_the_limit_of_a_workflow_leaves_a_run_in_error(tmp_path: Path) -> None:
    gate = Gate()
    scheduled = starts("flow", "a", kind="SCHEDULED", Schedule="cron(0 1 * * ? *)")
    scheduled["flow-start"]["Properties"]["StartOnCreation"] = True
    world = chain(tmp_path, workflow("flow", MaxConcurrentRuns=1), scheduled)
    world.jobs["a"] = gate.job
    first = world.engine.start_workflow("flow", {}, by_schedule=True)
    second = world.engine.start_workflow("flow", {}, by_schedule=True)
    run = world.run("flow", second)
    assert run["Status"] == "ERROR"
    assert run["ErrorMessage"] == "Concurrent runs exceeded for workflow: flow."
    gate.open.set()
    world.engine.wait(first, SECONDS)
    assert world.ran == ["a"]
    assert [change.name for change in world.told] == ["a"]


def test_a_schedule_starts_a_run_with_the_properties_of_the_template_only(tmp_path: Path) -> None:
    scheduled = starts("flow", "a", kind="SCHEDULED", Schedule="cron(0 1 * * ? *)")
    scheduled["flow-start"]["Properties"]["StartOnCreation"] = True
    world = chain(tmp_path, workflow("flow", DefaultRunProperties={"x": "1"}), scheduled)
    run_id = world.engine.start_workflow("flow", {}, by_schedule=True)
    world.engine.wait(run_id, SECONDS)
    assert world.run("flow", run_id)["WorkflowRunProperties"] == {"x": "1"}
    with pytest.raises(RunError, match="leave out batch_date"):
        world.engine.start_workflow("flow", {"batch_date": "2026-11-23"}, by_schedule=True)


def test_a_workflow_with_a_schedule_is_not_started_by_a_call(tmp_path: Path) -> None:
    scheduled = starts("flow", "a", kind="SCHEDULED", Schedule="cron(0 1 * * ? *)")
    world = chain(tmp_path, scheduled)
    with pytest.raises(CallError, match="not documented"):
        world.engine.start_workflow("flow", {})
    assert world.ran == []


def test_a_workflow_without_a_schedule_is_not_started_by_one(tmp_path: Path) -> None:
    world = chain(tmp_path, starts("flow", "a"))
    with pytest.raises(SettingsError, match="has no schedule"):
        world.engine.start_workflow("flow", {}, by_schedule=True)


def test_a_workflow_without_a_first_trigger_cannot_be_started(tmp_path: Path) -> None:
    world = chain(tmp_path)
    with pytest.raises(SettingsError, match="by exactly one trigger; flow has none"):
        world.engine.start_workflow("flow", {})


def test_a_workflow_with_two_first_triggers_cannot_be_started(tmp_path: Path) -> None:
    second = starts("flow", "b")["flow-start"]
    second["Properties"]["Name"] = "flow-second"
    world = chain(tmp_path, starts("flow", "a"), {"flow-second": second})
    with pytest.raises(SettingsError, match="flow has flow-start, flow-second"):
        world.engine.start_workflow("flow", {})


def test_a_stopped_run_stops_its_steps_and_fires_nothing_more(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, starts("flow", "a", "crawl"), after("flow", {"a": "STOPPED"}, "b"))
    world.jobs["a"], world.crawls["crawl"] = until_cancelled, gate.crawl
    run_id = world.engine.start_workflow("flow", {})
    assert gate.begun.wait(SECONDS)
    world.call("StopWorkflowRun", Name="flow", RunId=run_id)
    assert world.run("flow", run_id)["Status"] == "STOPPING"
    gate.open.set()
    assert world.engine.wait(run_id, SECONDS) == "STOPPED"
    assert world.states()["a"] == "STOPPED"
    assert world.states()["crawl"] == "CANCELLED"
    assert "b" not in world.ran
    with pytest.raises(CallError) as refused:
        world.call("StopWorkflowRun", Name="flow", RunId=run_id)
    assert refused.value.code == "IllegalWorkflowStateException"


def test_what_goes_wrong_in_telling_is_raised_by_who_waits(tmp_path: Path) -> None:
    def broken(_: object) -> None:
        raise RunError("the topic is gone")

    world = chain(tmp_path, starts("flow", "a"), on_change=broken)
    run_id = world.engine.start_workflow("flow", {})
    with pytest.raises(RunError, match="the topic is gone"):
        world.engine.wait(run_id, SECONDS)
    assert world.engine.wait(run_id, SECONDS) == "COMPLETED"


def test_waiting_has_an_end(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, starts("flow", "a"))
    world.jobs["a"] = gate.job
    run_id = world.engine.start_workflow("flow", {})
    with pytest.raises(TimeoutError, match="was not over after"):
        world.engine.wait(run_id, 0.001)
    gate.open.set()
    world.engine.wait(run_id, SECONDS)


def test_closing_stops_all_that_is_at_work(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, starts("flow", "a", "b"), after("flow", {"a": "STOPPED"}, "c"))
    world.jobs = {"a": until_cancelled, "b": until_cancelled}
    world.crawls["crawl"] = gate.crawl
    run_id = world.engine.start_workflow("flow", {})
    world.call("StartCrawler", Name="crawl")
    gate.open.set()
    world.engine.close(SECONDS)
    assert world.run("flow", run_id)["Status"] == "STOPPED"
    assert "c" not in world.ran
