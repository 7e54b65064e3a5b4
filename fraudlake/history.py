"""What earlier runs in force hold for batches: ids, rows in reach, profile, population."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake import aggregates
from fraudlake.profile import last_leaving
from fraudlake.runs import Manifest, ProfileSource, RunLog
from fraudlake.tables import CUSTOMER_PROFILE, CUSTOMER_RISK, scored_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from fraudlake.batches import Batches
    from fraudlake.lake import Lake
    from fraudlake.rules.book import RuleBook
    from fraudlake.tables import Moments


@dataclass(frozen=True)
class Past:
    """The runs in force before a batch, and what of them it builds on."""

    log: RunLog
    book: RuleBook
    batch: date

    @property
    def first_baseline_batch(self) -> date:
        """The oldest batch that counts for this batch's baselines."""
        return aggregates.first_baseline_batch(self.batch, self.book.settings.baseline.days)

    def profile_source(self) -> ProfileSource:
        """What the profile is made from, for the manifest."""
        days = self.book.settings.baseline.days
        base = self.base()
        if base is not None:
            return ProfileSource(days, moved_from=base.run_id)
        return ProfileSource(
            days, rebuilt_from=tuple(one.run_id for one in self.log.before(self.batch))
        )

    def built_on(self, oldest: datetime | None) -> list[str]:
        """The runs that this batch's rows depend on directly, oldest first."""
        base = self.base()
        runs = [
            *self.deduped(),
            *self.reached(oldest, self.book.longest_window_seconds),
            *self.log.since(self.first_baseline_batch, self.batch),
            *([base] if base else self.log.before(self.batch)),
        ]
        return sorted({one.run_id: one.batch_date for one in runs}, key=self._date_of)

    def base(self) -> Manifest | None:
        """The run whose profile can be moved on to this batch, or None."""
        return self.log.profile_to_move(self.batch, self.book.settings.baseline.days)

    def deduped(self) -> list[Manifest]:
        """The runs in which repeats are looked for, the newest first."""
        return self.log.before(self.batch)[: self.book.settings.cleansing.dedupe_batches]

    def reached(self, oldest: datetime | None, seconds: int) -> list[Manifest]:
        """The runs that a window of so many seconds can reach from the oldest accepted row."""
        if oldest is None:
            return []
        return self.log.reached_by_window(oldest - timedelta(seconds=seconds), self.batch)

    def _date_of(self, run_id: str) -> date:
        return self.log.by_id[run_id].batch_date


@dataclass(frozen=True)
class PastRows:
    """The rows that earlier runs in force hold for batches that are scored together."""

    spark: SparkSession
    lake: Lake
    past: Past
    batches: Batches

    def accepted_ids(self) -> DataFrame:
        """customer_id, transaction_id and batch_at of the batches in which repeats are sought."""
        runs = self.past.deduped()
        rows = self.lake.read(self.spark, "scored_transactions", runs, scored_schema())
        return rows.select("customer_id", "transaction_id", _position(runs).alias("batch_at"))

    def near(self, oldest: datetime, seconds: int) -> DataFrame:
        """customer_id, transaction_ts and batch_at of the rows that velocity can reach."""
        runs = self.past.reached(oldest, seconds)
        rows = self.lake.read(self.spark, "scored_transactions", runs, scored_schema())
        in_reach = rows.where(F.col("transaction_ts") > oldest - timedelta(seconds=seconds))
        return in_reach.select("customer_id", "transaction_ts", _position(runs).alias("batch_at"))

    def reached_by_rules(self, oldest: datetime) -> DataFrame:
        """The scored rows that a window rule can reach."""
        book = self.past.book
        schema = scored_schema(book.settings.cleansing.carry)
        runs = self.past.reached(oldest, book.longest_window_seconds)
        rows = self.lake.read(self.spark, "scored_transactions", runs, schema)
        reach = oldest - timedelta(seconds=book.longest_window_seconds)
        return rows.where(rows["transaction_ts"] > reach).drop("batch_date")

    def profile(self) -> DataFrame:
        """The customer profile as the first batch must see it, with the baseline's moments."""
        base = self.past.base()
        first = self.past.first_baseline_batch
        if base is None:
            risk = self._risk(self.past.log.before(self.batches.first))
            return aggregates.profile_of_runs(risk, first)
        stored = self.lake.read(self.spark, "customer_profile", [base], CUSTOMER_PROFILE)
        # The stored moments are those that the day after the base saw; days may lie between.
        reach = timedelta(days=self.past.book.settings.baseline.days - 1)
        gone = self.past.log.since(base.batch_date - reach, first)
        stored = stored.drop("batch_date")
        return aggregates.without_batches(stored, self._risk(gone)) if gone else stored

    def leaving(self) -> DataFrame:
        """The customer_risk of the batches that leave the baseline's days with these ones."""
        days = self.past.book.settings.baseline.days
        log, after = self.past.log, last_leaving(self.batches, days) + timedelta(days=1)
        before_first = min(after, self.batches.first)
        return self._risk(log.since(self.past.first_baseline_batch, before_first))

    def population(self, of_batches: Sequence[Moments]) -> list[Moments]:
        """The moments of all customers over the baseline's days before each batch."""
        days = self.past.book.settings.baseline.days
        return [self._population(at, days, of_batches) for at in range(len(self.batches))]

    def _population(self, at: int, days: int, of_batches: Sequence[Moments]) -> Moments:
        first = aggregates.first_baseline_batch(self.batches.dates[at], days)
        found = self.past.log.population(first, self.batches.first)
        for day, moments in zip(self.batches.dates[:at], of_batches[:at], strict=True):
            found += moments if day >= first else type(moments)()
        return found

    def _risk(self, runs: list[Manifest]) -> DataFrame:
        return self.lake.read(self.spark, "customer_risk", runs, CUSTOMER_RISK)


def _position(newest_first: Sequence[Manifest]) -> Column:
    """The `batch_at` of rows of earlier runs, by their batch_date: -1 is the newest."""
    known = [
        F.when(F.col("batch_date") == F.lit(one.batch_date), -at)
        for at, one in enumerate(newest_first, start=1)
    ]
    return F.coalesce(*known, F.lit(-1)).cast("int")
