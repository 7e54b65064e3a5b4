"""Executions of queries: their states, as GetQueryExecution tells them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fraudlake.local.athena.statement import bad_request
from fraudlake.local.athena.utilities import is_utility
from fraudlake.local.athena.workgroups import ENGINE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fraudlake.local.athena.engine import Answer
    from fraudlake.local.athena.failures import QueryFailed
    from fraudlake.local.athena.query import Progress

OVER = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_READS = ("SELECT", "WITH", "VALUES", "TABLE", "(", "--", "/*")


@dataclass(kw_only=True)
class Execution:
    """One execution, from the call that starts it to its end."""

    role: str
    query: str
    parameters: tuple[str, ...]
    database: str
    workgroup: str
    results: Mapping[str, Any]
    progress: Progress
    submitted: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "QUEUED"
    failure: QueryFailed | None = None
    answer: Answer | None = None
    begun: datetime | None = None
    ended: datetime | None = None

    @property
    def has_header(self) -> bool:
        """Whether the answer's first row holds the names of its columns."""
        return not is_utility(self.query)

    @property
    def output(self) -> str:
        """Where the answer is."""
        ending = "csv" if self.has_header else "txt"
        return f"{self.results['OutputLocation'].rstrip('/')}/{self.id}.{ending}"

    def end(self, now: datetime, failure: QueryFailed | None = None) -> None:
        """Be over, because of a failure or because it is done; what is over stays as it is."""
        if self.state in OVER:
            return
        self.failure, self.ended = failure, now
        self.state = failure.state if failure else "SUCCEEDED"

    def rows(self) -> list[tuple[str | None, ...]]:
        """The rows of the answer, the header with them.

        Raises CallError when there is no answer.
        """
        if self.state not in OVER:
            raise bad_request(f"Query has not yet finished. Current state: {self.state}")
        if self.state != "SUCCEEDED" or self.answer is None:
            raise bad_request(f"Query did not finish successfully. Final query state: {self.state}")
        header = tuple(one.name for one in self.answer.columns)
        return [header, *self.answer.rows] if self.has_header else list(self.answer.rows)

    def as_api(self) -> dict[str, Any]:
        """As GetQueryExecution shows it."""
        return {
            "QueryExecutionId": self.id,
            "Query": self.query,
            "StatementType": self._statement_type(),
            "ResultConfiguration": {**self.results, "OutputLocation": self.output},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": {"Database": self.database, "Catalog": "awsdatacatalog"},
            "Status": self._status(),
            "Statistics": self._statistics(),
            "WorkGroup": self.workgroup,
            "EngineVersion": ENGINE,
            **({"ExecutionParameters": list(self.parameters)} if self.parameters else {}),
        }

    def _statement_type(self) -> str:
        if is_utility(self.query):
            return "UTILITY"
        return "DML" if self.query.lstrip().upper().startswith(_READS) else "DDL"

    def _status(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "State": self.state,
            "SubmissionDateTime": self.submitted.timestamp(),
        }
        if self.ended:
            told["CompletionDateTime"] = self.ended.timestamp()
        if self.failure:
            told["StateChangeReason"] = self.failure.reason
            told["AthenaError"] = {
                "ErrorCategory": self.failure.category,
                "Retryable": False,
                "ErrorMessage": self.failure.reason,
            }
        return told

    def _statistics(self) -> dict[str, int]:
        begun = self.begun or self.submitted
        ended = self.ended or begun
        return {
            "EngineExecutionTimeInMillis": _milliseconds(begun, ended),
            "DataScannedInBytes": self.progress.scanned_bytes,
            "TotalExecutionTimeInMillis": _milliseconds(self.submitted, ended),
            "QueryQueueTimeInMillis": _milliseconds(self.submitted, begun),
        }


def _milliseconds(begun: datetime, ended: datetime) -> int:
    return max(0, round((ended - begun).total_seconds() * 1000))
