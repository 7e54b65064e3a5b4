"""What the engine of Glue's runs is given from outside: what runs, the clock, who is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fraudlake.local.deployment import Resource
from fraudlake.local.engine.steps import JobResult, StateChange

if TYPE_CHECKING:
    from datetime import datetime

# Runs a job to its end: its resource, arguments, run id, and the event that asks it to end.
RunJob = Callable[[Resource, dict[str, str], str, threading.Event], JobResult]
# Crawls to the end; raises whatever error makes the crawl a failed one, its text the reason.
RunCrawler = Callable[[Resource], object]


@dataclass(kw_only=True)
class Surroundings:
    """The outside of the engine.

    `minute` is how many seconds a minute of a job's time limit takes; `stopping_seconds` how long
    a crawler is STOPPING after its work; `fail_at` names jobs and crawlers that are made to fail.
    """

    run_job: RunJob
    run_crawler: RunCrawler
    now: Callable[[], datetime]
    on_change: Callable[[StateChange], object] = lambda change: None  # noqa: ARG005 - tells nobody
    fail_at: frozenset[str] = frozenset()
    minute: float = 60.0
    stopping_seconds: float = 0.2
    # What went wrong in telling others, or in going on; a step's thread must not die of it.
    faults: list[Exception] = field(default_factory=list)

    def guard(self, action: Callable[[], object]) -> None:
        """Do something; what goes wrong is kept, and raised by who waits for the run."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - any; see above
            self.faults.append(error)
