"""The record of all calls: one line of JSON for each, without their bodies."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.permissions.judge import Verdict


@dataclass(frozen=True, kw_only=True)
class RecordedCall:
    """A call as it was answered: who asked for what, whether AWS would allow it, and why.

    `needs` are the actions and resources, as `s3:GetObject on arn:...`; `time` is UTC, ISO 8601.
    """

    time: str
    role: str
    service: str
    operation: str
    needs: tuple[str, ...]
    allowed: bool
    reason: str
    status: int


class Recorder:
    """Appends calls to a file; several threads may do so at once."""

    def __init__(self, file: Path) -> None:
        """Record into a file that may have lines already."""
        self._file = file
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def record(
        self, *, role: str, service: str, operation: str, verdict: Verdict, status: int
    ) -> None:
        """Append a call and how it was answered."""
        recorded = RecordedCall(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            role=role,
            service=service,
            operation=operation,
            needs=tuple(str(one) for one in verdict.needs),
            allowed=verdict.allowed,
            reason=verdict.reason,
            status=status,
        )
        line = json.dumps(asdict(recorded), ensure_ascii=False)
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def read_calls(file: Path) -> list[RecordedCall]:
    """The calls of a record, oldest first."""
    with file.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [RecordedCall(**{**one, "needs": tuple(one["needs"])}) for one in found]
