"""A command as a whole process tree: wall time, peak memory, bytes, and a limit to its time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import launcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SAMPLE_SECONDS = 0.1
_OUTPUT_SHOWN = 2_000  # characters of what a failed command said
OVER_LIMIT = "over the time limit"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a command used, start-up included.

    `peak_memory` is the largest sum of the resident memory of all its processes at one time, in
    bytes, sampled ten times a second. `failure` says why there is no time to take seriously.
    """

    seconds: float
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    bytes_read: int = 0
    bytes_written: int = 0
    failure: str | None = None


def measured(
    command: Sequence[str], folder: Path, limit_seconds: float, env: Mapping[str, str]
) -> Usage:
    """Run a command to its end, or kill it and its descendants at the limit.

    `folder` takes what the command prints and the usage that the launcher writes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    said, usage_file = folder / "output.txt", folder / "usage.json"
    usage_file.unlink(missing_ok=True)
    with said.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - commands of the bench's own making
            [sys.executable, launcher.__file__, str(usage_file), *command],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **env},
            start_new_session=True,
        )
        try:
            peak, is_late = _watch(process, limit_seconds)
        finally:
            _end(process)
    if is_late:
        return Usage(seconds=limit_seconds, peak_memory=peak, failure=OVER_LIMIT)
    return _usage(process.returncode, peak, usage_file, said)


def _usage(code: int, peak: int, usage_file: Path, said: Path) -> Usage:
    used = json.loads(usage_file.read_text(encoding="utf-8")) if usage_file.is_file() else {}
    failure = None
    if code != 0 or not used:
        last = said.read_text(encoding="utf-8", errors="replace").strip()[-_OUTPUT_SHOWN:]
        failure = f"exit code {code}: {last}"
    return Usage(**{"seconds": 0.0, **used}, peak_memory=peak, failure=failure)


def _watch(process: subprocess.Popen[bytes], limit_seconds: float) -> tuple[int, bool]:
    """The peak memory, and whether the limit passed before the end."""
    peak, ends = 0, time.monotonic() + limit_seconds
    while process.poll() is None:
        peak = max(peak, sum(map(_resident, _descendants(process.pid))))
        if time.monotonic() > ends:
            return peak, True
        time.sleep(_SAMPLE_SECONDS)
    return peak, False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    for pid in [*_descendants(process.pid), process.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def _descendants(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    """The processes that the threads of a process started; it and they may end meanwhile."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0
