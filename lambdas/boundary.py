"""The outer edge of a function: one place where errors are logged and made safe to show."""

from __future__ import annotations

import logging
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

from fraudlake.errors import FraudlakeError, RunError
from lambdas.json_logs import log_event, places, start_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Context(Protocol):
    """What Lambda tells a function about its invocation."""

    @property
    def aws_request_id(self) -> str:
        """Lambda's name of the invocation, on every line of the log."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""


def with_safe_errors(
    function: Callable[[Mapping[str, Any], Context], dict[str, Any]],
) -> Callable[[Mapping[str, Any], Context], dict[str, Any]]:
    """Wrap a handler: its errors are logged, and leave it without secrets or personal data.

    An error of ours goes out as it is, for its message was written to be read. Of any other only
    the type and the lines of code are told: its message may hold a row or a credential.
    """

    @wraps(function)
    def wrapped(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        start_logging(context.aws_request_id)
        try:
            return function(event, context)
        except FraudlakeError as error:
            log_event(
                "failed",
                level=logging.ERROR,
                error=type(error).__name__,
                problems=error.problems,
            )
            raise error.with_traceback(None) from None
        except Exception as error:  # noqa: BLE001 - the edge: whatever comes is made safe to show
            fault, came_through = type(error).__name__, places(error.__traceback__)
            log_event("fault", level=logging.ERROR, error=fault, places=came_through)
            raise RunError(
                f"a fault in the program ({fault} at {came_through[-1]}). The log of request "
                f"{context.aws_request_id} says what was committed before; report it with its lines"
            ) from None

    return wrapped
