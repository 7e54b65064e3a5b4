from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.calls import CallError
from tests.local.glue_shapes import parsed
from tests.local.glue_world import (
    SECONDS,
    START,
    Gate,
    World,
    after,
    chain,
    starts,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.deployment import Deployment


def test_a_crawler_of_the_templates_is_shown_with_its_last_crawl(
    dev_deployment: Deployment,
) -> None:
    world = World(dev_deployment)
    name = "fraudlake-dev-blacklist"
    before = parsed("GetCrawler", world.call("GetCrawler", Name=name))["Crawler"]
    assert before["State"] == "READY"
    assert "LastCrawl" not in before
    world.call("StartCrawler", Name=name)
    world.engine.wait_idle(SECONDS)
    crawler = parsed("GetCrawler", world.call("GetCrawler", Name=name))["Crawler"]
    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED"
    assert crawler["LastCrawl"]["StartTime"] >= START
    assert crawler["LastCrawl"]["LogGroup"].endswith("crawl-blacklist-us-east-1-fraudlake-dev")
    assert crawler["Targets"]["CatalogTargets"][0]["Tables"] == ["blacklist"]
    assert crawler["Role"] == "fraudlake-dev-crawl-blacklist-us-east-1"
    assert crawler["SchemaChangePolicy"]["DeleteBehavior"] == "LOG"


def test_a_crawler_is_running_then_stopping_then_ready(tmp_path: Path) -> None:
    seen: list[str] = []
    world: World = chain(tmp_path, on_change=lambda _: seen.append(crawler_state(world)))
    world.call("StartCrawler", Name="crawl")
    world.engine.wait_idle(SECONDS)
    assert [*seen, crawler_state(world)] == ["RUNNING", "STOPPING", "READY"]


def test_the_last_crawl_stays_the_earlier_one_while_a_new_one_runs(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path)
    world.call("StartCrawler", Name="crawl")
    world.engine.wait_idle(SECONDS)
    first = world.call("GetCrawler", Name="crawl")["Crawler"]["LastCrawl"]["StartTime"]
    world.crawls["crawl"] = gate.crawl
    world.call("StartCrawler", Name="crawl")
    assert gate.begun.wait(SECONDS)
    assert world.call("GetCrawler", Name="crawl")["Crawler"]["LastCrawl"]["StartTime"] == first
    gate.open.set()
    world.engine.wait_idle(SECONDS)
    assert world.call("GetCrawler", Name="crawl")["Crawler"]["LastCrawl"]["StartTime"] > first


def test_a_crawler_at_work_is_neither_started_again_nor_stopped_twice(tmp_path: Path) -> None:
    gate = Gate()
    world = chain(tmp_path)
    world.crawls["crawl"] = gate.crawl
    assert code_of(world, "StopCrawler", Name="crawl") == "CrawlerNotRunningException"
    world.call("StartCrawler", Name="crawl")
    assert code_of(world, "StartCrawler", Name="crawl") == "CrawlerRunningException"
    world.call("StopCrawler", Name="crawl")
    assert code_of(world, "StopCrawler", Name="crawl") == "CrawlerStoppingException"
    assert code_of(world, "StartCrawler", Name="crawl") == "CrawlerRunningException"
    gate.open.set()
    world.engine.wait_idle(SECONDS)
    last = world.call("GetCrawler", Name="crawl")["Crawler"]["LastCrawl"]
    assert last["Status"] == "CANCELLED"


def crawler_state(world: World) -> str:
    return str(world.call("GetCrawler", Name="crawl")["Crawler"]["State"])


def code_of(world: World, operation: str, **asked: str) -> str:
    with pytest.raises(CallError) as refused:
        world.call(operation, **asked)
    return refused.value.code


def test_a_crawler_that_is_busy_is_an_error_of_the_run_after_which_nothing_follows(
    tmp_path: Path,
) -> None:
    gate = Gate()
    world = chain(
        tmp_path,
        starts("flow", "crawl"),
        after("flow", {"crawl": "SUCCEEDED"}, "b"),
        after("flow", {"crawl": "FAILED"}, "c"),
    )
    world.crawls["crawl"] = gate.crawl
    world.call("StartCrawler", Name="crawl")
    assert gate.begun.wait(SECONDS)
    run_id = world.play("flow")
    run = world.run("flow", run_id)
    assert run["Status"] == "COMPLETED"
    assert run["Statistics"]["ErroredActions"] == 1
    assert world.ran == ["crawl"]
    assert world.node("crawl").state == "ERROR"
    assert world.node("crawl").message == "Crawler with name crawl has already started"
    assert [change.state for change in world.told] == ["STARTED"]
    assert "LastCrawl" not in world.call("GetCrawler", Name="crawl")["Crawler"]
    gate.open.set()
    world.engine.wait_idle(SECONDS)
