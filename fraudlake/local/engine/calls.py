"""The operations of Glue's API that start, stop and show runs; what they refuse as Glue does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fraudlake.local.calls import CallError
from fraudlake.local.engine.answers import crawler_answer, job_run_answer
from fraudlake.local.engine.workflow_runs_triggers import CONDITIONAL, ON_DEMAND, SCHEDULED

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from fraudlake.local.calls import Call, Handler, Handlers
    from fraudlake.local.engine.crawls import Crawlers
    from fraudlake.local.engine.jobs import JobRuns
    from fraudlake.local.engine.workflow_runs import WorkflowRuns
    from fraudlake.local.engine.workflow_runs_answers import WorkflowAnswers
    from fraudlake.local.engine.workflow_runs_triggers import Triggers

_PAGE = 1000
_BY_ITSELF = (SCHEDULED, CONDITIONAL)


class GlueCalls:
    """Answers calls, each under the lock."""

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        *,
        runs: WorkflowRuns,
        triggers: Triggers,
        jobs: JobRuns,
        crawlers: Crawlers,
        answers: WorkflowAnswers,
        now: Callable[[], datetime],
        changed: threading.Condition,
    ) -> None:
        """Take all that calls are about."""
        self._runs, self._triggers, self._answers = runs, triggers, answers
        self._jobs, self._crawlers = jobs, crawlers
        self._now, self._changed = now, changed

    def handlers(self) -> Handlers:
        """Each operation with what answers it."""
        answered: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
            "StartWorkflowRun": self._start_workflow_run,
            "StopWorkflowRun": self._stop_workflow_run,
            "GetWorkflow": self._get_workflow,
            "GetWorkflowRun": self._get_workflow_run,
            "GetWorkflowRuns": self._get_workflow_runs,
            "GetWorkflowRunProperties": self._get_properties,
            "PutWorkflowRunProperties": self._put_properties,
            "StartTrigger": self._start_trigger,
            "StopTrigger": self._stop_trigger,
            "GetTrigger": self._get_trigger,
            "StartJobRun": self._start_job_run,
            "GetJobRun": self._get_job_run,
            "GetJobRuns": self._get_job_runs,
            "BatchStopJobRun": self._stop_job_runs,
            "StartCrawler": self._start_crawler,
            "GetCrawler": self._get_crawler,
            "StopCrawler": self._stop_crawler,
        }
        return {("glue", name): self._guarded(answer) for name, answer in answered.items()}

    def _guarded(self, answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Handler:
        def handler(call: Call) -> Mapping[str, Any]:
            with self._changed:
                return answer(call.parameters)

        return handler

    def _start_workflow_run(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        run = self._runs.start(asked["Name"], asked.get("RunProperties", {}), self._now())
        return {"RunId": run.id}

    def _stop_workflow_run(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._runs.stop(self._runs.find(asked["RunId"], asked["Name"]))
        return {}

    def _get_workflow(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        with_graph = bool(asked.get("IncludeGraph"))
        return {"Workflow": self._answers.workflow(asked["Name"], with_graph=with_graph)}

    def _get_workflow_run(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        run = self._runs.find(asked["RunId"], asked["Name"])
        return {"Run": self._answers.run(run, with_graph=bool(asked.get("IncludeGraph")))}

    def _get_workflow_runs(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        runs, more = _page(self._runs.of(asked["Name"]), asked)
        with_graph = bool(asked.get("IncludeGraph"))
        return {"Runs": [self._answers.run(one, with_graph=with_graph) for one in runs], **more}

    def _get_properties(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        run = self._runs.find(asked["RunId"], asked["Name"])
        return {"RunProperties": dict(run.properties)}

    def _put_properties(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        run = self._runs.find(asked["RunId"], asked["Name"])
        run.properties.update(asked["RunProperties"])
        return {}

    def _start_trigger(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        trigger = self._triggers.find(asked["Name"])
        if trigger.type == ON_DEMAND:
            self._runs.start(trigger.workflow, {}, self._now())
        else:
            _check_type(trigger.type, "started")
            self._triggers.activate(trigger)
        return {"Name": trigger.name}

    def _stop_trigger(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        trigger = self._triggers.find(asked["Name"])
        _check_type(trigger.type, "stopped")
        self._triggers.deactivate(trigger)
        return {"Name": trigger.name}

    def _get_trigger(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"Trigger": self._triggers.answer(self._triggers.find(asked["Name"]))}

    def _start_job_run(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        run = self._jobs.start(
            asked["JobName"], arguments=asked.get("Arguments"), timeout=asked.get("Timeout")
        )
        return {"JobRunId": run.id}

    def _get_job_run(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = asked["JobName"]
        run = self._jobs.find(name, asked["RunId"])
        return {"JobRun": job_run_answer(run, self._jobs.job(name))}

    def _get_job_runs(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        job = self._jobs.job(asked["JobName"])
        runs, more = _page(self._jobs.of(job.name), asked)
        return {"JobRuns": [job_run_answer(one, job) for one in runs], **more}

    def _stop_job_runs(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name, stopped, errors = asked["JobName"], [], []
        for run_id in asked["JobRunIds"]:
            named = {"JobName": name, "JobRunId": run_id}
            try:
                self._jobs.stop(self._jobs.find(name, run_id))
                stopped.append(named)
            except CallError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({**named, "ErrorDetail": detail})
        return {"SuccessfulSubmissions": stopped, "Errors": errors}

    def _start_crawler(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._crawlers.start(asked["Name"])
        return {}

    def _get_crawler(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = asked["Name"]
        crawler, state = self._crawlers.crawler(name), self._crawlers.state(name)
        return {"Crawler": crawler_answer(crawler, state, self._crawlers.last(name))}

    def _stop_crawler(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._crawlers.stop(asked["Name"])
        return {}


def _check_type(kind: str, done: str) -> None:
    if kind not in _BY_ITSELF:
        raise CallError("InvalidInputException", f"Trigger Type {kind} cannot be {done}")


def _page(found: Sequence[Any], asked: Mapping[str, Any]) -> tuple[Sequence[Any], dict[str, Any]]:
    """The page that was asked for, and where the next one begins."""
    first = int(asked.get("NextToken") or 0)
    end = first + int(asked.get("MaxResults") or _PAGE)
    return found[first:end], {"NextToken": str(end)} if end < len(found) else {}
