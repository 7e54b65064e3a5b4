"""Answers to calls have the shapes of Glue's API, and refusals its codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local.calls import CallError
from tests.local.glue_shapes import parsed
from tests.local.glue_world import (
    SECONDS,
    START,
    World,
    after,
    chain,
    fail,
    starts,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.deployment import Deployment

NIGHTLY = "fraudlake-dev-nightly"


def test_a_run_of_the_night_is_answered_as_by_glue(dev_deployment: Deployment) -> None:
    world = World(dev_deployment)
    world.jobs["fraudlake-dev-score"] = fail
    world.engine.activate(NIGHTLY)
    run_id = world.engine.start_workflow(NIGHTLY, {}, started_on=START, by_schedule=True)
    world.engine.wait(run_id, SECONDS)
    asked = {"Name": NIGHTLY, "RunId": run_id, "IncludeGraph": True}
    run = parsed("GetWorkflowRun", world.call("GetWorkflowRun", **asked))["Run"]
    assert run["StartedOn"] == START
    nodes = {node["Name"]: node for node in run["Graph"]["Nodes"]}
    failed = nodes["fraudlake-dev-score"]["JobDetails"]["JobRuns"][0]
    assert failed["ErrorMessage"] == "ValueError: no"
    assert failed["TriggerName"] == "fraudlake-dev-nightly-score"
    assert failed["LogGroupName"] == (
        "/aws-glue/jobs/fraudlake-dev-role/fraudlake-dev-score-us-east-1"
    )
    assert nodes["fraudlake-dev-curated"]["CrawlerDetails"]["Crawls"] == []
    names = {node["UniqueId"]: node["Name"] for node in run["Graph"]["Nodes"]}
    edges = {(names[one["SourceId"]], names[one["DestinationId"]]) for one in run["Graph"]["Edges"]}
    assert ("fraudlake-dev-raw", "fraudlake-dev-nightly-score") in edges
    assert ("fraudlake-dev-nightly-start", "fraudlake-dev-extract") in edges
    assert len(edges) == 7


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("GetWorkflow", {"Name": "flow", "IncludeGraph": True}),
        ("GetWorkflowRuns", {"Name": "flow", "IncludeGraph": True}),
        ("GetTrigger", {"Name": "flow-b"}),
        ("GetJobRuns", {"JobName": "a"}),
        ("GetCrawler", {"Name": "crawl"}),
        ("StartTrigger", {"Name": "flow-b"}),
        ("StopTrigger", {"Name": "flow-b"}),
        ("StartWorkflowRun", {"Name": "flow"}),
        ("StartJobRun", {"JobName": "c"}),
        ("StartCrawler", {"Name": "crawl2"}),
        ("BatchStopJobRun", {"JobName": "a", "JobRunIds": ["jr_none"]}),
    ],
)
def test_an_answer_has_the_shape_of_the_api(
    tmp_path: Path, operation: str, asked: dict[str, Any]
) -> None:
    world = chain(tmp_path, starts("flow", "a", "crawl"), after("flow", {"a": "SUCCEEDED"}, "b"))
    world.play("flow")
    assert parsed(operation, world.call(operation, **asked)) is not None
    world.engine.wait_idle(SECONDS)


def test_run_properties_are_merged_and_given_to_all(tmp_path: Path) -> None:
    world = chain(tmp_path, starts("flow", "a"))
    run_id = world.play("flow", x="1")
    asked = {"Name": "flow", "RunId": run_id}
    world.call("PutWorkflowRunProperties", **asked, RunProperties={"y": "2"})
    assert world.call("GetWorkflowRunProperties", **asked) == {
        "RunProperties": {"x": "1", "y": "2"}
    }


def test_runs_are_listed_from_the_newest_page_by_page(tmp_path: Path) -> None:
    world = chain(tmp_path, starts("flow", "a"))
    ids = [world.play("flow") for _ in range(3)]
    page = world.call("GetWorkflowRuns", Name="flow", MaxResults=2)
    rest = world.call("GetWorkflowRuns", Name="flow", NextToken=page["NextToken"])
    listed = [one["WorkflowRunId"] for one in (*page["Runs"], *rest["Runs"])]
    assert listed == ids[::-1]
    assert "NextToken" not in rest
    assert page["Runs"][0]["PreviousRunId"] == ids[1]


def test_a_trigger_on_demand_starts_its_workflow_when_it_is_started(tmp_path: Path) -> None:
    world = chain(tmp_path, starts("flow", "a"))
    world.call("StartTrigger", Name="flow-start")
    run = world.call("GetWorkflowRuns", Name="flow")["Runs"][0]
    assert world.engine.wait(run["WorkflowRunId"], SECONDS) == "COMPLETED"
    assert world.call("GetTrigger", Name="flow-start")["Trigger"]["State"] == "CREATED"


def test_a_trigger_with_a_schedule_is_activated_when_it_is_started(
    dev_deployment: Deployment,
) -> None:
    world = World(dev_deployment)
    name = f"{NIGHTLY}-start"
    assert world.call("GetTrigger", Name=name)["Trigger"]["State"] == "CREATED"
    world.call("StartTrigger", Name=name)
    trigger = parsed("GetTrigger", world.call("GetTrigger", Name=name))["Trigger"]
    assert (trigger["State"], trigger["Schedule"]) == ("ACTIVATED", "cron(30 2 * * ? *)")
    assert world.ran == []


@pytest.mark.parametrize("operation", ["StartTrigger", "StopTrigger"])
def test_a_trigger_of_events_is_neither_started_nor_stopped(tmp_path: Path, operation: str) -> None:
    world = chain(tmp_path, starts("flow", "a", kind="EVENT"))
    with pytest.raises(CallError, match="Trigger Type EVENT cannot be") as refused:
        world.call(operation, Name="flow-start")
    assert refused.value.code == "InvalidInputException"


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("StartWorkflowRun", {"Name": "none"}),
        ("GetWorkflowRun", {"Name": "flow", "RunId": "wr_none"}),
        ("GetWorkflowRunProperties", {"Name": "none", "RunId": "wr_none"}),
        ("StartTrigger", {"Name": "none"}),
        ("StartJobRun", {"JobName": "none"}),
        ("GetJobRun", {"JobName": "a", "RunId": "jr_none"}),
        ("StartCrawler", {"Name": "none"}),
        ("GetCrawler", {"Name": "none"}),
        ("StopCrawler", {"Name": "none"}),
    ],
)
def test_what_is_not_there_is_not_found(
    tmp_path: Path, operation: str, asked: dict[str, Any]
) -> None:
    with pytest.raises(CallError) as refused:
        chain(tmp_path, starts("flow", "a")).call(operation, **asked)
    assert refused.value.code == "EntityNotFoundException"


def test_a_job_that_has_ended_cannot_be_stopped(tmp_path: Path) -> None:
    world = chain(tmp_path)
    run_id = world.call("StartJobRun", JobName="a")["JobRunId"]
    world.engine.wait_idle(SECONDS)
    answer = world.call("BatchStopJobRun", JobName="a", JobRunIds=[run_id, "jr_none"])
    codes = [one["ErrorDetail"]["ErrorCode"] for one in answer["Errors"]]
    assert codes == ["JobRunInTerminalStateException", "EntityNotFoundException"]
