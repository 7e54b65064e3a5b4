"""A small world of Glue for tests: literal templates, and jobs and crawlers told what to do."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fraudlake.local.calls import Call
from fraudlake.local.deployment import Deployment, Resource
from fraudlake.local.engine.glue_runs import GlueRuns, Surroundings
from fraudlake.local.engine.steps import JobResult, StateChange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from fraudlake.local.view.states import NodeState

START = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
SECONDS = 20  # that a test waits at most for what takes milliseconds


class World:
    """An engine in a world where every job and crawler succeeds at once, unless told otherwise."""

    def __init__(self, deployment: Deployment, **settings: Any) -> None:  # noqa: ANN401
        self.jobs: dict[str, Callable[[threading.Event], JobResult | None]] = {}
        self.crawls: dict[str, Callable[[], None]] = {}
        self.ran: list[str] = []
        self.arguments: dict[str, dict[str, str]] = {}
        self.told: list[StateChange] = []
        self._ticks = itertools.count()
        given = {"on_change": self.told.append, "stopping_seconds": 0.0, **settings}
        around = Surroundings(run_job=self._run, run_crawler=self._crawl, now=self._now, **given)
        self.engine = GlueRuns(deployment, around)
        self._handlers = self.engine.handlers()

    def call(self, operation: str, **parameters: Any) -> Any:  # noqa: ANN401 - as boto3's
        call = Call(role="operator", service="glue", operation=operation, parameters=parameters)
        return self._handlers["glue", operation](call)

    def play(self, workflow: str, **properties: str) -> str:
        """Start a run by a call and see it over; its id."""
        run_id = self.engine.start_workflow(workflow, properties)
        self.engine.wait(run_id, SECONDS)
        return run_id

    def run(self, workflow: str, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GetWorkflowRun", Name=workflow, RunId=run_id)["Run"]
        return found

    def states(self) -> dict[str, str]:
        return {node.name: node.state for node in self.engine.status()}

    def node(self, name: str) -> NodeState:
        return next(node for node in self.engine.status() if node.name == name)

    def _run(
        self, job: Resource, arguments: dict[str, str], run_id: str, cancel: threading.Event
    ) -> JobResult:
        self.ran.append(job.name)
        self.arguments[run_id] = arguments
        return self.jobs.get(job.name, succeed)(cancel) or JobResult("SUCCEEDED")

    def _crawl(self, crawler: Resource) -> None:
        self.ran.append(crawler.name)
        self.crawls.get(crawler.name, lambda: None)()

    def _now(self) -> datetime:
        return START + timedelta(milliseconds=next(self._ticks))


def succeed(_: threading.Event) -> JobResult | None:
    return None


def fail(_: threading.Event) -> JobResult | None:
    return JobResult("FAILED", "ValueError: no")


def until_cancelled(cancel: threading.Event) -> JobResult | None:
    return JobResult("STOPPED" if cancel.wait(SECONDS) else "FAILED")


class Gate:
    """A job or crawl that says that it has begun, and goes on when it is let."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()

    def job(self, _: threading.Event) -> JobResult | None:
        self.crawl()
        return None

    def crawl(self) -> None:
        self.begun.set()
        assert self.open.wait(SECONDS)


def deployment(folder: Path, resources: Mapping[str, Mapping[str, Any]]) -> Deployment:
    """A deployment of one literal template."""
    template = folder / "one.template.json"
    template.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    return Deployment(folder, "dev", "us-east-1")


def chain(tmp_path: Path, *resources: dict[str, Any], **settings: Any) -> World:  # noqa: ANN401
    """A world of the workflow `flow` with jobs a, b, c and crawlers crawl, crawl2."""
    there = [job("a"), job("b"), job("c"), crawler("crawl"), crawler("crawl2"), workflow("flow")]
    merged = {name: one for some in (*there, *resources) for name, one in some.items()}
    return World(deployment(tmp_path, merged), **settings)


def job(name: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401
    command = {"Name": "glueetl", "ScriptLocation": "s3://assets/script.py"}
    own = {"Name": name, "Command": command, "GlueVersion": "5.1", **properties}
    return {name: {"Type": "AWS::Glue::Job", "Properties": own}}


def crawler(name: str) -> dict[str, Any]:
    return {name: {"Type": "AWS::Glue::Crawler", "Properties": {"Name": name, "Targets": {}}}}


def workflow(name: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: {"Type": "AWS::Glue::Workflow", "Properties": {"Name": name, **properties}}}


def starts(workflow: str, *names: str, kind: str = "ON_DEMAND", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """The trigger that starts a workflow, `<workflow>-start`."""
    return _trigger(f"{workflow}-start", workflow, names, {"Type": kind, **more})


def after(
    workflow: str,
    watched: Mapping[str, str],
    *names: str,
    **more: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """A conditional trigger, activated, `<workflow>-<first of what it starts>`."""
    predicate = {"Logical": "AND", "Conditions": [_condition(*one) for one in watched.items()]}
    own = {"Type": "CONDITIONAL", "StartOnCreation": True, "Predicate": predicate, **more}
    return _trigger(f"{workflow}-{names[0]}", workflow, names, own)


def _trigger(
    name: str, workflow: str, names: Sequence[str], own: Mapping[str, Any]
) -> dict[str, Any]:
    actions = [{_key(one): one} for one in names]
    properties = {"Name": name, "WorkflowName": workflow, "Actions": actions, **own}
    return {name: {"Type": "AWS::Glue::Trigger", "Properties": properties}}


def _condition(name: str, state: str) -> dict[str, str]:
    key = _key(name)
    stated = "State" if key == "JobName" else "CrawlState"
    return {key: name, stated: state, "LogicalOperator": "EQUALS"}


def _key(name: str) -> str:
    """Names of crawlers begin with `crawl` here."""
    return "CrawlerName" if name.startswith("crawl") else "JobName"
