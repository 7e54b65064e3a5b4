"""Runs of workflows as Glue's API shows them: status, statistics, graph."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from fraudlake.local.calls import CallError
from fraudlake.local.engine.answers import crawl_answer, job_run_answer, seconds
from fraudlake.local.engine.steps import (
    CANCELLED,
    CANCELLING,
    ERROR,
    FAILED,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    TIMEOUT,
    WAITING,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fraudlake.local.engine.crawls import Crawlers
    from fraudlake.local.engine.jobs import JobRuns
    from fraudlake.local.engine.workflow_runs import WorkflowRun, WorkflowRuns
    from fraudlake.local.engine.workflow_runs_triggers import Triggers
    from fraudlake.local.template_triggers import Step, Trigger

# Which states each statistic counts.
_COUNTED = {
    "TimeoutActions": (TIMEOUT,),
    "FailedActions": (FAILED,),
    "StoppedActions": (STOPPED, CANCELLED),
    "SucceededActions": (SUCCEEDED,),
    "RunningActions": (STARTING, RUNNING, STOPPING, CANCELLING),
    "ErroredActions": (ERROR,),
    "WaitingActions": (WAITING,),
}


class WorkflowAnswers:
    """Shows runs of workflows. Who calls a method holds the lock."""

    def __init__(
        self, runs: WorkflowRuns, triggers: Triggers, jobs: JobRuns, crawlers: Crawlers
    ) -> None:
        """Take all that a run is made of."""
        self._runs, self._triggers = runs, triggers
        self._jobs, self._crawlers = jobs, crawlers

    def run(self, run: WorkflowRun, *, with_graph: bool) -> dict[str, Any]:
        """A WorkflowRun of the API."""
        answer = {
            "Name": run.workflow,
            "WorkflowRunId": run.id,
            "WorkflowRunProperties": dict(run.properties),
            "StartedOn": seconds(run.started),
            "Status": run.status,
            "Statistics": self._statistics(run),
        }
        more = {
            "PreviousRunId": run.previous or None,
            "CompletedOn": seconds(run.ended),
            "ErrorMessage": run.message or None,
            "Graph": self._graph(run.workflow, run) if with_graph else None,
        }
        return answer | {name: value for name, value in more.items() if value is not None}

    def workflow(self, name: str, *, with_graph: bool) -> dict[str, Any]:
        """A Workflow of the API, with its last run."""
        written = self._runs.workflow(name).properties
        runs = self._runs.of(name)
        more = {
            "Description": written.get("Description"),
            "DefaultRunProperties": written.get("DefaultRunProperties"),
            "MaxConcurrentRuns": written.get("MaxConcurrentRuns"),
            "LastRun": self.run(runs[0], with_graph=with_graph) if runs else None,
            "Graph": self._graph(name, None) if with_graph else None,
        }
        return {"Name": name} | {key: value for key, value in more.items() if value is not None}

    def _statistics(self, run: WorkflowRun) -> dict[str, int]:
        last = {(one.kind, one.name): one.state for one in self._runs.steps(run)}
        found = Counter(last.values())
        return {
            "TotalActions": len(self._triggers.steps(run.workflow)),
            **{name: sum(found[state] for state in states) for name, states in _COUNTED.items()},
        }

    def _graph(self, workflow: str, run: WorkflowRun | None) -> dict[str, Any]:
        steps = {step: None for one in self._triggers.of(workflow) for step in _touched(one)}
        triggers = [self._trigger_node(one) for one in self._triggers.of(workflow)]
        nodes = triggers + [self._step_node(step, workflow, run) for step in steps]
        return {"Nodes": nodes, "Edges": list(self._edges(workflow))}

    def _trigger_node(self, trigger: Trigger) -> dict[str, Any]:
        answer = self._triggers.answer(trigger)
        named = _named("TRIGGER", trigger.name, trigger.workflow)
        return {**named, "TriggerDetails": {"Trigger": answer}}

    def _step_node(self, step: Step, workflow: str, run: WorkflowRun | None) -> dict[str, Any]:
        named = _named(step.kind.upper(), step.name, workflow)
        if step.kind == "job":
            return {**named, "JobDetails": {"JobRuns": self._job_runs(step.name, run)}}
        return {**named, "CrawlerDetails": {"Crawls": self._crawls(step.name, run)}}

    def _job_runs(self, name: str, run: WorkflowRun | None) -> list[dict[str, Any]]:
        found = self._runs.job_runs(run) if run else []
        job = _found(lambda: self._jobs.job(name))
        return [job_run_answer(one, job) for one in found if one.name == name]

    def _crawls(self, name: str, run: WorkflowRun | None) -> list[dict[str, Any]]:
        found = self._runs.crawls(run) if run else []
        crawler = _found(lambda: self._crawlers.crawler(name))
        return [crawl_answer(one, crawler) for one in found if one.name == name]

    def _edges(self, workflow: str) -> Iterator[Mapping[str, str]]:
        for trigger in self._triggers.of(workflow):
            own = _id("TRIGGER", trigger.name, workflow)
            for step in dict.fromkeys(trigger.watches):
                source = _id(step.kind.upper(), step.name, workflow)
                yield {"SourceId": source, "DestinationId": own}
            for step in dict.fromkeys(trigger.starts):
                target = _id(step.kind.upper(), step.name, workflow)
                yield {"SourceId": own, "DestinationId": target}


def _touched(trigger: Trigger) -> Iterator[Step]:
    yield from trigger.watches
    yield from trigger.starts


def _named(kind: str, name: str, workflow: str) -> dict[str, Any]:
    return {"Type": kind, "Name": name, "UniqueId": _id(kind, name, workflow)}


def _id(kind: str, name: str, workflow: str) -> str:
    return "wnode_" + hashlib.sha256(f"{workflow}/{kind}/{name}".encode()).hexdigest()


def _found(look: Any) -> Any:  # noqa: ANN401 - a job or a crawler
    """What is found, or None: a trigger may name what is not there."""
    try:
        return look()
    except CallError:
        return None
