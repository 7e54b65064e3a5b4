"""Runs of jobs by Glue's rules: concurrency, queue, time limit, retries, stop."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fraudlake.local.calls import CallError
from fraudlake.local.engine.arguments import default_timeout, merged_arguments
from fraudlake.local.engine.steps import (
    CALLED,
    ENDED,
    ERROR,
    FAILED,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    TIMEOUT,
    WAITING,
    JobResult,
    JobRun,
    Origin,
    StateChange,
    asked_to_fail,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from fraudlake.local.deployment import Resource
    from fraudlake.local.engine.surroundings import Surroundings

OVER_LIMIT = "The job exceeded its maximum allowed concurrent runs"
_HOLDS_A_PLACE = frozenset({STARTING, RUNNING, STOPPING})


class JobRuns:
    """All runs of all jobs. Who calls a method holds the lock `changed`."""

    def __init__(
        self, jobs: Iterable[Resource], around: Surroundings, changed: threading.Condition
    ) -> None:
        """Take the jobs of a deployment; `changed` guards everything and tells of changes."""
        self._jobs = {job.name: job for job in jobs}
        self._around, self._changed = around, changed
        self.runs: list[JobRun] = []

    def job(self, name: str) -> Resource:
        """The job of a name; CallError when there is none."""
        if name not in self._jobs:
            raise CallError("EntityNotFoundException", f"Job {name} is not found.")
        return self._jobs[name]

    def of(self, name: str) -> list[JobRun]:
        """The runs of a job, the newest first; CallError when there is no such job."""
        self.job(name)
        return [run for run in reversed(self.runs) if run.name == name]

    def find(self, name: str, run_id: str) -> JobRun:
        """A run of a job; CallError when there is none."""
        for run in self.of(name):
            if run.id == run_id:
                return run
        raise CallError("EntityNotFoundException", f"Job run {run_id} is not found.")

    def start(
        self,
        name: str,
        *,
        origin: Origin = CALLED,
        arguments: Mapping[str, str] | None = None,
        timeout: float | None = None,
        on_end: Callable[[], object] | None = None,
    ) -> JobRun:
        """Start a run in a thread of its own, queue it, or have it fail at once.

        `arguments` go before the job's own; `on_end` is called, with the lock held, after the
        last attempt. Raises CallError for no such job, and when a call exceeds the job's limit.
        """
        job = self.job(name)
        run = self._new(job, origin, arguments or {}, timeout)
        if self._is_full(job):
            self._put_off(job, run)
        self.runs.append(run)
        body = threading.Thread(target=self._live, args=(job, run, on_end), name=name, daemon=True)
        body.start()
        return run

    def record_error(self, name: str, origin: Origin, message: str) -> None:
        """Keep a run that a trigger could not even start: in ERROR, of which nobody is told."""
        now = self._around.now()
        run = JobRun(name=name, arguments={}, given={}, timeout=0, origin=origin, started=now)
        run.close(JobResult(ERROR, message), now)
        run.is_settled = True
        self.runs.append(run)

    def stop(self, run: JobRun) -> None:
        """Have a run end as STOPPED; CallError when it has ended."""
        if run.state in ENDED:
            text = f"Job run {run.id} has ended as {run.state}."
            raise CallError("JobRunInTerminalStateException", text)
        self.halt(run)

    def halt(self, run: JobRun) -> None:
        """Have a run end as STOPPED, and its retries with it; whatever its state."""
        run.stop(STOPPED)
        if run.state in (STARTING, RUNNING):
            run.state = STOPPING
        self._changed.notify_all()

    def _new(
        self, job: Resource, origin: Origin, given: Mapping[str, str], timeout: float | None
    ) -> JobRun:
        return JobRun(
            name=job.name,
            arguments=merged_arguments(job.properties, given, origin),
            given=dict(given),
            timeout=timeout or job.properties.get("Timeout") or default_timeout(job.properties),
            origin=origin,
            started=self._around.now(),
        )

    def _is_full(self, job: Resource) -> bool:
        limit = job.properties.get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1)
        at_work = [one for one in self.runs if one.name == job.name and one.state in _HOLDS_A_PLACE]
        return len(at_work) >= int(limit)

    def _put_off(self, job: Resource, run: JobRun) -> None:
        """What becomes of a run for which the job has no place."""
        if job.properties.get("JobRunQueuingEnabled"):
            run.state = WAITING
        elif run.origin is CALLED:
            text = f"Concurrent runs exceeded for {job.name}"
            raise CallError("ConcurrentRunsExceededException", text)
        else:
            run.close(JobResult(FAILED, OVER_LIMIT), run.started)

    def _live(self, job: Resource, run: JobRun, on_end: Callable[[], object] | None) -> None:
        """The life of a run in its thread: attempt after attempt, until one stands."""
        if run.state in ENDED:
            self._tell(run, run.state, run.message)
        else:
            run = self._attempts(job, run)
        with self._changed:
            run.is_settled = True
            if on_end is not None:
                self._around.guard(on_end)
            self._changed.notify_all()

    def _attempts(self, job: Resource, run: JobRun) -> JobRun:
        """Attempt a run until it does not fail or may not be retried; the last attempt."""
        first = run.id
        self._attempt(job, run)
        retries = int(job.properties.get("MaxRetries", 0))
        # Only failures are retried: not what ran out of time, nor what was stopped.
        while run.state == FAILED and run.attempt < retries and not run.cancel.is_set():
            run = self._again(run, first)
            self._attempt(job, run)
        return run

    def _again(self, run: JobRun, first: str) -> JobRun:
        attempt = run.attempt + 1
        again = JobRun(
            id=f"{first}_attempt_{attempt}",
            attempt=attempt,
            previous=run.id,
            name=run.name,
            arguments=run.arguments,
            given=run.given,
            timeout=run.timeout,
            origin=run.origin,
            started=self._around.now(),
        )
        with self._changed:
            run.is_settled = True
            again.cancel = run.cancel
            self.runs.append(again)
        return again

    def _attempt(self, job: Resource, run: JobRun) -> None:
        with self._changed:
            self._changed.wait_for(lambda: run.cancel.is_set() or self._has_turn(job, run))
            if not run.cancel.is_set():
                run.state = RUNNING
        with self._time_limit(run):
            result = self._ended(run, self._played(job, run))
        # Told before it can be seen: who waits for the end finds what it brought about.
        self._tell(run, result.state, result.message)
        with self._changed:
            run.close(result, self._around.now())
            self._changed.notify_all()

    def _has_turn(self, job: Resource, run: JobRun) -> bool:
        if run.state != WAITING:
            return True
        queue = [one for one in self.runs if one.name == job.name and one.state == WAITING]
        return queue[0] is run and not self._is_full(job)

    def _played(self, job: Resource, run: JobRun) -> JobResult:
        if run.cancel.is_set():
            return JobResult(STOPPED)
        if job.name in self._around.fail_at:
            return JobResult(FAILED, asked_to_fail(job.name))
        try:
            return self._around.run_job(job, dict(run.arguments), run.id, run.cancel)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job has failed of it
            return JobResult(FAILED, f"{type(error).__name__}: {error}")

    def _tell(self, run: JobRun, state: str, message: str) -> None:
        change = StateChange(
            kind="job",
            name=run.name,
            state=state,
            at=self._around.now(),
            started=run.started,
            run_id=run.id,
            message=message,
        )
        self._around.guard(lambda: self._around.on_change(change))

    @contextmanager
    def _time_limit(self, run: JobRun) -> Iterator[None]:
        timer = threading.Timer(run.timeout * self._around.minute, run.stop, [TIMEOUT])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @staticmethod
    def _ended(run: JobRun, result: JobResult) -> JobResult:
        """The result, under the state that it was asked to end in."""
        if run.ending and result.state != SUCCEEDED:
            return JobResult(run.ending, "", result.log)
        return result
