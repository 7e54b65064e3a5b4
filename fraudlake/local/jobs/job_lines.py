"""The output of a job as it comes, and what of it tells why the job failed."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from select import select
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from subprocess import Popen

TICK = 0.05  # seconds between two looks at whether a job has to end
_CHUNK = 65_536
_KEPT = 500  # lines, for the message of a failure
_LAST_WORDS = 1.0  # seconds that ended processes are given to let go of the output
_TRACEBACK = "Traceback (most recent call last):"
# `package.module.SomeError: text`, as Python ends a traceback.
_RAISED = re.compile(r"(?:\w+\.)*(\w+)(?=: |$)")


class Lines:
    """Takes output in pieces; writes it to a file, and gives each whole line to `on_line`."""

    def __init__(self, file: IO[bytes], on_line: Callable[[str], None]) -> None:
        """Begin with nothing; `last` has the last lines."""
        self.last: deque[str] = deque(maxlen=_KEPT)
        self._file, self._on_line, self._rest = file, on_line, b""

    def feed(self, data: bytes) -> None:
        """Take a piece of output."""
        self._file.write(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._pass_on(line)

    def finish(self) -> None:
        """Take what came without an end of line as the last line."""
        if self._rest:
            self._pass_on(self._rest)
        self._rest = b""

    def _pass_on(self, line: bytes) -> None:
        # What a return has overwritten, such as a progress bar, does not show on a terminal either.
        text = line.decode("utf-8", errors="replace").rstrip("\r").rpartition("\r")[2]
        self.last.append(text)
        self._on_line(text)


def follow(process: Popen[bytes], lines: Lines, has_to_end: Callable[[], str]) -> str:
    """Pass output on until a process ends (empty) or has to, for the reason that is returned."""
    output = _output(process)
    is_open = True
    while process.poll() is None:
        if reason := has_to_end():
            return reason
        if not is_open:
            time.sleep(TICK)
        elif select([output], [], [], TICK)[0]:
            is_open = _read(output, lines)
    return ""


def drain(process: Popen[bytes], lines: Lines) -> None:
    """Pass on what an ended process has left, and close its output."""
    with _output(process) as output:
        while select([output], [], [], _LAST_WORDS)[0] and _read(output, lines):
            pass
        lines.finish()


def message_of(lines: Iterable[str], exit_code: int) -> str:
    """Why a job failed: the exception that ended it, without its module, else its exit code."""
    found = [*lines]
    starts = [number for number, line in enumerate(found) if line == _TRACEBACK]
    if not starts:
        return f"Command failed with exit code {exit_code if exit_code >= 0 else 128 - exit_code}"
    after = iter(found[starts[-1] + 1 :])
    raised = next((line for line in after if line and not line[0].isspace()), "")
    message = [_RAISED.sub(r"\1", raised, count=1)]
    for line in after:
        if not line or line[0].isspace():  # the stack of Java
            break
        message.append(line)
    return "\n".join(message)


def _read(output: IO[bytes], lines: Lines) -> bool:
    data = os.read(output.fileno(), _CHUNK)
    lines.feed(data)
    return bool(data)


def _output(process: Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise ValueError("the process was started without a pipe for its output")
    return process.stdout
