"""Glue's workflows, jobs and crawlers of a deployment, played by Glue's rules.

Nothing here knows how a job runs or a crawler crawls: both are given, as the clock is, and who
is told of what ends.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from fraudlake.errors import RunError
from fraudlake.local.engine.calls import GlueCalls
from fraudlake.local.engine.crawls import Crawlers
from fraudlake.local.engine.jobs import JobRuns
from fraudlake.local.engine.steps import RUNNING, Crawl, JobRun
from fraudlake.local.engine.surroundings import Surroundings
from fraudlake.local.engine.workflow_runs import WorkflowRuns
from fraudlake.local.engine.workflow_runs_answers import WorkflowAnswers
from fraudlake.local.engine.workflow_runs_status import node_states
from fraudlake.local.engine.workflow_runs_triggers import Triggers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from fraudlake.local.calls import Handlers
    from fraudlake.local.deployment import Deployment
    from fraudlake.local.view.states import NodeState

Step = TypeVar("Step", JobRun, Crawl)
__all__ = ["GlueRuns", "Surroundings"]


class GlueRuns:
    """The engine: starts runs, carries them on in threads of their own, answers Glue's API."""

    def __init__(self, deployment: Deployment, around: Surroundings) -> None:
        """Play the workflows of a deployment within some surroundings."""
        self._around = around
        self._changed = threading.Condition()
        jobs, crawlers = (deployment.resources(f"AWS::Glue::{kind}") for kind in ("Job", "Crawler"))
        self._jobs = JobRuns(jobs, around, self._changed)
        self._crawlers = Crawlers(crawlers, around, self._changed)
        self._triggers = Triggers(deployment)
        self._runs = WorkflowRuns(
            deployment.resources("AWS::Glue::Workflow"),
            triggers=self._triggers,
            jobs=self._jobs,
            crawlers=self._crawlers,
            now=around.now,
            changed=self._changed,
        )

    def start_workflow(
        self,
        name: str,
        properties: Mapping[str, str],
        *,
        started_on: datetime | None = None,
        by_schedule: bool = False,
    ) -> str:
        """Start a run of a workflow as a call does, or as its schedule; the run's id.

        `started_on` is what Glue will say it started at; now, unless it is given. A run over the
        workflow's limit is refused to a call, and in ERROR at once when its schedule starts it.

        Raises:
            CallError: what Glue answers when it refuses the call.
            SettingsError: a schedule that never fires (not there, or not activated).
            RunError: properties for a run by schedule, which carries only the workflow's own.
        """
        if by_schedule and properties:
            raise RunError(
                f"a schedule starts {name} with the run properties of the template and no others; "
                f"leave out {', '.join(sorted(properties))}"
            )
        started = started_on or self._around.now()
        with self._changed:
            if by_schedule:
                return self._runs.start_by_schedule(name, started).id
            return self._runs.start(name, properties, started).id

    def schedule(self, workflow: str) -> str:
        """The schedule of a workflow's first trigger; an empty text when it has none."""
        return self._triggers.schedule(self._triggers.root(workflow))

    def activate(self, workflow: str) -> str:
        """Activate the first trigger of a workflow, as StartTrigger does; its name."""
        with self._changed:
            trigger = self._triggers.root(workflow)
            self._triggers.activate(trigger)
            return trigger.name

    def handlers(self) -> Handlers:
        """Glue's operations that are answered here."""
        answers = WorkflowAnswers(self._runs, self._triggers, self._jobs, self._crawlers)
        calls = GlueCalls(
            runs=self._runs,
            triggers=self._triggers,
            jobs=self._jobs,
            crawlers=self._crawlers,
            answers=answers,
            now=self._around.now,
            changed=self._changed,
        )
        return calls.handlers()

    def status(self, run_id: str | None = None) -> list[NodeState]:
        """How far each node of a run is (of the newest one): see `NodeState`; none, no run."""
        with self._changed:
            run = self._runs.find(run_id) if run_id else self._runs.newest()
            if run is None:
                return []
            return node_states(run, self._runs, self._triggers, self._jobs, self._crawlers)

    def said(self, job_run_id: str, line: str) -> None:
        """Keep the last line that a job run has logged, for `status`."""
        with self._changed:
            for run in self._jobs.runs:
                if run.id == job_run_id:
                    run.line = line

    def wait(self, run_id: str, timeout: float | None = None) -> str:
        """Wait for a run to be over; its status.

        Raises TimeoutError after `timeout` seconds, CallError for no such run, and whatever went
        wrong in telling others of its steps.
        """
        with self._changed:
            run = self._runs.find(run_id)
            self._changed.wait_for(lambda: run.is_over or self._around.faults, timeout)
            if self._around.faults:
                raise self._around.faults.pop(0)
            if not run.is_over:
                raise TimeoutError(f"workflow run {run_id} was not over after {timeout} seconds")
            return run.status

    def wait_idle(self, timeout: float | None = None) -> None:
        """Wait until nothing is at work, what calls started included; TimeoutError as in `wait`."""
        with self._changed:
            self._changed.wait_for(lambda: not self._at_work(), timeout)
            if self._at_work():
                names = ", ".join(one.name for one in self._at_work())
                raise TimeoutError(f"still at work after {timeout} seconds: {names}")

    def close(self, timeout: float = 30.0) -> None:
        """Have everything end that is at work, and wait for it: nothing is left behind.

        Raises TimeoutError when something is still at work after `timeout` seconds.
        """
        with self._changed:
            for run in self._runs.at_work():
                if run.status == RUNNING:
                    self._runs.stop(run)
            for job in self._unsettled(self._jobs.runs):
                self._jobs.halt(job)
            for crawl in self._unsettled(self._crawlers.crawls):
                if self._crawlers.state(crawl.name) == RUNNING:
                    self._crawlers.stop(crawl.name)
        self.wait_idle(timeout)

    def _at_work(self) -> list[JobRun | Crawl]:
        return [*self._unsettled(self._jobs.runs), *self._unsettled(self._crawlers.crawls)]

    @staticmethod
    def _unsettled(steps: Iterable[Step]) -> list[Step]:
        return [one for one in steps if not one.is_settled]
