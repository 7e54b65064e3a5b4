"""Runs of Glue's workflows: a trigger starts steps, what they end as lets other triggers fire.

A conditional trigger sees only what triggers of its own workflow run started. So a chain that
would wait for ever in Glue waits here too: the run ends, and what hangs on that trigger never ran.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fraudlake.errors import SettingsError
from fraudlake.local.calls import CallError
from fraudlake.local.engine.steps import (
    ERROR,
    RUNNING,
    STOPPED,
    STOPPING,
    Origin,
    new_id,
)
from fraudlake.local.engine.workflow_runs_triggers import CONDITIONAL, ON_DEMAND, SCHEDULED, is_met
from fraudlake.local.template_triggers import Step

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from fraudlake.local.deployment import Resource
    from fraudlake.local.engine.crawls import Crawlers
    from fraudlake.local.engine.jobs import JobRuns
    from fraudlake.local.engine.steps import Crawl, JobRun
    from fraudlake.local.engine.workflow_runs_triggers import Action, Triggers
    from fraudlake.local.template_triggers import Trigger

COMPLETED = "COMPLETED"
_AT_WORK = (RUNNING, STOPPING)


@dataclass(kw_only=True)
class WorkflowRun:
    """One run of a workflow; changes under the lock.

    `started` is what Glue says it started at, `began` when it did by the engine's clock: of a
    night that is played later they differ. `fired` is when each of its triggers fired.
    """

    workflow: str
    properties: dict[str, str]
    started: datetime
    began: datetime
    previous: str
    id: str = field(default_factory=lambda: new_id("wr"))
    status: str = RUNNING
    ended: datetime | None = None
    message: str = ""
    fired: dict[str, datetime] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it changes any more."""
        return self.status not in _AT_WORK


class WorkflowRuns:
    """All runs of all workflows. Who calls a method holds the lock `changed`."""

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        workflows: Iterable[Resource],
        *,
        triggers: Triggers,
        jobs: JobRuns,
        crawlers: Crawlers,
        now: Callable[[], datetime],
        changed: threading.Condition,
    ) -> None:
        """Take the workflows of a deployment, and what runs their steps."""
        self._workflows = {one.name: one for one in workflows}
        self._triggers, self._jobs, self._crawlers = triggers, jobs, crawlers
        self._now, self._changed = now, changed
        self._runs: list[WorkflowRun] = []

    def workflow(self, name: str) -> Resource:
        """The workflow of a name; CallError when there is none."""
        if name not in self._workflows:
            raise CallError("EntityNotFoundException", f"Workflow {name} is not found.")
        return self._workflows[name]

    def of(self, name: str) -> list[WorkflowRun]:
        """The runs of a workflow, the newest first; CallError when there is no such workflow."""
        self.workflow(name)
        return [run for run in reversed(self._runs) if run.workflow == name]

    def find(self, run_id: str, name: str | None = None) -> WorkflowRun:
        """A run, of a workflow if it is named; CallError when there is none."""
        for run in self._runs if name is None else self.of(name):
            if run.id == run_id:
                return run
        raise CallError("EntityNotFoundException", f"Workflow run {run_id} is not found.")

    def at_work(self) -> list[WorkflowRun]:
        """The runs that are not over."""
        return [run for run in self._runs if not run.is_over]

    def newest(self) -> WorkflowRun | None:
        """The run that was started last."""
        return self._runs[-1] if self._runs else None

    def start(self, name: str, properties: Mapping[str, str], started: datetime) -> WorkflowRun:
        """Start a run as a call does (its trigger ON_DEMAND); CallError when Glue refuses it."""
        root = self._root(name)
        if root.type != ON_DEMAND:
            raise CallError(
                "InvalidInputException",
                f"Workflow {name} is started by {root.name}, a trigger of type {root.type}; that "
                "Glue starts it by a call too is not documented, so it is not done here",
            )
        if self._is_full(name):
            text = f"Concurrent runs exceeded for workflow: {name}."
            raise CallError("ConcurrentRunsExceededException", text)
        return self._begin(name, root, properties, started)

    def start_by_schedule(self, name: str, started: datetime) -> WorkflowRun:
        """Start a run as its schedule does; over the workflow's limit it is in ERROR at once.

        Raises SettingsError when its trigger has no schedule or is not activated, CallError when
        there is no such workflow.
        """
        root = self._root(name)
        if root.type != SCHEDULED:
            raise SettingsError(f"{root} has no schedule; start the workflow by a call")
        if not self._triggers.is_active(root):
            raise SettingsError(
                f"{root} is not activated, so it never fires; activate it with "
                f"`aws glue start-trigger --name {root.name}`"
            )
        if self._is_full(name):
            return self._refused(name, started)
        return self._begin(name, root, {}, started)

    def stop(self, run: WorkflowRun) -> None:
        """Have a run end as STOPPED, its steps first; CallError when it is not running."""
        if run.status != RUNNING:
            text = f"Workflow run {run.id} is {run.status} and cannot be stopped."
            raise CallError("IllegalWorkflowStateException", text)
        run.status = STOPPING
        for job in self.job_runs(run):
            if not job.is_settled:
                self._jobs.halt(job)
        for crawl in self.crawls(run):
            if crawl.state == RUNNING and self._crawlers.state(crawl.name) == RUNNING:
                self._crawlers.stop(crawl.name)
        self._advance(run)

    def job_runs(self, run: WorkflowRun) -> list[JobRun]:
        """The job runs that triggers started in a run, attempt by attempt."""
        return [one for one in self._jobs.runs if one.origin.run_id == run.id]

    def crawls(self, run: WorkflowRun) -> list[Crawl]:
        """The crawls that triggers started in a run."""
        return [one for one in self._crawlers.crawls if one.origin.run_id == run.id]

    def steps(self, run: WorkflowRun) -> list[JobRun | Crawl]:
        """All that triggers started in a run: job runs, then crawls."""
        return [*self.job_runs(run), *self.crawls(run)]

    def _root(self, name: str) -> Trigger:
        return self._triggers.root(self.workflow(name).name)

    def _is_full(self, name: str) -> bool:
        limit = self.workflow(name).properties.get("MaxConcurrentRuns")
        at_work = sum(not run.is_over for run in self.of(name))
        return limit is not None and at_work >= int(limit)

    def _begin(
        self, name: str, root: Trigger, properties: Mapping[str, str], started: datetime
    ) -> WorkflowRun:
        run = self._new(name, properties, started)
        self._fire(run, root)
        self._advance(run)
        return run

    def _refused(self, name: str, started: datetime) -> WorkflowRun:
        run = self._new(name, {}, started)
        run.status, run.ended = ERROR, started
        run.message = f"Concurrent runs exceeded for workflow: {name}."
        return run

    def _new(self, name: str, properties: Mapping[str, str], started: datetime) -> WorkflowRun:
        own = self.workflow(name).properties.get("DefaultRunProperties", {})
        earlier = self.of(name)
        run = WorkflowRun(
            workflow=name,
            properties={**own, **properties},
            started=started,
            began=self._now(),
            previous=earlier[0].id if earlier else "",
        )
        self._runs.append(run)
        return run

    def _advance(self, run: WorkflowRun) -> None:
        """Fire what may fire now; end the run when nothing is left at work."""
        while run.status == RUNNING and (trigger := self._next(run)) is not None:
            self._fire(run, trigger)
        if not run.is_over and all(one.is_settled for one in self.steps(run)):
            run.status = COMPLETED if run.status == RUNNING else STOPPED
            run.ended = self._now()
            self._changed.notify_all()

    def _next(self, run: WorkflowRun) -> Trigger | None:
        """A conditional trigger that is activated, has not fired in this run, and may now."""
        ended = self._ended(run)
        for trigger in self._triggers.of(run.workflow):
            is_waiting = trigger.type == CONDITIONAL and trigger.name not in run.fired
            if is_waiting and self._triggers.is_active(trigger) and is_met(trigger, ended):
                return trigger
        return None

    def _ended(self, run: WorkflowRun) -> dict[Step, str]:
        """What triggers started in this run and has ended for good, with its state."""
        last = {Step(one.kind, one.name): one for one in self.steps(run)}
        return {step: one.state for step, one in last.items() if one.is_settled}

    def _fire(self, run: WorkflowRun, trigger: Trigger) -> None:
        run.fired[trigger.name] = self._now()
        for action in self._triggers.actions(trigger):
            self._start(run, trigger, action)

    def _start(self, run: WorkflowRun, trigger: Trigger, action: Action) -> None:
        """Start a step; what cannot even start is in ERROR, and nothing follows it."""
        origin = Origin(workflow=run.workflow, run_id=run.id, trigger=trigger.name)
        (_, name), is_job = action.step, action.step.kind == "job"
        try:
            if is_job:
                self._jobs.start(
                    name,
                    origin=origin,
                    arguments=action.arguments,
                    timeout=action.timeout,
                    on_end=lambda: self._advance(run),
                )
            else:
                self._crawlers.start(name, origin=origin, on_end=lambda: self._advance(run))
        except CallError as error:
            (self._jobs if is_job else self._crawlers).record_error(name, origin, error.message)
