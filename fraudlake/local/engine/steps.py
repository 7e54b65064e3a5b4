"""What Glue keeps of each run of a job and of each crawl."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SUCCEEDED, FAILED, STOPPED = "SUCCEEDED", "FAILED", "STOPPED"
TIMEOUT, ERROR, CANCELLED = "TIMEOUT", "ERROR", "CANCELLED"
STARTING, RUNNING, WAITING, STOPPING = "STARTING", "RUNNING", "WAITING", "STOPPING"
CANCELLING, READY = "CANCELLING", "READY"
# What does not change any more.
ENDED = frozenset({SUCCEEDED, FAILED, STOPPED, TIMEOUT, ERROR, CANCELLED})


@dataclass(frozen=True)
class JobResult:
    """How the process of a job ended.

    `state` is SUCCEEDED, FAILED, TIMEOUT or STOPPED, `message` why it did not succeed, `log`
    where its output is.
    """

    state: str
    message: str = ""
    log: str = ""


@dataclass(frozen=True, kw_only=True)
class StateChange:
    """A job run or a crawl that started or ended, as Glue tells others of it.

    `kind` is job or crawler, `run_id` the id of the job run; `message` says why when it failed.
    """

    kind: str
    name: str
    state: str
    at: datetime
    started: datetime
    run_id: str = ""
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Who started a step: a trigger within a run of its workflow, or (nothing here) a call."""

    workflow: str = ""
    run_id: str = ""
    trigger: str = ""


CALLED = Origin()


@dataclass(kw_only=True)
class JobRun:
    """One attempt to run a job; what it is told, and how far it is. Changes under the lock."""

    kind: ClassVar[str] = "job"
    name: str
    arguments: Mapping[str, str]
    given: Mapping[str, str]
    timeout: float
    origin: Origin
    started: datetime
    id: str = field(default_factory=lambda: new_id("jr"))
    attempt: int = 0
    previous: str = ""
    state: str = STARTING
    ended: datetime | None = None
    message: str = ""
    log: str = ""
    line: str = ""
    # Set when somebody or the clock ends it: the state that it is to end in.
    ending: str = ""
    # Whether it has ended and everybody knows: a retry in its stead, or who waits for it.
    is_settled: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)

    def stop(self, ending: str) -> None:
        """Ask it to end; the first who asks says as what."""
        self.ending = self.ending or ending
        self.cancel.set()

    def close(self, result: JobResult, at: datetime) -> None:
        """Keep how it ended."""
        self.state, self.message, self.log, self.ended = (
            result.state,
            result.message,
            result.log,
            at,
        )


@dataclass(kw_only=True)
class Crawl:
    """One crawl; changes under the lock. It has one attempt and is told of no log."""

    kind: ClassVar[str] = "crawler"
    attempt: ClassVar[int] = 0
    line: ClassVar[str] = ""
    name: str
    origin: Origin
    started: datetime
    state: str = RUNNING
    ended: datetime | None = None
    message: str = ""
    # Whether it has ended and who waits for it knows.
    is_settled: bool = False

    def close(self, state: str, message: str, at: datetime) -> None:
        """Keep how it ended."""
        self.state, self.message, self.ended = state, message, at


def new_id(prefix: str) -> str:
    """A run id in Glue's form: `wr_` or `jr_` and 64 hexadecimal digits."""
    return f"{prefix}_{secrets.token_hex(32)}"


def asked_to_fail(name: str) -> str:
    """The message of what was made to fail on purpose."""
    return f"{name} was made to fail, as was asked for with --fail-at {name}"
