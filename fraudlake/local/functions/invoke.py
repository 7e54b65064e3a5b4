"""Invokes a function of the templates: its zip, its environment and its limits, as Lambda does.

Each call has a process of its own, on no more Python packages than Lambda has, with AWS's own
client of the Lambda service in it; nothing of this checkout can be imported there.
"""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fraudlake.local.functions.ends import closing_lines, start_line, wait_for_end
from fraudlake.local.functions.place import (
    VERSION,
    limits_of,
    packages_of,
    unpacked,
    variables_of,
)
from fraudlake.local.functions.runtime_api import Request, RuntimeApi
from fraudlake.local.processes import end, start
from fraudlake.local.runtimes import python_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.deployment import Resource
    from fraudlake.local.functions.ends import Ending, Limits

# The runtime joins the lines of an error by returns, and indents them by spaces that do not break.
_READABLE = str.maketrans({"\r": "\n", "\u00a0": " "})


@dataclass(frozen=True)
class Invocation:
    """What Lambda answers to a caller, and the function's log.

    `error` is None, or "Unhandled" (the API's FunctionError): then `payload` is a JSON object with
    `errorType` and `errorMessage`. `seconds` is the duration that the log reports.
    """

    payload: bytes
    error: str | None
    log: str
    seconds: float


def invoke(
    function: Resource,
    payload: bytes,
    *,
    code: Path,
    environment: Mapping[str, str],
    work: Path,
) -> Invocation:
    """Run a function on a payload (JSON); return what it answered, or how it failed.

    `code` is its zip; `environment` has its role's credentials and all that is to win over the
    template's variables; `work` is a folder for the unpacked zip and the runtime, which the next
    call finds there. On Linux the calling thread's end kills the function.

    Raises SettingsError when the function's runtime or layer is not known here.
    """
    work = work.absolute()  # the function has a working folder of its own
    work.mkdir(parents=True, exist_ok=True)
    python, task = python_with(packages_of(function), work), unpacked(code, work)
    limits = limits_of(function)
    request = Request(str(uuid.uuid4()), function.arn, payload, limits.seconds)
    with tempfile.TemporaryDirectory(dir=work, prefix=".call-") as own:
        log, temporary = Path(own) / "log", Path(own) / "tmp"
        temporary.mkdir()
        told = {**variables_of(function, task), "TMPDIR": str(temporary), **environment}
        ending = _run(python, request, limits, told, log)
        text = log.read_text(encoding="utf-8", errors="replace").translate(_READABLE)
    return _invocation(request, limits, ending, text)


def _run(
    python: Path, request: Request, limits: Limits, told: Mapping[str, str], log: Path
) -> Ending:
    first = start_line(request.id, VERSION).encode()
    # Unbuffered and for appending: the function's lines and ours keep their order.
    with (
        log.open("ab", buffering=0) as output,
        RuntimeApi(request, on_fetch=lambda: output.write(first)) as api,
    ):
        process = start(
            [str(python), "-m", "awslambdaric", told["_HANDLER"]],
            environment={**told, "AWS_LAMBDA_RUNTIME_API": api.address},
            folder=Path(told["LAMBDA_TASK_ROOT"]),
            output=output,
        )
        try:
            return wait_for_end(process, api, limits)
        finally:
            end(process)


def _invocation(request: Request, limits: Limits, ending: Ending, log: str) -> Invocation:
    opening = "" if "START RequestId:" in log else start_line(request.id, VERSION)
    return Invocation(
        payload=ending.answer.payload,
        error="Unhandled" if ending.answer.is_error else None,
        log=opening + log + closing_lines(request.id, ending, limits),
        seconds=ending.seconds,
    )
