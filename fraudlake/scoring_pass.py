"""One pass over a few batches: read, run the core, write, then check and commit each of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import Observation

from fraudlake import aggregates, pipeline, tally, velocity
from fraudlake.history import Past, PastRows
from fraudlake.joins import sized
from fraudlake.kept import KeptFrames
from fraudlake.manifests import Attempt, manifest_of
from fraudlake.pass_checks import check_read, check_reread
from fraudlake.pass_rows import PassRows, count_of_rows
from fraudlake.pipeline import Facts
from fraudlake.profile import Standings, standings
from fraudlake.repeats import with_id_hash, without_repeats
from fraudlake.runs import check_reconciled
from fraudlake.session import fit_to_input
from fraudlake.tables import (
    OUTPUT_TABLES,
    BatchSummary,
    History,
    scored_schema,
    table_schema,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from pyspark.sql import DataFrame

    from fraudlake.batches import Batches
    from fraudlake.cleansing import Cleansed
    from fraudlake.fx import FxRates
    from fraudlake.lake import Lake, Runs
    from fraudlake.runs import Manifest, RunLog
    from fraudlake.sources import Sources
    from fraudlake.steps import Steps
    from fraudlake.tally import BatchTally


@dataclass
class ScoringPass:
    """One attempt at batches that are scored together; `commits` does all of it."""

    sources: Sources
    lake: Lake
    log: RunLog
    runs: Runs
    steps: Steps
    now: Callable[[], datetime]
    workflow_run: str | None = None
    kept: KeptFrames = field(default_factory=KeptFrames)

    def __post_init__(self) -> None:
        """Nothing is read yet."""
        self._rows = PassRows(self.sources, self.batches, self.kept)

    @property
    def batches(self) -> Batches:
        """The batches of the pass."""
        return self.runs.batches

    def commits(self) -> Iterator[Manifest]:
        """Score all batches, then commit them in order: each when everything of it adds up.

        Raises FraudlakeError at the first that cannot be trusted; those before it are committed.
        """
        started = self.now()
        try:
            found = self._score_all()
            for at in range(len(self.batches)):
                yield self._commit(at, started, found)
        finally:
            self.kept.release()

    def _score_all(self) -> list[BatchTally]:
        with self.steps.step("reading"):
            raw, rates = self._open_transactions()
        past = PastRows(self.sources.spark, self.lake, self._past(0), self.batches)
        with self.steps.step("cleansing"), self._people_ahead() as known:
            cleansed, days, found = self._cleanse(raw, rates, past)
            customers, blacklist = known()
            check_read(self.sources, self.batches.first, found[0])
        rows = sum(one.read for one in found)
        with self.steps.step("matching", rows):
            accounts = self._accounts(days, past)
            named = self.kept.keep(pipeline.named_customers(days, customers))
            people = self._match(days, named, blacklist, accounts, found)
        with self.steps.step("scoring", rows):
            facts = self._facts(cleansed, days, people, past, found)
            self._write_rows(cleansed, facts, past, found)
        with self.steps.step("summarising", rows):
            self._summarise(days, people, accounts, found)
        return found

    def _past(self, at: int) -> Past:
        return Past(self.log, self.sources.book, self.batches.dates[at])

    def _open_transactions(self) -> tuple[DataFrame, FxRates]:
        fit_to_input(self.sources.spark, self.sources.transactions.bytes_of_all(self.batches))
        return self.sources.transactions_at(self.batches)

    @contextmanager
    def _people_ahead(self) -> Iterator[Callable[[], tuple[DataFrame, DataFrame]]]:
        """Read customers and blacklist meanwhile; what comes waits for them, and raises theirs.

        Reading them is mostly Python's work, and Spark's planning of it leaves a core idle.
        """
        reader = ThreadPoolExecutor(1)
        try:
            yield reader.submit(self.sources.people_at, self.batches.first).result
        finally:
            reader.shutdown(wait=False, cancel_futures=True)

    def _cleanse(
        self, raw: DataFrame, rates: FxRates, past: PastRows
    ) -> tuple[Cleansed, DataFrame, list[BatchTally]]:
        read, settings = Observation(), self.sources.book.settings.cleansing
        rows = self._rows.judged(with_id_hash(raw), rates, read)
        cleansed = without_repeats(rows, past.accepted_ids(), settings, self.kept.keep)
        days = self.kept.keep(aggregates.customer_days(cleansed.narrow, self.batches))
        return cleansed, days, tally.tallied(cleansed.narrow, days, read.get, self.batches)

    def _accounts(self, days: DataFrame, past: PastRows) -> Standings:
        baseline_days = self.sources.book.settings.baseline.days
        accounts = standings(past.profile(), days, past.leaving(), self.batches, baseline_days)
        return replace(accounts, rows=self.kept.keep(accounts.rows))

    def _oldest(self, found: list[BatchTally]) -> datetime | None:
        return min((one.oldest for one in found if one.oldest), default=None)

    def _match(
        self,
        days: DataFrame,
        named: DataFrame,
        blacklist: DataFrame,
        accounts: Standings,
        found: list[BatchTally],
    ) -> DataFrame:
        """The facts of each customer on each day; as many rows at most as `days` has."""
        book, most = self.sources.book, sum(one.customers for one in found)
        known = sized(named.select("customer_id", "customer_known"), most)
        matches = pipeline.blacklist_matches(named, blacklist, book, self.batches)
        matched = pipeline.match_customers(days, known, sized(matches, most))
        people = pipeline.with_past(matched, accounts, book.settings.baseline)
        return sized(self.kept.keep(people), most)

    def _facts(
        self,
        cleansed: Cleansed,
        days: DataFrame,
        people: DataFrame,
        past: PastRows,
        tallied: list[BatchTally],
    ) -> Facts:
        rows = cleansed.narrow.where("reject_mask = 0").select(*velocity.VELOCITY_KEYS)
        seconds, oldest = self.sources.book.settings.velocity.window, self._oldest(tallied)
        if oldest and past.past.reached(oldest, seconds):
            earlier = past.near(oldest, seconds)
            reached = velocity.filter_in_reach(earlier, days, self.batches, seconds)
            rows = rows.unionByName(reached)
        return Facts(people, velocity.velocities(rows, seconds, self.kept.keep))

    def _write_rows(
        self, cleansed: Cleansed, facts: Facts, past: PastRows, found: list[BatchTally]
    ) -> None:
        book, moments = self.sources.book, [one.moments for one in found]
        oldest = self._oldest(found)
        reached = past.reached_by_rules(oldest) if book.window_rules and oldest else None
        history = History(past.population(moments), moments, reached)
        met = Observation()
        informed = pipeline.with_facts(cleansed.accepted, facts).observe(met, count_of_rows())
        scored = pipeline.score_batches(informed, history, book, self.batches)
        self._write("scored_transactions", scored)
        check_reread(self.batches, found, self._rows.reread(), met.get["rows"])
        self._write("quarantine", cleansed.quarantined)

    def _summarise(
        self, days: DataFrame, people: DataFrame, accounts: Standings, found: list[BatchTally]
    ) -> None:
        book = self.sources.book
        striking = self.kept.keep(self._striking())
        tally.take_scores(found, striking, book)
        summary = pipeline.summarise_batches(days, people, striking, accounts, book)
        for table in BatchSummary.__dataclass_fields__:
            self._write(table, getattr(summary, table))

    def _striking(self) -> DataFrame:
        """Of the scored rows as they were written, those that are not like most."""
        schema = scored_schema(self.sources.book.settings.cleansing.carry)
        rows = self.lake.read_runs(self.sources.spark, "scored_transactions", self.runs, schema)
        return rows.where("size(risk_reasons) > 0 or velocity_count > 1").select(
            *("customer_id", "batch_at", "amount_usd", "velocity_count"),
            *("risk_score", "risk_category", "risk_reasons"),
        )

    def _commit(self, at: int, started: datetime, found: list[BatchTally]) -> Manifest:
        batch, run_id, tallied = self.batches.dates[at], self.runs.ids[at], found[at]
        self.steps.tell("committing", tallied.read)  # the manifest cannot say how long that took
        check_read(self.sources, batch, tallied)
        rows = tallied.rows([rule.heading.id for rule in self.sources.book.rules])
        outputs = self._check_written(at, rows)
        self.sources.check_unchanged(batch)
        share = tallied.read / max(sum(one.read for one in found), 1)
        durations = self.steps.durations(share)
        attempt = Attempt(run_id, started, self.now, durations, self.workflow_run)
        manifest = manifest_of(attempt, self.sources, self._past(at), tallied, outputs)
        self.lake.commit(manifest)
        self.log = self.log.with_run(manifest)
        return manifest

    def _check_written(self, at: int, rows: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        batch, run_id = self.batches.dates[at], self.runs.ids[at]
        outputs = {name: self.lake.written(name, batch, run_id) for name in OUTPUT_TABLES}
        check_reconciled(rows, outputs)
        return outputs

    def _write(self, table: str, rows: DataFrame) -> None:
        self.lake.write(rows, table, self.runs)
        # One batch leaves a file even without rows; a file that is missing then was lost.
        if len(self.batches) > 1:
            carry = self.sources.book.settings.cleansing.carry
            self.lake.fill(self.sources.spark, table, self.runs, table_schema(table, carry))
