"""What earlier runs in force hold for a batch: ids, rows in reach, profile, population."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from fraudlake import aggregates
from fraudlake.runs import Manifest, ProfileSource, RunLog
from fraudlake.tables import CUSTOMER_PROFILE, CUSTOMER_RISK, History, scored_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.lake import Lake
    from fraudlake.rules.book import RuleBook


@dataclass(frozen=True)
class Past:
    """The runs in force before a batch, and how they are read."""

    spark: SparkSession
    lake: Lake
    log: RunLog
    book: RuleBook
    batch: date

    @property
    def first_baseline_batch(self) -> date:
        """The oldest batch that counts for this batch's baselines."""
        return aggregates.first_baseline_batch(self.batch, self.book.settings.baseline.days)

    def accepted_ids(self) -> DataFrame:
        """customer_id and transaction_id of the batches in which repeats are looked for."""
        rows = self.lake.read(self.spark, "scored_transactions", self._deduped(), scored_schema())
        return rows.select("customer_id", "transaction_id")

    def history(self, oldest: datetime | None) -> History:
        """What the features need; `oldest` is the time of the oldest accepted row."""
        return History(
            scored=self._scored(oldest),
            population=self.log.population(self.first_baseline_batch, self.batch),
        )

    def profile(self) -> DataFrame:
        """The customer profile as this batch must see it, its moments those of the baseline."""
        base = self._base()
        if base is None:
            risk = self._risk(self.log.before(self.batch))
            return aggregates.profile_of_runs(risk, self.first_baseline_batch)
        profile = self.lake.read(self.spark, "customer_profile", [base], CUSTOMER_PROFILE)
        # The stored moments are those that the day after the base saw; days may lie between.
        reach = timedelta(days=self.book.settings.baseline.days - 1)
        gone = self.log.since(base.batch_date - reach, self.first_baseline_batch)
        stored = profile.drop("batch_date")
        return (
            aggregates.moved_profile(stored, self._risk([]), self._risk(gone)) if gone else stored
        )

    def leaving(self) -> DataFrame:
        """The customer_risk of the batch that leaves the baseline's days after this one."""
        first = self.first_baseline_batch
        return self._risk(self.log.since(first, first + timedelta(days=1)))

    def profile_source(self) -> ProfileSource:
        """What `profile` is made from, for the manifest."""
        days = self.book.settings.baseline.days
        base = self._base()
        if base is not None:
            return ProfileSource(days, moved_from=base.run_id)
        return ProfileSource(
            days, rebuilt_from=tuple(one.run_id for one in self.log.before(self.batch))
        )

    def built_on(self, oldest: datetime | None) -> list[str]:
        """The runs that this batch's rows depend on directly, oldest first."""
        base = self._base()
        runs = [
            *self._deduped(),
            *self._reached(oldest),
            *self.log.since(self.first_baseline_batch, self.batch),
            *([base] if base else self.log.before(self.batch)),
        ]
        return sorted({one.run_id: one.batch_date for one in runs}, key=self._date_of)

    def _date_of(self, run_id: str) -> date:
        return self.log.by_id[run_id].batch_date

    def _base(self) -> Manifest | None:
        return self.log.profile_to_move(self.batch, self.book.settings.baseline.days)

    def _deduped(self) -> list[Manifest]:
        return self.log.before(self.batch)[: self.book.settings.cleansing.dedupe_batches]

    def _reached(self, oldest: datetime | None) -> list[Manifest]:
        if oldest is None:
            return []
        return self.log.reached_by_window(self._reach_from(oldest), self.batch)

    def _reach_from(self, oldest: datetime) -> datetime:
        return oldest - timedelta(seconds=self.book.longest_window_seconds)

    def _scored(self, oldest: datetime | None) -> DataFrame:
        schema = scored_schema(self.book.settings.cleansing.carry)
        runs = self._reached(oldest)
        rows = self.lake.read(self.spark, "scored_transactions", runs, schema)
        if oldest is not None:
            rows = rows.where(rows["transaction_ts"] > self._reach_from(oldest))
        return rows.drop("batch_date")

    def _risk(self, runs: list[Manifest]) -> DataFrame:
        return self.lake.read(self.spark, "customer_risk", runs, CUSTOMER_RISK)
