"""Processes of the local cloud's functions, jobs and servers: none outlives its owner.

Each has a session of its own, so that the keyboard's interrupt does not reach it and everything
that it starts in turn (a JVM, Python workers) can be found and ended with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PROCESSES = Path("/proc")
_TICK = 0.02  # seconds


def start(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, output: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    """Start a command in a folder, with this environment and no other, its two outputs as one.

    On Linux the kernel kills it when the thread that calls this ends, however that comes about:
    call it in a thread that waits for it.
    """
    return subprocess.Popen(  # noqa: S603 - the callers' own commands
        [*bound_to_parent(), *command],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def bound_to_parent() -> list[str]:
    """What to put before a command so that the kernel ends it with its parent, even a killed one.

    Empty where there is no such tool (outside Linux).
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def end(process: subprocess.Popen[bytes], patience: float = 0) -> None:
    """End a process of `start` and all that it started; ask first, and wait so many seconds."""
    if patience:
        _signal(process.pid, signal.SIGTERM)
        _await_end(process, patience)
    # Before the last wait: as long as it is not waited for, its number belongs to no other.
    _signal(process.pid, signal.SIGKILL)
    process.wait()
    _signal(process.pid, signal.SIGKILL)


def members(session: int) -> list[int]:
    """The numbers of the processes of a session that still run (the leader's is the session's)."""
    return [pid for pid, found, state in _processes() if found == session and state not in "ZX"]


def peak_memory_mb(pid: int) -> int:
    """The most memory that a running process has held so far, in MiB; 0 when it cannot be told."""
    with suppress(OSError):
        for line in (_PROCESSES / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0


def _await_end(process: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while members(process.pid) and time.monotonic() < until:
        time.sleep(_TICK)


def _signal(session: int, number: signal.Signals) -> None:
    if _PROCESSES.is_dir():
        for pid in members(session):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(session, number)


def _processes() -> Iterator[tuple[int, int, str]]:
    """Number, session and state of every process of this machine."""
    for entry in _PROCESSES.glob("[0-9]*"):
        # A name in brackets may hold blanks and brackets; what follows the last one does not.
        with suppress(OSError):
            state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            yield int(entry.name), int(session), state
