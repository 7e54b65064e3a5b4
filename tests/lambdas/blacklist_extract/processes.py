"""Calls of the function in processes of their own, by the program `lambda_process`."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.lambdas.blacklist_extract.deployed import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Ended:
    """How a process ended: its wait status, 0 for success, and its peak memory in MB."""

    status: int
    peak_mb: int


@dataclass(frozen=True)
class Caller:
    """The program that forks a process for each call of the function."""

    calls: IO[str]
    answers: IO[str]

    def begin(self) -> int:
        """Start a call; the id of its process."""
        self.calls.write(DAY + "\n")
        self.calls.flush()
        return int(self.answers.readline())

    def end(self) -> Ended:
        """Wait for the end of the call."""
        status, peak_mb = self.answers.readline().split()
        return Ended(int(status), int(peak_mb))

    def call(self) -> Ended:
        """Start a call, and wait for its end."""
        self.begin()
        return self.end()


@contextmanager
def caller() -> Iterator[Caller]:
    """The program that forks a process a call; its log goes nowhere."""
    command = [sys.executable, "-m", "tests.lambdas.blacklist_extract.lambda_process"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=nothing, text=True, cwd=PROJECT
    ) as process:
        assert process.stdin
        assert process.stdout
        yield Caller(process.stdin, process.stdout)
        process.stdin.close()
