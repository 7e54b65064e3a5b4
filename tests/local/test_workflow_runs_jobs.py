from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.calls import CallError
from fraudlake.local.engine.steps import JobResult
from tests.local.glue_world import (
    SECONDS,
    Gate,
    after,
    chain,
    fail,
    job,
    starts,
    until_cancelled,
    workflow,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_failed_job_is_run_again_as_often_as_the_template_says(tmp_path: Path) -> None:
    world = chain(tmp_path, job("a", MaxRetries=2), starts("flow", "a"))
    world.jobs["a"] = fail
    run_id = world.play("flow")
    runs = world.call("GetJobRuns", JobName="a")["JobRuns"]
    first = runs[-1]["Id"]
    assert [one["Id"] for one in runs] == [f"{first}_attempt_2", f"{first}_attempt_1", first]
    assert [one["Attempt"] for one in runs] == [2, 1, 0]
    assert runs[0]["PreviousRunId"] == runs[1]["Id"]
    assert world.run("flow", run_id)["Statistics"]["FailedActions"] == 1


def test_triggers_see_what_the_last_attempt_ended_as(tmp_path: Path) -> None:
    world = chain(
        tmp_path,
        job("a", MaxRetries=1),
        starts("flow", "a"),
        after("flow", {"a": "SUCCEEDED"}, "b"),
        after("flow", {"a": "FAILED"}, "c"),
    )
    world.jobs["a"] = lambda _: JobResult("FAILED") if len(world.ran) == 1 else None
    world.play("flow")
    assert world.ran == ["a", "a", "b"]


def test_each_failed_attempt_is_told(tmp_path: Path) -> None:
    world = chain(tmp_path, job("a", MaxRetries=1), starts("flow", "a"))
    world.jobs["a"] = fail
    world.play("flow")
    assert [(one.state, one.message) for one in world.told] == [("FAILED", "ValueError: no")] * 2


def test_a_job_that_takes_too_long_is_cancelled_and_not_run_again(tmp_path: Path) -> None:
    slow = job("a", Timeout=2, MaxRetries=3)
    world = chain(tmp_path, slow, starts("flow", "a"), minute=0.001)
    world.jobs["a"] = until_cancelled
    run_id = world.play("flow")
    assert world.ran == ["a"]
    assert world.states()["a"] == "TIMEOUT"
    assert world.run("flow", run_id)["Statistics"]["TimeoutActions"] == 1


def test_a_job_that_its_process_timed_out_is_not_run_again(tmp_path: Path) -> None:
    world = chain(tmp_path, job("a", MaxRetries=3), starts("flow", "a"))
    world.jobs["a"] = lambda _: JobResult("TIMEOUT")
    world.play("flow")
    assert world.ran == ["a"]


def test_the_time_limit_of_an_action_goes_before_that_of_the_job(tmp_path: Path) -> None:
    trigger = starts("flow", "a")
    trigger["flow-start"]["Properties"]["Actions"][0]["Timeout"] = 1
    world = chain(tmp_path, job("a", Timeout=100_000), trigger, minute=0.001)
    world.jobs["a"] = until_cancelled
    world.play("flow")
    assert world.states()["a"] == "TIMEOUT"
    assert world.call("GetJobRuns", JobName="a")["JobRuns"][0]["Timeout"] == 1


def test_a_job_that_succeeds_as_its_time_is_over_has_succeeded(tmp_path: Path) -> None:
    world = chain(tmp_path, job("a", Timeout=1), starts("flow", "a"), minute=0.001)
    world.jobs["a"] = lambda cancel: None if cancel.wait(SECONDS) else JobResult("FAILED")
    world.play("flow")
    assert world.states()["a"] == "SUCCEEDED"


def test_an_error_of_what_runs_jobs_is_a_failed_job(tmp_path: Path) -> None:
    world = chain(tmp_path, starts("flow", "a"))

    def broken(_: object) -> JobResult | None:
        raise OSError("no space left")

    world.jobs["a"] = broken
    world.play("flow")
    assert world.node("a").message == "OSError: no space left"


def test_a_job_over_its_limit_fails_when_a_trigger_starts_it(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, starts("flow", "a"), after("flow", {"a": "FAILED"}, "b"))
    world.jobs["a"] = gate.job
    world.call("StartJobRun", JobName="a")
    assert gate.begun.wait(SECONDS)
    world.play("flow")
    assert world.ran == ["a", "b"]
    node = world.node("a")
    assert (node.state, node.under) == ("FAILED", "flow-start")
    assert "exceeded its maximum allowed concurrent runs" in node.message
    assert [(one.name, one.state) for one in world.told] == [("a", "FAILED"), ("b", "SUCCEEDED")]
    gate.open.set()
    world.engine.wait_idle(SECONDS)


def test_a_job_over_its_limit_is_refused_to_a_call(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path)
    world.jobs["a"] = gate.job
    world.call("StartJobRun", JobName="a")
    with pytest.raises(CallError) as refused:
        world.call("StartJobRun", JobName="a")
    assert refused.value.code == "ConcurrentRunsExceededException"
    gate.open.set()
    world.engine.wait_idle(SECONDS)
    assert len(world.call("GetJobRuns", JobName="a")["JobRuns"]) == 1


def test_a_job_that_queues_waits_for_its_turn(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, job("a", JobRunQueuingEnabled=True), starts("flow", "a"))
    world.jobs["a"] = gate.job
    world.call("StartJobRun", JobName="a")
    assert gate.begun.wait(SECONDS)
    run_id = world.engine.start_workflow("flow", {})
    assert world.run("flow", run_id)["Statistics"]["WaitingActions"] == 1
    assert world.ran == ["a"]
    gate.open.set()
    world.engine.wait(run_id, SECONDS)
    assert world.ran == ["a", "a"]


def test_a_job_that_waits_for_its_turn_can_be_stopped(tmp_path: Path) -> None:
    gate = Gate()
    queued = job("a", JobRunQueuingEnabled=True)
    world = chain(tmp_path, queued, starts("flow", "a"), after("flow", {"a": "STOPPED"}, "b"))
    world.jobs["a"] = gate.job
    world.call("StartJobRun", JobName="a")
    assert gate.begun.wait(SECONDS)
    run_id = world.engine.start_workflow("flow", {})
    waiting = world.call("GetJobRuns", JobName="a")["JobRuns"][0]["Id"]
    world.call("BatchStopJobRun", JobName="a", JobRunIds=[waiting])
    world.engine.wait(run_id, SECONDS)
    assert world.ran == ["a", "b"]
    gate.open.set()
    world.engine.wait_idle(SECONDS)


def test_more_runs_of_a_job_are_at_work_where_the_template_lets_them(tmp_path: Path) -> None:
    first, second = Gate(), Gate()
    world = chain(tmp_path, job("a", ExecutionProperty={"MaxConcurrentRuns": 2}))
    gates = [second, first]
    world.jobs["a"] = lambda cancel: gates.pop().job(cancel)
    world.call("StartJobRun", JobName="a")
    assert first.begun.wait(SECONDS)
    world.call("StartJobRun", JobName="a")
    assert second.begun.wait(SECONDS)
    first.open.set()
    second.open.set()
    world.engine.wait_idle(SECONDS)


def test_arguments_go_from_the_job_over_the_action_to_the_workflow(tmp_path: Path) -> None:
    own = job(
        "a",
        DefaultArguments={"--x": "job", "--y": "job", "--z": "job"},
        NonOverridableArguments={"--z": "fixed"},
    )
    trigger = starts("flow", "a")
    action = trigger["flow-start"]["Properties"]["Actions"][0]
    action["Arguments"] = {"--y": "action", "--z": "action"}
    world = chain(tmp_path, own, trigger)
    run_id = world.play("flow")
    assert next(iter(world.arguments.values())) == {
        "--x": "job",
        "--y": "action",
        "--z": "fixed",
        "--WORKFLOW_NAME": "flow",
        "--WORKFLOW_RUN_ID": run_id,
    }


def test_a_job_that_a_call_starts_is_told_of_no_workflow(tmp_path: Path) -> None:
    world = chain(tmp_path, job("a", DefaultArguments={"--x": "job"}))
    run_id = world.call("StartJobRun", JobName="a", Arguments={"--x": "call"})["JobRunId"]
    world.engine.wait_idle(SECONDS)
    assert world.arguments[run_id] == {"--x": "call"}


@pytest.mark.parametrize(
    ("properties", "minutes"),
    [
        ({"Timeout": 7}, 7),
        ({}, 480),
        ({"GlueVersion": "4.0"}, 2880),
        ({"Command": {"Name": "pythonshell"}, "GlueVersion": "3.0"}, 2880),
    ],
)
def test_a_job_has_the_time_limit_of_its_template_or_of_its_version(
    tmp_path: Path, properties: dict[str, object], minutes: int
) -> None:
    world = chain(tmp_path, job("a", **properties))
    world.call("StartJobRun", JobName="a")
    assert world.call("GetJobRuns", JobName="a")["JobRuns"][0]["Timeout"] == minutes
    world.engine.wait_idle(SECONDS)


def test_a_step_that_is_to_fail_does_not_run(tmp_path: Path) -> None:
    world = chain(tmp_path, starts("flow", "a", "crawl"), fail_at=frozenset({"a", "crawl"}))
    run_id = world.play("flow")
    assert world.ran == []
    assert world.run("flow", run_id)["Statistics"]["FailedActions"] == 2
    messages = {one.message for one in world.told if one.state == "FAILED"}
    assert messages == {
        "a was made to fail, as was asked for with --fail-at a",
        "crawl was made to fail, as was asked for with --fail-at crawl",
    }


def test_the_failure_is_told_before_the_run_is_over(tmp_path: Path) -> None:
    world = chain(tmp_path, workflow("flow"), starts("flow", "a"))
    world.jobs["a"] = fail
    for _ in range(20):
        world.play("flow")
        assert world.told.pop().state == "FAILED"
