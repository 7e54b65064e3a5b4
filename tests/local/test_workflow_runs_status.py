from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fraudlake.local.view.states import NodeState
from tests.local.glue_world import SECONDS, START, Gate, World, after, chain, starts

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.deployment import Deployment


def test_the_nodes_of_the_night_stand_from_the_first_trigger_down(
    dev_deployment: Deployment,
) -> None:
    world = World(dev_deployment)
    world.engine.activate("fraudlake-dev-nightly")
    run_id = world.engine.start_workflow(
        "fraudlake-dev-nightly", {}, started_on=START, by_schedule=True
    )
    world.engine.wait(run_id, SECONDS)
    shown = [
        (node.name.removeprefix("fraudlake-dev-"), node.state) for node in world.engine.status()
    ]
    assert shown == [
        ("nightly", "COMPLETED"),
        ("nightly-start", "FIRED"),
        ("extract", "SUCCEEDED"),
        ("raw", "SUCCEEDED"),
        ("nightly-score", "FIRED"),
        ("score", "SUCCEEDED"),
        ("nightly-catalog", "FIRED"),
        ("curated", "SUCCEEDED"),
    ]
    score = world.node("fraudlake-dev-nightly-score")
    assert score.watches == ("fraudlake-dev-extract", "fraudlake-dev-raw")
    assert world.node("fraudlake-dev-score").under == "fraudlake-dev-nightly-score"


def test_what_calls_started_during_the_run_stands_below_it(tmp_path: Path) -> None:
    world = chain(tmp_path, starts("flow", "a"))
    world.call("StartCrawler", Name="crawl2")
    world.engine.wait_idle(SECONDS)
    world.jobs["a"] = lambda _: world.call("StartCrawler", Name="crawl") and None
    world.play("flow")
    world.engine.wait_idle(SECONDS)
    world.call("StartCrawler", Name="crawl2")
    world.engine.wait_idle(SECONDS)
    assert [(node.name, node.under) for node in world.engine.status()] == [
        ("flow", ""),
        ("flow-start", ""),
        ("a", "flow-start"),
        ("crawl", ""),
    ]


def test_a_node_shows_the_last_line_that_its_job_said(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path, starts("flow", "a"))
    world.jobs["a"] = gate.job
    run_id = world.engine.start_workflow("flow", {})
    assert gate.begun.wait(SECONDS)
    job_run = world.call("GetJobRuns", JobName="a")["JobRuns"][0]["Id"]
    world.engine.said(job_run, "reading")
    world.engine.said(job_run, "scoring 2026-11-23")
    assert world.node("a").line == "scoring 2026-11-23"
    gate.open.set()
    world.engine.wait(run_id, SECONDS)


def test_triggers_that_can_never_fire_stand_last(tmp_path: Path) -> None:
    naive = after("flow", {"crawl": "SUCCEEDED"}, "b")
    world = chain(tmp_path, naive, starts("flow", "a"), after("flow", {"a": "SUCCEEDED"}, "c"))
    world.play("flow")
    assert [(node.name, node.state) for node in world.engine.status()][3:] == [
        ("flow-c", "FIRED"),
        ("c", "SUCCEEDED"),
        ("flow-b", "NEVER"),
        ("b", "NEVER"),
    ]


def test_before_any_run_there_are_no_nodes(tmp_path: Path) -> None:
    assert chain(tmp_path, starts("flow", "a")).engine.status() == []


def test_a_node_goes_to_another_process_as_a_line_of_json() -> None:
    node = NodeState(
        kind="job",
        name="a",
        state="FAILED",
        under="flow-start",
        watches=("x", "y"),
        since=datetime(2026, 11, 24, 2, 30, tzinfo=UTC),
        until=None,
        attempt=1,
        message="no ü",
        line="two\nlines",
    )
    text = node.to_json()
    assert "\n" not in text
    assert NodeState.from_json(text) == node
