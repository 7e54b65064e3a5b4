"""The task in pandas: for sizes that fit into memory several times over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.data.columns import decimals
from benchmarks.peers import pandas_batch as one_batch
from benchmarks.peers import pandas_people, rules
from benchmarks.peers.task import Task, task_of_arguments

if TYPE_CHECKING:
    from pathlib import Path

_NAMED_MOMENTS = {
    "n": "baseline_count",
    "s": "baseline_sum_cents",
    "ss": "baseline_sum_of_squares_cents",
}
# Columns in cents, the columns in USD that are made of them, and their digits.
_MONEY = {
    "cents": ("amount_usd", 18),
    "max_cents": ("max_amount_usd", 18),
    "total_cents": ("total_amount_usd", 28),
    "lifetime_cents": ("lifetime_total_amount_usd", 28),
}


@dataclass
class PandasBatches:
    """What lasts from batch to batch: rates, matches, moments by day, rows of the last days."""

    task: Task
    rates: pd.DataFrame
    known: pd.Series[str]
    candidates: pd.DataFrame
    past: list[pd.DataFrame] = field(default_factory=list)
    earlier: list[pd.DataFrame] = field(default_factory=list)

    @classmethod
    def opened(cls, task: Task) -> PandasBatches:
        """Read rates, people and, a day at a time, the history before the first batch."""
        people = pandas_people.read_people(task.customers)
        entries = pandas_people.read_entries(task.blacklist)
        candidates = pandas_people.candidates(people, entries)
        rates = one_batch.rate_days(pd.read_parquet(task.fx_rates), task.last)
        batches = cls(task, rates, people["customer_id"], candidates)
        for day in task.history:
            batches.remember(one_batch.converted(task.files_of([day]), rates, day), day)
        return batches

    def score(self, batch: date) -> dict[str, pd.DataFrame]:
        """The five tables of a batch, money in cents."""
        rows = one_batch.converted(self.task.files_of([batch]), self.rates, batch)
        reasons = one_batch.reject_reasons(rows, batch)
        previous = self.earlier[-1] if self.earlier else None
        accepted = one_batch.without_repeats(rows.drop(reasons.index), previous)
        matches = pandas_people.best_matches(self.candidates, batch)
        matches = matches[matches["customer_id"].isin(rows["customer_id"])]
        scored = self._scored(accepted, matches, batch)
        risk = _risk(scored)
        self.remember(accepted, batch)
        totals = risk[["customer_id", "transaction_count", "total_cents"]]
        flagged = matches.merge(totals, on="customer_id", how="left")
        whole = {"transaction_count": "int64", "total_cents": "int64"}
        return {
            "scored_transactions": scored.drop(columns=["day", "rate_day", "amount_e4"]),
            "quarantine": _quarantine(rows.drop(accepted.index), reasons),
            "flagged_customers": flagged.fillna(dict.fromkeys(whole, 0)).astype(whole),
            "customer_risk": risk,
            "customer_profile": self._profile(batch),
        }

    def remember(self, accepted: pd.DataFrame, batch: date) -> None:
        """Keep what later batches need of the accepted rows of one."""
        moments = (
            _with_squares(accepted)
            .groupby("customer_id")
            .agg(
                n=("cents", "size"),
                s=("cents", "sum"),
                ss=("squares", "sum"),
                first=("transaction_ts", "min"),
                last=("transaction_ts", "max"),
            )
        )
        self.past.append(moments.reset_index().assign(batch_date=batch))
        since = batch - timedelta(days=rules.RECENT_DAYS)
        kept = [one for one in self.earlier if _day_of(one) >= since]
        columns = [*one_batch.KEYS, "transaction_ts"]
        self.earlier = [*kept, accepted[columns].assign(batch_date=batch)]

    def _scored(self, accepted: pd.DataFrame, matches: pd.DataFrame, batch: date) -> pd.DataFrame:
        how = matches.set_index("customer_id")["match_type"]
        match_type: pd.Series[Any] = accepted["customer_id"].map(how).astype(object)
        rows = accepted.assign(
            customer_known=accepted["customer_id"].isin(self.known),
            blacklist_match_type=match_type.map(_none_for_nan),
            velocity_count=one_batch.velocity(accepted, self.earlier),
        )
        return one_batch.with_score(one_batch.with_baseline(rows, self._window(batch)))

    def _window(self, batch: date) -> pd.DataFrame:
        """n, s, ss by customer over the 90 days before a batch."""
        first = batch - timedelta(days=rules.BASELINE_DAYS)
        days = [one for one in self.past if first <= _day_of(one) < batch]
        if not days:
            return pd.DataFrame({name: pd.Series(dtype="int64") for name in one_batch.MOMENTS})
        return pd.concat(days).groupby("customer_id")[list(one_batch.MOMENTS)].sum()

    def _profile(self, batch: date) -> pd.DataFrame:
        life = (
            pd.concat(self.past)
            .groupby("customer_id")
            .agg(
                lifetime_transaction_count=("n", "sum"),
                lifetime_cents=("s", "sum"),
                first_transaction_ts=("first", "min"),
                last_transaction_ts=("last", "max"),
            )
        )
        window = self._window(batch + timedelta(days=1)).rename(columns=_NAMED_MOMENTS)
        life = life.join(window).fillna(dict.fromkeys(window.columns, 0))
        average = life["lifetime_cents"] / life["lifetime_transaction_count"] / 100
        return life.assign(lifetime_average_amount_usd=average).reset_index()


def run(task: Task) -> None:
    """Score every batch of the task and write its five tables."""
    batches = PandasBatches.opened(task)
    for batch in task.batches:
        for table, rows in batches.score(batch).items():
            _write(rows, task.output(table, batch))


def _day_of(rows: pd.DataFrame) -> date:
    day: Any = rows["batch_date"].iat[0]
    return cast("date", day)


def _none_for_nan(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _with_squares(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(squares=rows["cents"] ** 2)


def _risk(scored: pd.DataFrame) -> pd.DataFrame:
    levels = {
        "high": scored["risk_category"] == "High",
        "medium": scored["risk_category"] == "Medium",
    }
    grouped = _with_squares(scored).assign(**levels).groupby("customer_id")
    risk = grouped.agg(
        transaction_count=("cents", "size"),
        total_cents=("cents", "sum"),
        max_cents=("cents", "max"),
        sum_of_squares_cents=("squares", "sum"),
        high_risk_count=("high", "sum"),
        medium_risk_count=("medium", "sum"),
        max_velocity_count=("velocity_count", "max"),
        max_risk_score=("risk_score", "max"),
        first_transaction_ts=("transaction_ts", "min"),
        last_transaction_ts=("transaction_ts", "max"),
    ).reset_index()
    average = risk["total_cents"] / risk["transaction_count"] / 100
    bounds = [-1, rules.MEDIUM - 1, rules.HIGH - 1, rules.HIGHEST]
    level = pd.cut(risk["max_risk_score"], bounds, labels=["Low", "Medium", "High"]).astype(str)
    return risk.assign(average_amount_usd=average, risk_category=level)


def _quarantine(rejected: pd.DataFrame, reasons: pd.Series[Any]) -> pd.DataFrame:
    repeat: pd.Series[Any] = pd.Series(
        [["DUPLICATE_TRANSACTION"]] * len(rejected), rejected.index, dtype=object
    )
    why = reasons.reindex(rejected.index).combine_first(repeat)
    return rejected.drop(columns=["day", "rate_day", "cents"]).assign(reject_reasons=why)


def _write(rows: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    for cents, (usd, digits) in _MONEY.items():
        if cents in table.column_names:
            exact = decimals(table[cents].to_numpy(), digits, 2)
            table = table.drop_columns(list({cents, usd} & set(table.column_names)))
            table = table.append_column(usd, exact)
    pq.write_table(table, path, compression="zstd")


if __name__ == "__main__":
    run(task_of_arguments())
