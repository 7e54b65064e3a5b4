"""One run of one batch, from its first read to its commit."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import Observation
from pyspark.sql import functions as F

from fraudlake import __version__, tally
from fraudlake.changes import changed_inputs, described_inputs
from fraudlake.errors import InputError
from fraudlake.history import Past
from fraudlake.pipeline import cleanse_batch, match_customers, score_batch, summarise_batch
from fraudlake.runs import Manifest, RunLog, check_reconciled
from fraudlake.session import fit_to_input
from fraudlake.tables import OUTPUT_TABLES, BatchInputs, BatchSummary, History, scored_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import DataFrame

    from fraudlake.lake import Lake
    from fraudlake.sources import Sources

_CHANGES_LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True)
class Progress:
    """Where a command stands: which batch of how many, which step, rows read so far if known."""

    batch: date
    position: int
    batches: int
    step: str = "reading"
    rows: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What a run found out that its manifest tells: times, counts, metrics, files written."""

    started: datetime
    oldest: datetime | None
    rows: dict[str, Any]
    metrics: dict[str, Any]
    outputs: dict[str, dict[str, Any]]


@dataclass
class BatchRun:
    """The state of one attempt at a batch; `commit` does all of it and returns the manifest."""

    sources: Sources
    lake: Lake
    log: RunLog
    run_id: str
    progress: Progress
    report: Callable[[Progress], None]
    now: Callable[[], datetime]
    workflow_run: str | None = None
    durations: dict[str, float] = field(default_factory=dict)
    persisted: list[DataFrame] = field(default_factory=list)

    @property
    def batch(self) -> date:
        """The date of the batch."""
        return self.progress.batch

    def commit(self) -> Manifest:
        """Run the batch; the manifest is written last, and only when everything adds up."""
        try:
            return self._commit()
        finally:
            for frame in self.persisted:
                frame.unpersist()

    def _commit(self) -> Manifest:
        started, book = self.now(), self.sources.book
        with self._step("reading"):
            inputs = self._open_inputs()
        past = Past(self.sources.spark, self.lake, self.log, book, self.batch)
        with self._step("cleansing"):
            cleansed, counts, read = self._cleanse(inputs, past)
        oldest = tally.moment(counts["oldest_micros"])
        profile = past.profile()
        with self._step("matching", rows=read):
            people = self._match(cleansed, inputs, profile)
        with self._step("scoring", rows=read):
            metrics = self._score(cleansed, people, past.history(oldest))
        with self._step("summarising", rows=read):
            self._summarise(people, profile, past.leaving())
        with self._step("committing", rows=read):
            rows = tally.rows_of_manifest(read, counts, metrics, self._rule_ids)
            outputs = self._check_written(rows)
            self.sources.check_unchanged(self.batch)
            manifest = self._manifest(past, Outcome(started, oldest, rows, metrics, outputs))
            self.lake.commit(manifest)
        return manifest

    @property
    def _rule_ids(self) -> tuple[str, ...]:
        return tuple(rule.heading.id for rule in self.sources.book.rules)

    def _open_inputs(self) -> BatchInputs:
        fit_to_input(self.sources.spark, self.sources.transactions.files_of(self.batch))
        return self.sources.batch_inputs(self.batch)

    def _cleanse(self, inputs: BatchInputs, past: Past) -> tuple[DataFrame, dict[str, Any], int]:
        read = Observation()
        observed = inputs.transactions.observe(read, F.count(F.lit(1)).alias("read"))
        inputs = replace(inputs, transactions=observed)
        cleansed = self._persist(
            cleanse_batch(inputs, past.accepted_ids(), self.sources.book, self.batch)
        )
        counts = tally.cleansing_counts(cleansed).collect()[0].asDict()
        self._check_malformed(counts["MALFORMED_ROW"], counts["decided"])
        rows = int(read.get["read"])
        self.sources.check_complete(self.batch, rows)
        return cleansed, counts, rows

    def _check_malformed(self, malformed: int, rows: int) -> None:
        allowed = self.sources.book.settings.cleansing.malformed_share
        whole_source = self.sources.transactions.ragged_share
        share = whole_source if whole_source is not None else malformed / max(rows, 1)
        if share > allowed:
            raise InputError(
                f"transactions: {share:.2%} of the lines of batch {self.batch} are malformed "
                f"({malformed} of {rows}), more than {allowed:.2%}; check separator, quotes and "
                "line breaks of the files, or settings.cleansing.malformed_share"
            )

    def _match(self, cleansed: DataFrame, inputs: BatchInputs, profile: DataFrame) -> DataFrame:
        people = match_customers(cleansed, inputs, profile, self.sources.book, self.batch)
        people = self._persist(people)
        people.count()  # once materialised, its size tells the planner whether to broadcast it
        return people

    def _score(self, cleansed: DataFrame, people: DataFrame, history: History) -> dict[str, Any]:
        scored = score_batch(cleansed, people, history, self.sources.book)
        metrics = Observation()
        columns = tally.scored_metrics(self.batch, self._rule_ids)
        self._write("scored_transactions", scored.scored_transactions.observe(metrics, *columns))
        self._write("quarantine", scored.quarantine)
        return metrics.get

    def _summarise(self, people: DataFrame, profile: DataFrame, left: DataFrame) -> None:
        book = self.sources.book
        summary = summarise_batch(self._written_scores(), people, profile, left, book)
        for table in BatchSummary.__dataclass_fields__:
            self._write(table, getattr(summary, table))

    def _written_scores(self) -> DataFrame:
        folder = self.lake.folder("scored_transactions", self.batch, self.run_id)
        schema = scored_schema(self.sources.book.settings.cleansing.carry)
        return self.sources.spark.read.schema(schema).parquet(str(folder))

    def _check_written(self, rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
        outputs = {name: self.lake.written(name, self.batch, self.run_id) for name in OUTPUT_TABLES}
        check_reconciled(rows, outputs)
        return outputs

    def _manifest(self, past: Past, outcome: Outcome) -> Manifest:
        book, sources = self.sources.book, self.sources
        rows, metrics = outcome.rows, outcome.metrics
        latest = tally.moment(metrics["latest_micros"])
        customers = sources.customers_at(self.batch).facts
        elapsed = sum(self.durations.values())
        return Manifest(
            run_id=self.run_id,
            workflow_run=self.workflow_run,
            batch_date=self.batch,
            started_at=outcome.started.isoformat(),
            committed_at=self._commit_time().isoformat(),
            code_version=__version__,
            rules_version=book.version,
            settings=book.as_mapping(),
            input_roots={name: str(path) for name, path in vars(sources.paths).items()},
            inputs=described_inputs(sources.files_of(self.batch)),
            customers=customers,
            blacklist=self._blacklist_facts(),
            fx_rates={"from": metrics["fx_from"], "to": metrics["fx_to"]},
            rows=rows,
            total_amount_usd=tally.totals_of_manifest(metrics),
            customers_duplicates=customers["duplicates"],
            moments=tally.moments_of_manifest(metrics),
            latest_transaction_ts=latest.isoformat() if latest else None,
            profile=past.profile_source(),
            built_on=past.built_on(outcome.oldest),
            supersedes=self._superseded(),
            stale_successors=[
                {"batch_date": one.batch_date.isoformat(), "run_id": one.run_id}
                for one in self.log.after(self.batch)
            ],
            changed_inputs=self._changed_inputs(),
            outputs=outcome.outputs,
            durations={name: round(seconds, 3) for name, seconds in self.durations.items()},
            rows_per_second=round(rows["read"] / elapsed, 1) if elapsed else 0.0,
        )

    def _blacklist_facts(self) -> dict[str, Any]:
        facts = self.sources.blacklist_at(self.batch).facts
        day = facts["snapshot_date"]
        return {**facts, "is_later_than_batch": day is not None and day > self.batch.isoformat()}

    def _superseded(self) -> str | None:
        before = self.log.in_force.get(self.batch)
        return before.run_id if before else None

    def _commit_time(self) -> datetime:
        """Now, but always after the run that this one supersedes, whatever the clocks say."""
        before = self.log.in_force.get(self.batch)
        if before is None:
            return self.now()
        last = datetime.fromisoformat(before.committed_at)
        return max(self.now(), last + timedelta(microseconds=1))

    def _changed_inputs(self) -> list[dict[str, str]]:
        recent = self.log.since(self.batch - _CHANGES_LOOK_BACK, self.batch)
        return changed_inputs(
            recent,
            {
                "transactions": self.sources.transactions.files,
                "customers": self.sources.customers,
                "blacklist": self.sources.blacklist,
            },
        )

    def _write(self, table: str, rows: DataFrame) -> None:
        self.lake.write(rows, table, self.batch, self.run_id)

    def _persist(self, rows: DataFrame) -> DataFrame:
        self.persisted.append(rows.persist())
        return rows

    @contextmanager
    def _step(self, name: str, rows: int | None = None) -> Iterator[None]:
        self.report(replace(self.progress, step=name, rows=rows))
        begun = time.monotonic()
        yield
        self.durations[name] = time.monotonic() - begun
