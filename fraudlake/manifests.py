"""The manifest of a run, from what was read, found and written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fraudlake import __version__
from fraudlake.changes import changed_inputs, described_inputs
from fraudlake.runs import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from fraudlake.history import Past
    from fraudlake.runs import RunLog
    from fraudlake.sources import Sources
    from fraudlake.tally import BatchTally

_CHANGES_LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True)
class Attempt:
    """A run's id, its times (seconds by step), and the workflow run that it is part of."""

    run_id: str
    started: datetime
    now: Callable[[], datetime]
    durations: Mapping[str, float]
    workflow_run: str | None


def manifest_of(
    attempt: Attempt,
    sources: Sources,
    past: Past,
    found: BatchTally,
    outputs: Mapping[str, Mapping[str, Any]],
) -> Manifest:
    """All that a manifest tells; `past` are the runs in force before it commits."""
    book, batch, log = sources.book, past.batch, past.log
    rows = found.rows([rule.heading.id for rule in book.rules])
    customers = sources.customers_at(batch).facts
    elapsed = sum(attempt.durations.values())
    return Manifest(
        run_id=attempt.run_id,
        workflow_run=attempt.workflow_run,
        batch_date=batch,
        started_at=attempt.started.isoformat(),
        committed_at=_commit_time(log, batch, attempt.now).isoformat(),
        code_version=__version__,
        rules_version=book.version,
        settings=book.as_mapping(),
        input_roots={name: str(path) for name, path in vars(sources.paths).items()},
        inputs=described_inputs(sources.files_of(batch)),
        customers=customers,
        blacklist=_blacklist_facts(sources, batch),
        fx_rates=found.fx_dates(),
        rows=rows,
        total_amount_usd=found.total_amount_usd(),
        customers_duplicates=customers["duplicates"],
        moments=found.moments,
        latest_transaction_ts=found.latest.isoformat() if found.latest else None,
        profile=past.profile_source(),
        built_on=past.built_on(found.oldest),
        supersedes=log.in_force[batch].run_id if batch in log.in_force else None,
        stale_successors=[
            {"batch_date": one.batch_date.isoformat(), "run_id": one.run_id}
            for one in log.after(batch)
        ],
        changed_inputs=_changed_inputs(sources, log, batch),
        outputs=outputs,
        durations=attempt.durations,
        rows_per_second=round(found.read / elapsed, 1) if elapsed else 0.0,
    )


def _blacklist_facts(sources: Sources, batch: date) -> dict[str, Any]:
    facts = sources.blacklist_at(batch).facts
    day = facts["snapshot_date"]
    return {**facts, "is_later_than_batch": day is not None and day > batch.isoformat()}


def _commit_time(log: RunLog, batch: date, now: Callable[[], datetime]) -> datetime:
    """Now, but always after the run that this one supersedes, whatever the clocks say."""
    before = log.in_force.get(batch)
    if before is None:
        return now()
    last = datetime.fromisoformat(before.committed_at)
    return max(now(), last + timedelta(microseconds=1))


def _changed_inputs(sources: Sources, log: RunLog, batch: date) -> list[dict[str, str]]:
    recent = log.since(batch - _CHANGES_LOOK_BACK, batch)
    return changed_inputs(
        recent,
        {
            "transactions": sources.transactions.files,
            "customers": sources.customers,
            "blacklist": sources.blacklist,
        },
    )
