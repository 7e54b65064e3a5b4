"""The task in Polars: one lazy group-by over the history, then a batch at a time in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from benchmarks.peers import polars_batch as one_batch
from benchmarks.peers import polars_people, polars_rates, rules
from benchmarks.peers import polars_tables as tables
from benchmarks.peers.task import Task, task_of_arguments

_RATE = (pl.col("rate_e10").cast(pl.Decimal(38, 10)) / 10**10).cast(pl.Decimal(18, 10))


@dataclass
class PolarsBatches:
    """What lasts from batch to batch.

    `past` has n, s, ss (cents), first and last by batch_date and customer; `earlier` are the
    accepted rows of the last days (batch_date, customer_id, transaction_id, transaction_ts).
    """

    task: Task
    rates: pl.DataFrame
    people: pl.DataFrame
    candidates: pl.DataFrame
    past: pl.DataFrame
    earlier: pl.LazyFrame | None
    previous: date | None

    @classmethod
    def opened(cls, task: Task) -> PolarsBatches:
        """Read rates, people and the history before the first batch."""
        rates = polars_rates.rate_days(pl.read_parquet(task.fx_rates / "*.parquet"), task.last)
        people = polars_people.read_people(task.customers)
        entries = polars_people.read_entries(task.blacklist)
        days = task.history
        recent = task.files_of([day for day in days if day >= _recent(task.first)])
        return cls(
            task,
            rates,
            people.select("customer_id"),
            polars_people.candidates(people, entries),
            _past(task, rates) if days else pl.DataFrame(schema=_PAST),
            _accepted(recent) if recent else None,
            days[-1] if days else None,
        )

    def score(self, batch: date) -> dict[str, pl.DataFrame]:
        """The five tables of a batch."""
        rows = one_batch.judged(self.task.files_of([batch]), self.rates, batch)
        good = rows.filter(pl.col("reject_reasons").is_null()).drop("reject_reasons")
        accepted = one_batch.without_repeats(good, self._of_previous())
        matches = polars_people.best_matches(self.candidates, batch)
        named = rows.select(pl.col("customer_id").unique()).drop_nulls()
        matches = matches.join(named, on="customer_id", how="semi")
        scored = self._scored(accepted, matches, batch)
        risk = tables.risk(scored)
        self._remember(accepted, risk, batch)
        return {
            "scored_transactions": scored.drop("row_id", "day", "cents", "rate_e10"),
            "quarantine": tables.quarantine(rows, accepted),
            "flagged_customers": tables.flagged(matches, risk),
            "customer_risk": risk.drop("sum_cents"),
            "customer_profile": tables.profile(self.past, batch),
        }

    def _scored(self, accepted: pl.DataFrame, matches: pl.DataFrame, batch: date) -> pl.DataFrame:
        known = self.people.with_columns(pl.lit(value=True).alias("customer_known"))
        match_type = matches.select("customer_id", blacklist_match_type="match_type")
        featured = (
            accepted.join(
                one_batch.velocity(accepted, self._in_reach(accepted, batch)), on="row_id"
            )
            .join(known, on="customer_id", how="left")
            .join(match_type, on="customer_id", how="left")
            .with_columns(
                pl.col("customer_known").fill_null(value=False),
                tables.in_usd("cents", pl.Decimal(18, 2)).alias("amount_usd"),
                _RATE.alias("fx_rate"),
            )
            .rename({"rate_date": "fx_rate_date"})
        )
        return one_batch.scored(featured, self._baselines(batch))

    def _baselines(self, batch: date) -> one_batch.Baselines:
        first = batch - timedelta(days=rules.BASELINE_DAYS)
        window = self.past.filter(pl.col("batch_date").is_between(first, batch, closed="left"))
        moments = window.group_by("customer_id").agg(pl.col("n", "s", "ss").sum())
        wide = moments.select(pl.col("n", "s", "ss").cast(pl.Int128).sum()).row(0)
        return one_batch.Baselines(moments, (int(wide[0]), int(wide[1]), int(wide[2])))

    def _of_previous(self) -> pl.LazyFrame | None:
        if self.earlier is None:
            return None
        return self.earlier.filter(pl.col("batch_date") == self.previous)

    def _in_reach(self, accepted: pl.DataFrame, batch: date) -> pl.DataFrame:
        """Earlier rows of the last minute before the batch, and those beside late rows."""
        if self.earlier is None or accepted.is_empty():
            return pl.DataFrame(schema={"customer_id": pl.String, "transaction_ts": _TIMESTAMP})
        ts, minute = pl.col("transaction_ts"), timedelta(seconds=60)
        midnight = pl.lit(batch).cast(_TIMESTAMP)
        late = accepted.filter(pl.col("day") < batch)["customer_id"].unique()
        oldest = accepted.select(ts.min() - minute).item()
        is_beside = (ts > oldest) & pl.col("customer_id").is_in(late.implode())
        reached = self.earlier.filter((ts > midnight - minute) | is_beside)
        return reached.select("customer_id", "transaction_ts").collect()

    def _remember(self, accepted: pl.DataFrame, risk: pl.DataFrame, batch: date) -> None:
        rows = accepted.select(
            pl.lit(batch).alias("batch_date"), "customer_id", "transaction_id", "transaction_ts"
        )
        since = pl.col("batch_date") >= _recent(batch)
        kept = [] if self.earlier is None else [self.earlier.filter(since)]
        self.earlier = pl.concat([*kept, rows.lazy()])
        moments = risk.select(
            pl.lit(batch).alias("batch_date"),
            "customer_id",
            pl.col("transaction_count").cast(pl.Int64).alias("n"),
            pl.col("sum_cents").alias("s"),
            pl.col("sum_of_squares_cents").alias("ss"),
            pl.col("first_transaction_ts").alias("first"),
            pl.col("last_transaction_ts").alias("last"),
        )
        self.past = pl.concat([self.past, moments.cast(_PAST)])
        self.previous = batch


_TIMESTAMP = pl.Datetime("us", "UTC")
_PAST = pl.Schema(
    {
        "batch_date": pl.Date(),
        "customer_id": pl.String(),
        "n": pl.Int64(),
        "s": pl.Int64(),
        "ss": pl.Int64(),
        "first": _TIMESTAMP,
        "last": _TIMESTAMP,
    }
)


def run(task: Task) -> None:
    """Score every batch of the task and write its five tables."""
    batches = PolarsBatches.opened(task)
    for batch in task.batches:
        for table, rows in batches.score(batch).items():
            rows.write_parquet(task.output(table, batch), compression="zstd")


def _recent(batch: date) -> date:
    return batch - timedelta(days=rules.RECENT_DAYS)


def _history(files: list[str]) -> pl.LazyFrame:
    rows = pl.scan_parquet(files, hive_partitioning=True, hive_schema={"ingest_date": pl.Date})
    return rows.rename({"ingest_date": "batch_date"})


def _accepted(files: list[str]) -> pl.LazyFrame:
    return _history(files).select("batch_date", "customer_id", "transaction_id", "transaction_ts")


def _past(task: Task, rates: pl.DataFrame) -> pl.DataFrame:
    """One pass over the history.

    Days that stay in the baseline until the last batch, and those that left it before the first,
    count as one day each.
    """
    reach = timedelta(days=rules.BASELINE_DAYS)
    first, last, day = task.first, task.last, pl.col("batch_date")
    bucket = (
        pl.when(day < first - reach)
        .then(first - reach - timedelta(days=1))
        .when(day <= last - reach)
        .then(day)
        .otherwise(first - timedelta(days=1))
    )
    rate = rates.lazy().select("currency", "day", "rate_e10")
    grouped = (
        _history(task.files_of(task.history))
        .join(rate, left_on=["currency", "batch_date"], right_on=["currency", "day"])
        .select(
            bucket.alias("batch_date"), "customer_id", "transaction_ts", cents=polars_rates.cents()
        )
        .group_by("batch_date", "customer_id")
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            pl.col("cents").sum().alias("s"),
            (pl.col("cents") * pl.col("cents")).sum().alias("ss"),
            pl.col("transaction_ts").min().alias("first"),
            pl.col("transaction_ts").max().alias("last"),
        )
    )
    return grouped.collect(engine="streaming").cast(_PAST)


if __name__ == "__main__":
    run(task_of_arguments())
