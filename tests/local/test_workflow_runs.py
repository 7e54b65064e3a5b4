from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import RunError, SettingsError
from fraudlake.local.engine.steps import JobResult
from tests.local.glue_world import (
    SECONDS,
    Gate,
    World,
    after,
    chain,
    fail,
    job,
    starts,
    workflow,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.deployment import Deployment

EXTRACT, SCORE = "fraudlake-dev-extract", "fraudlake-dev-score"
RAW, CURATED = "fraudlake-dev-raw", "fraudlake-dev-curated"
NIGHTLY = "fraudlake-dev-nightly"


def test_the_night_of_the_real_templates_runs_from_the_schedule_to_the_last_crawl(
    dev_deployment: Deployment,
) -> None:
    world = World(dev_deployment)
    world.engine.activate(NIGHTLY)
    night = datetime(2026, 11, 30, 2, 30, tzinfo=UTC)
    run_id = world.engine.start_workflow(NIGHTLY, {}, started_on=night, by_schedule=True)
    assert world.engine.wait(run_id, SECONDS) == "COMPLETED"
    assert sorted(world.ran[:2]) == [EXTRACT, RAW]
    assert world.ran[2:] == [SCORE, CURATED]
    run = world.run(NIGHTLY, run_id)
    assert run["StartedOn"] == night.timestamp()
    assert run["Statistics"]["SucceededActions"] == run["Statistics"]["TotalActions"] == 4


def test_a_job_of_the_real_templates_is_told_its_own_arguments_and_its_workflow_run(
    dev_deployment: Deployment,
) -> None:
    world = World(dev_deployment)
    run_id = world.play("fraudlake-dev-rerun", **{"from": "2026-11-01", "to": "2026-11-02"})
    told = next(iter(world.arguments.values()))
    assert told["--WORKFLOW_NAME"] == "fraudlake-dev-rerun"
    assert told["--WORKFLOW_RUN_ID"] == run_id
    assert told["--stage"] == "dev"
    assert world.run("fraudlake-dev-rerun", run_id)["WorkflowRunProperties"] == {
        "from": "2026-11-01",
        "to": "2026-11-02",
    }


def test_a_night_whose_schedule_is_off_never_starts(dev_deployment: Deployment) -> None:
    world = World(dev_deployment)
    with pytest.raises(SettingsError, match="is not activated, so it never fires"):
        world.engine.start_workflow(NIGHTLY, {}, by_schedule=True)
    assert world.ran == []


def test_a_failed_extract_of_the_real_templates_leaves_the_night_unscored(
    dev_deployment: Deployment,
) -> None:
    world = World(dev_deployment, fail_at=frozenset({EXTRACT}))
    world.engine.activate(NIGHTLY)
    run_id = world.engine.start_workflow(NIGHTLY, {}, by_schedule=True)
    assert world.engine.wait(run_id, SECONDS) == "COMPLETED"
    assert world.ran == [RAW]
    assert world.states()[SCORE] == world.states()[CURATED] == "NEVER"
    assert world.run(NIGHTLY, run_id)["Statistics"]["FailedActions"] == 1
    assert world.node(EXTRACT).message.endswith(f"asked for with --fail-at {EXTRACT}")


def test_a_trigger_does_not_fire_after_a_crawler_that_a_function_started(tmp_path: Path) -> None:
    """The naive wiring: job a has a function start the crawler, a trigger waits for the crawl."""
    naive = after("flow", {"crawl": "SUCCEEDED"}, "b")
    world = chain(tmp_path, starts("flow", "a"), naive)
    world.jobs["a"] = lambda _: world.call("StartCrawler", Name="crawl") and None
    run_id = world.play("flow")
    assert world.ran[0] == "a"
    assert "b" not in world.ran
    assert world.run("flow", run_id)["Status"] == "COMPLETED"
    assert world.states()["flow-b"] == world.states()["b"] == "NEVER"


def test_the_same_trigger_fires_after_the_crawler_that_a_trigger_started(tmp_path: Path) -> None:
    world = chain(tmp_path, starts("flow", "crawl"), after("flow", {"crawl": "SUCCEEDED"}, "b"))
    world.play("flow")
    assert world.ran == ["crawl", "b"]


def test_a_trigger_does_not_fire_after_a_job_that_a_call_started(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, starts("flow", "a"), after("flow", {"b": "SUCCEEDED"}, "c"))
    world.jobs["a"] = gate.job
    run_id = world.engine.start_workflow("flow", {})
    assert gate.begun.wait(SECONDS)
    world.call("StartJobRun", JobName="b")
    gate.open.set()
    world.engine.wait(run_id, SECONDS)
    world.engine.wait_idle(SECONDS)
    assert world.ran == ["a", "b"]


def test_a_trigger_does_not_fire_after_what_another_workflow_ran(tmp_path: Path) -> None:
    gate = Gate()
    other = [workflow("other"), starts("other", "b")]
    world = chain(tmp_path, starts("flow", "a"), after("flow", {"b": "SUCCEEDED"}, "c"), *other)
    world.jobs["a"] = gate.job
    run_id = world.engine.start_workflow("flow", {})
    world.play("other")
    gate.open.set()
    world.engine.wait(run_id, SECONDS)
    assert sorted(world.ran) == ["a", "b"]


def test_a_trigger_of_all_waits_for_the_last(tmp_path: Path) -> None:
    gate = Gate()
    both = {"a": "SUCCEEDED", "crawl": "SUCCEEDED"}
    world = chain(tmp_path, starts("flow", "a", "crawl"), after("flow", both, "b"))
    world.crawls["crawl"] = gate.crawl
    run_id = world.engine.start_workflow("flow", {})
    assert gate.begun.wait(SECONDS)
    assert world.states()["b"] == "PENDING"
    gate.open.set()
    world.engine.wait(run_id, SECONDS)
    assert world.ran[-1] == "b"


def test_a_trigger_of_all_does_not_fire_when_one_failed(tmp_path: Path) -> None:
    both = {"a": "SUCCEEDED", "crawl": "SUCCEEDED"}
    world = chain(tmp_path, starts("flow", "a", "crawl"), after("flow", both, "b"))
    world.jobs["a"] = fail
    world.play("flow")
    assert world.states()["b"] == "NEVER"


def test_a_trigger_of_any_fires_after_the_first_and_only_once(tmp_path: Path) -> None:
    gate = Gate()
    predicate = after("flow", {"a": "SUCCEEDED", "b": "SUCCEEDED"}, "c")
    predicate["flow-c"]["Properties"]["Predicate"]["Logical"] = "ANY"
    world = chain(tmp_path, starts("flow", "a", "b"), predicate)
    world.jobs["b"] = gate.job
    world.jobs["c"] = lambda _: gate.open.set()
    world.play("flow")
    assert world.ran.count("c") == 1


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED", "SUCCEEDED"])
def test_a_trigger_fires_after_the_state_of_a_job_that_it_names_and_no_other(
    tmp_path: Path, state: str
) -> None:
    states = ["FAILED", "TIMEOUT", "STOPPED", "SUCCEEDED"]
    there = [job(f"after-{one}") for one in states]
    triggers = [after("flow", {"a": one}, f"after-{one}") for one in states]
    world = chain(tmp_path, starts("flow", "a"), *there, *triggers)
    world.jobs["a"] = lambda _: JobResult(state, "why")
    world.play("flow")
    assert world.ran == ["a", f"after-{state}"]


def test_a_trigger_fires_after_a_failed_crawl_that_it_names(tmp_path: Path) -> None:
    world = chain(
        tmp_path,
        starts("flow", "crawl"),
        after("flow", {"crawl": "FAILED"}, "b"),
        after("flow", {"crawl": "SUCCEEDED"}, "c"),
    )

    def broken() -> None:
        raise RunError("the table customers is not there")

    world.crawls["crawl"] = broken
    run_id = world.play("flow")
    assert world.ran == ["crawl", "b"]
    assert world.node("crawl").message == "the table customers is not there"
    assert world.run("flow", run_id)["Statistics"]["FailedActions"] == 1


def test_a_trigger_fires_after_a_cancelled_crawl_that_it_names(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, starts("flow", "crawl"), after("flow", {"crawl": "CANCELLED"}, "b"))
    world.crawls["crawl"] = gate.crawl
    run_id = world.engine.start_workflow("flow", {})
    assert gate.begun.wait(SECONDS)
    world.call("StopCrawler", Name="crawl")
    gate.open.set()
    world.engine.wait(run_id, SECONDS)
    assert world.ran == ["crawl", "b"]


def test_a_trigger_that_is_not_activated_never_fires(tmp_path: Path) -> None:
    sleeping = after("flow", {"a": "SUCCEEDED"}, "b", StartOnCreation=False)
    world = chain(tmp_path, starts("flow", "a"), sleeping)
    world.play("flow")
    assert world.ran == ["a"]
    assert world.states()["flow-b"] == "INACTIVE"
    world.call("StartTrigger", Name="flow-b")
    world.play("flow")
    assert world.ran == ["a", "a", "b"]


def test_a_condition_without_its_operator_is_never_met(tmp_path: Path) -> None:
    trigger = after("flow", {"a": "SUCCEEDED"}, "b")
    del trigger["flow-b"]["Properties"]["Predicate"]["Conditions"][0]["LogicalOperator"]
    world = chain(tmp_path, starts("flow", "a"), trigger)
    world.play("flow")
    assert world.ran == ["a"]


def test_steps_of_a_trigger_run_side_by_side(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, starts("flow", "a", "crawl"))
    world.jobs["a"] = gate.job
    world.crawls["crawl"] = gate.open.set
    world.play("flow")
    assert set(world.states().values()) == {"COMPLETED", "FIRED", "SUCCEEDED"}


def test_a_step_that_is_not_there_is_an_error_of_the_run_of_which_nobody_is_told(
    tmp_path: Path,
) -> None:
    world = chain(tmp_path, starts("flow", "deleted", "crawl-deleted"))
    run_id = world.play("flow")
    assert world.run("flow", run_id)["Statistics"]["ErroredActions"] == 2
    assert world.told == []
