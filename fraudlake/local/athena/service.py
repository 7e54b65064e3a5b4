"""Athena on one machine: its API, answered by DuckDB over the Glue catalog and S3."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from fraudlake.local.athena.catalog import CATALOG
from fraudlake.local.athena.executions import Execution
from fraudlake.local.athena.failures import SYSTEM, QueryFailed, cancelled
from fraudlake.local.athena.metadata import MetadataCalls
from fraudlake.local.athena.query import Progress, Reader
from fraudlake.local.athena.results import check_output, keep, page_of
from fraudlake.local.athena.statement import bad_request, filled_in, parse_query
from fraudlake.local.athena.utilities import is_utility, utility_answer
from fraudlake.local.athena.workgroups import PRIMARY, Workgroup, workgroups
from fraudlake.local.calls import CallError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from fraudlake.local.actors import Actors
    from fraudlake.local.athena.engine import Answer
    from fraudlake.local.calls import Call, Handler
    from fraudlake.local.deployment import Deployment

AT_ONCE = 4  # queries that run side by side; the others are QUEUED
_STOPPED = "Query was cancelled by user"


class Athena:
    """Queries of a deployment's tables and views, each read as the role that asks."""

    def __init__(
        self,
        deployment: Deployment,
        actors: Actors,
        folder: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take what is deployed, how its roles reach it, and a folder for objects once read.

        `now` is what queries see as the time, and what executions are dated by.
        """
        self._folder, self._now = folder, now
        self._workgroups = workgroups(deployment)
        self._metadata = MetadataCalls(deployment, actors)
        self._executions: dict[str, Execution] = {}
        self._by_token: dict[str, Execution] = {}
        self._lock = threading.Lock()
        # A client takes longer to make than to use, and may be used by many threads.
        self._client = cache(actors.client)
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """What answers which call of Athena's API."""
        own: dict[str, Handler] = {
            "StartQueryExecution": self._start,
            "StopQueryExecution": self._stop,
            "GetQueryExecution": lambda call: {"QueryExecution": self._execution(call).as_api()},
            "BatchGetQueryExecution": self._batch,
            "ListQueryExecutions": self._list,
            "GetQueryResults": self._results,
        }
        every = {**own, **self._metadata.handlers()}
        return {("athena", operation): handler for operation, handler in every.items()}

    def _start(self, call: Call) -> Mapping[str, Any]:
        execution = self._asked(call)
        with self._lock:
            if known := self._known(call, execution):
                return {"QueryExecutionId": known.id}
        problem = self._problem(execution)
        check_output(execution, self._client("s3", call.role))
        with self._lock:
            self._executions[execution.id] = execution
            self._by_token[call.parameters.get("ClientRequestToken", execution.id)] = execution
        if problem:
            execution.end(self._now(), problem)
        else:
            threading.Thread(target=self._run, args=(execution,), daemon=True).start()
        return {"QueryExecutionId": execution.id}

    def _asked(self, call: Call) -> Execution:
        asked = call.parameters
        context = asked.get("QueryExecutionContext", {})
        workgroup = self._workgroup(asked.get("WorkGroup", PRIMARY))
        if context.get("Catalog", CATALOG).lower() != CATALOG:
            raise bad_request(f"Data catalog {context['Catalog']} is not found")
        return Execution(
            role=call.role,
            query=asked["QueryString"],
            parameters=tuple(asked.get("ExecutionParameters", ())),
            database=context.get("Database", "default").lower(),
            workgroup=workgroup.name,
            results=workgroup.result_configuration(asked.get("ResultConfiguration", {})),
            progress=Progress(workgroup.scan_limit),
            submitted=self._now(),
        )

    def _workgroup(self, name: str) -> Workgroup:
        if name not in self._workgroups:
            raise bad_request(f"WorkGroup {name} is not found.")
        return self._workgroups[name]

    def _known(self, call: Call, asked: Execution) -> Execution | None:
        """The execution that an earlier call with the same token started."""
        known = self._by_token.get(call.parameters.get("ClientRequestToken", ""))
        same = known and (known.query, known.parameters) == (asked.query, asked.parameters)
        if known and not same:
            raise bad_request("Idempotent parameters do not match")
        return known

    def _problem(self, execution: Execution) -> QueryFailed | None:
        """Why a statement cannot run; CallError for what Athena does not even take."""
        try:
            if not is_utility(execution.query):
                parse_query(filled_in(execution.query, execution.parameters))
        except QueryFailed as failure:
            return failure
        return None

    def _run(self, execution: Execution) -> None:
        failure = None
        with self._places:
            if execution.state == "QUEUED":
                execution.state, execution.begun = "RUNNING", self._now()
            try:
                execution.progress.check()
                answer = self._answer(execution)
                execution.progress.check()
                keep(execution, answer, self._client("s3", execution.role))
                execution.answer = answer
            except QueryFailed as found:
                failure = cancelled(_STOPPED) if execution.progress.stopped.is_set() else found
            except CallError as found:
                failure = QueryFailed(f"SYNTAX_ERROR: {found.message}")
            except Exception as found:  # noqa: BLE001 - whatever happens, the query must end
                told = f"GENERIC_INTERNAL_ERROR: {type(found).__name__}: {found}"
                failure = QueryFailed(told, category=SYSTEM)
            execution.end(self._now(), failure)

    def _answer(self, execution: Execution) -> Answer:
        reader = Reader(
            self._client("glue", execution.role),
            self._client("s3", execution.role),
            self._folder / "objects",
        )
        if is_utility(execution.query):
            return utility_answer(execution.query, reader.catalog, execution.database)
        text = filled_in(execution.query, execution.parameters)
        return reader.answer(text, execution.database, self._now(), execution.progress)

    def _execution(self, call: Call) -> Execution:
        return self._found(call.parameters["QueryExecutionId"])

    def _found(self, execution_id: str) -> Execution:
        if execution_id not in self._executions:
            raise bad_request(f"QueryExecution {execution_id} was not found")
        return self._executions[execution_id]

    def _stop(self, call: Call) -> Mapping[str, Any]:
        execution = self._execution(call)
        execution.progress.stop()
        execution.end(self._now(), cancelled(_STOPPED))
        return {}

    def _batch(self, call: Call) -> Mapping[str, Any]:
        asked = call.parameters["QueryExecutionIds"]
        known = [one for one in asked if one in self._executions]
        missing = [{"QueryExecutionId": one} for one in asked if one not in known]
        found = [self._executions[one].as_api() for one in known]
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def _list(self, call: Call) -> Mapping[str, Any]:
        workgroup = self._workgroup(call.parameters.get("WorkGroup", PRIMARY)).name
        every = reversed(list(self._executions.values()))
        return {"QueryExecutionIds": [one.id for one in every if one.workgroup == workgroup]}

    def _results(self, call: Call) -> Mapping[str, Any]:
        s3 = self._client("s3", call.role)
        return page_of(self._execution(call), call.parameters, s3)
