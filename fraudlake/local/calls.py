"""Calls of AWS's APIs as the local cloud sees them, and how its own parts answer them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request: who (`role`) asks which `operation` of which `service`, and with what.

    `service` is botocore's name (s3, glue, lambda, athena, sns, ...), `operation` the API's
    (`GetObject`, `StartCrawler`), `parameters` those of the request by their API names.
    """

    role: str
    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


class CallError(Exception):
    """What AWS answers to a call that it refuses."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """Take the error's code as in the API (`EntityNotFoundException`), and its message."""
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


# Answers a call with the fields of the API's response, or raises CallError.
Handler = Callable[[Call], Mapping[str, Any]]
# By service and operation.
Handlers = Mapping[tuple[str, str], Handler]
