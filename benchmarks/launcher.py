"""Runs one command on two cores and tells what it and all its descendants used.

A program of its own, standard library only: `python launcher.py USAGE.json COMMAND ...`. It adopts
orphans (a JVM outlives the Python that started it), so that the system adds up all of them here.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

CORES = 2
_PR_SET_CHILD_SUBREAPER = 36


def main(usage_file: str, command: list[str]) -> int:
    """Run the command, wait for all that it left behind, write the usage; its exit code."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    started = time.monotonic()
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - the harness's own command
    seconds = time.monotonic() - started
    _reap_orphans()
    usage = {"seconds": seconds, **_cpu(), **_bytes()}
    Path(usage_file).write_text(json.dumps(usage), encoding="utf-8")
    return code


def _reap_orphans() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _cpu() -> dict[str, float]:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu_seconds": used.ru_utime + used.ru_stime}


def _bytes() -> dict[str, int]:
    """Bytes that went through read and write calls; what is mapped into memory is not in it."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    counts = dict(line.split(": ") for line in lines)
    return {"bytes_read": int(counts["rchar"]), "bytes_written": int(counts["wchar"])}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
