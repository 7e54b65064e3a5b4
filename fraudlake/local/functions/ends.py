"""How a function's invocation ends: by its answer, its time, its memory, or its process."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fraudlake.local.functions.runtime_api import Answer
from fraudlake.local.processes import peak_memory_mb

if TYPE_CHECKING:
    from subprocess import Popen

    from fraudlake.local.functions.runtime_api import RuntimeApi

INIT_SECONDS = 10.0  # that a function has at least to come to its request
TICK = 0.02  # seconds between two looks at a function's time and memory


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a template grants a function."""

    seconds: float
    memory_mb: int


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What came of an invocation, and what it took; `status` is that of Lambda's REPORT line."""

    answer: Answer
    status: str = ""
    seconds: float
    init_seconds: float
    peak_mb: int


def wait_for_end(process: Popen[bytes], api: RuntimeApi, limits: Limits) -> Ending:
    """Wait until a function has answered, or cannot any more; the process is left as it is.

    The limit counts from the moment at which the function fetched its request. What comes before,
    its import, has the same time, or INIT_SECONDS when these are more.
    """
    created = time.monotonic()
    peak, failure = 0, None
    while not api.answered.wait(TICK) and failure is None:
        # A look at an ended process finds nothing.
        peak = peak_memory_mb(process.pid) or peak
        failure = _failure(process, api, limits, created, peak)
    peak = peak_memory_mb(process.pid) or peak
    began = api.began or created
    spent = min((api.ended or time.monotonic()) - began, limits.seconds)
    answer, status = (api.answer, "") if api.answer else failure or (Answer(b"", is_error=True), "")
    return Ending(
        answer=answer, status=status, seconds=spent, init_seconds=began - created, peak_mb=peak
    )


def _failure(
    process: Popen[bytes], api: RuntimeApi, limits: Limits, created: float, peak: int
) -> tuple[Answer, str] | None:
    """What Lambda answers for a function that is out of time or memory, or gone."""
    until = created + max(INIT_SECONDS, limits.seconds)
    if time.monotonic() > (until if api.began is None else api.began + limits.seconds):
        said = f"Task timed out after {limits.seconds:.2f} seconds"
        return _failed(api, "Sandbox.Timedout", said), "timeout"
    if peak > limits.memory_mb:
        return _failed(
            api, "Runtime.ExitError", "Runtime exited with error: signal: killed"
        ), "error"
    if process.poll() is not None and not api.answered.wait(TICK):
        return _failed(api, "Runtime.ExitError", _exit(process.returncode)), "error"
    return None


def _exit(code: int) -> str:
    if code == 0:
        return "Runtime exited without providing a reason"
    how = f"exit status {code}" if code > 0 else f"signal: {-code}"
    return f"Runtime exited with error: {how}"


def _failed(api: RuntimeApi, kind: str, said: str) -> Answer:
    message = f"RequestId: {api.request.id} Error: {said}"
    return Answer(json.dumps({"errorType": kind, "errorMessage": message}).encode(), is_error=True)


def start_line(request_id: str, version: str) -> str:
    """The line of a log with which an invocation begins."""
    return f"START RequestId: {request_id} Version: {version}\n"


def closing_lines(request_id: str, ending: Ending, limits: Limits) -> str:
    """The lines of a log with which an invocation ends."""
    figures = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {ending.seconds * 1000:.2f} ms",
        f"Billed Duration: {math.ceil(ending.seconds * 1000)} ms",
        f"Memory Size: {limits.memory_mb} MB",
        f"Max Memory Used: {min(ending.peak_mb, limits.memory_mb)} MB",
        f"Init Duration: {ending.init_seconds * 1000:.2f} ms",
    ]
    if ending.status:
        figures.append(f"Status: {ending.status}")
    lines = [f"END RequestId: {request_id}", "\t".join(figures)]
    if ending.status:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = json.loads(ending.answer.payload)["errorMessage"].partition("Error: ")[2]
        lines.insert(0, f"{moment} {request_id} {said}")
    return "\n".join([*lines, ""])
