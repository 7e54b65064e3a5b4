"""Structured logs: one JSON object a line, facts as fields, never an exception's own words.

What a library says in an exception may hold a row or a credential; its type and the lines of
code it came through do not.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

LOGGER = logging.getLogger("fraudlake.lambdas")


class JsonLines(logging.Formatter):
    """Formats a record as time, level, event and the facts given with it."""

    def __init__(self, request_id: str) -> None:
        """Put `request_id`, Lambda's name of the invocation, on every line."""
        super().__init__()
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": record.getMessage(),
            "request_id": self._request_id,
            **getattr(record, "facts", {}),
        }
        return json.dumps(line, default=str)


def start_logging(request_id: str) -> None:
    """Send the events of this invocation to standard error, which Lambda keeps."""
    stream = logging.StreamHandler()
    stream.setFormatter(JsonLines(request_id))
    LOGGER.handlers = [stream]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False  # Lambda's own handler would print every event again


def log_event(event: str, /, *, level: int = logging.INFO, **facts: Any) -> None:  # noqa: ANN401 - facts are what JSON can hold
    """Log one event with its facts: counts, dates, names of resources; no personal data."""
    LOGGER.log(level, event, extra={"facts": facts})


def places(trace: TracebackType | None) -> list[str]:
    """The lines of code that an exception came through, innermost last, without its message."""
    frames = traceback.extract_tb(trace)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
