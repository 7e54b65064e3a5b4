"""What the manifests tell of batches: rows by reason and category, money, times, rates used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from fraudlake.cleansing import REJECT_REASONS, reasons_of
from fraudlake.tables import Moments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame, Row

    from fraudlake.batches import Batches
    from fraudlake.rules.book import RuleBook

CATEGORIES = ("High", "Medium", "Low")


@dataclass
class BatchTally:
    """What was found out of one batch, before and after its rows were scored."""

    read: int = 0
    customers: int = 0  # that a row names
    decided: int = 0
    scored: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    moments: Moments = field(default_factory=Moments)
    late: int = 0
    oldest: datetime | None = None
    latest: datetime | None = None
    fx_from: date | None = None
    fx_to: date | None = None
    by_category: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    usd: dict[str, Decimal] = field(default_factory=dict)

    def rows(self, rule_ids: Sequence[str]) -> dict[str, Any]:
        """The row counts of a manifest."""
        return {
            "read": self.read,
            "scored": self.scored,
            "quarantined": self.decided - self.scored,
            "quarantined_by_reason": {
                one: self.by_reason[one] for one in REJECT_REASONS if self.by_reason[one]
            },
            "late": self.late,
            "by_category": {name: self.by_category[name] for name in CATEGORIES},
            "by_rule": {name: self.by_rule[name] for name in rule_ids},
        }

    def total_amount_usd(self) -> dict[str, str]:
        """USD totals as text with two decimals: all, and by category."""
        total = Decimal(self.moments.sum_cents) / 100
        amounts = {"all": total, **{name: self.usd.get(name, Decimal()) for name in CATEGORIES}}
        return {name: f"{amount:.2f}" for name, amount in amounts.items()}

    def fx_dates(self) -> dict[str, str | None]:
        """The dates of the oldest and the newest foreign rate that was used."""
        days = {"from": self.fx_from, "to": self.fx_to}
        return {name: day.isoformat() if day else None for name, day in days.items()}


def read_counts(batches: Batches) -> list[Column]:
    """Aggregates over raw rows that are taken while they are read: `read_0` and so on."""
    return [F.count_if(F.col("batch_at") == at).alias(f"read_{at}") for at in range(len(batches))]


def tallied(
    narrow: DataFrame, days: DataFrame, read: Mapping[str, int], batches: Batches
) -> list[BatchTally]:
    """What cleansing found out of each batch: `narrow_rows`, `customer_days`, rows read."""
    found = [BatchTally(read=int(read[f"read_{at}"])) for at in range(len(batches))]
    for row in narrow.groupBy("batch_at", "reject_mask").count().collect():
        one = found[row["batch_at"]]
        one.decided += row["count"]
        one.by_reason.update(dict.fromkeys(reasons_of(row["reject_mask"]), row["count"]))
    for row in _accepted(days).collect():
        _take_accepted(found[row["batch_at"]], row)
    return found


def take_scores(found: Sequence[BatchTally], striking: DataFrame, book: RuleBook) -> None:
    """Add what the scores say; `striking` are at least all scored rows that have a reason."""
    with_reasons = striking.where("size(risk_reasons) > 0")
    groups = with_reasons.groupBy("batch_at", "risk_category", "risk_reasons")
    total = F.sum("amount_usd").alias("usd")
    for row in groups.agg(F.count(F.lit(1)).alias("rows"), total).collect():
        one, category = found[row["batch_at"]], row["risk_category"]
        one.by_category[category] += row["rows"]
        one.usd[category] = one.usd.get(category, Decimal()) + row["usd"]
        one.by_rule.update(dict.fromkeys(row["risk_reasons"], row["rows"]))
    for one in found:
        _take_rest(one, book.categories.of(0))


def _accepted(days: DataFrame) -> DataFrame:
    return days.groupBy("batch_at").agg(
        F.count(F.lit(1)).alias("customers"),
        F.sum("transaction_count").alias("scored"),
        F.sum(F.col("total_amount_usd") * 100).alias("cents"),
        F.sum("sum_of_squares_cents").alias("squares"),
        F.min(F.unix_micros("first_transaction_ts")).alias("oldest"),
        F.max(F.unix_micros("last_transaction_ts")).alias("latest"),
        F.sum("late_count").alias("late"),
        F.min("fx_from").alias("fx_from"),
        F.max("fx_to").alias("fx_to"),
    )


def _take_accepted(one: BatchTally, row: Row) -> None:
    one.customers, one.scored, one.late = row["customers"], row["scored"], row["late"]
    one.moments = Moments(row["scored"], int(row["cents"] or 0), int(row["squares"] or 0))
    one.oldest, one.latest = moment(row["oldest"]), moment(row["latest"])
    one.fx_from, one.fx_to = row["fx_from"], row["fx_to"]


def _take_rest(one: BatchTally, category: str) -> None:
    """Rows without a reason, whose score is zero."""
    one.by_category[category] += one.scored - one.by_category.total()
    rest = Decimal(one.moments.sum_cents) / 100 - sum(one.usd.values(), Decimal())
    one.usd[category] = one.usd.get(category, Decimal()) + rest


def moment(since_1970: int | None) -> datetime | None:
    """Microseconds since 1970 as a UTC time."""
    if since_1970 is None:
        return None
    return datetime.fromtimestamp(since_1970 // 1_000_000, UTC).replace(
        microsecond=since_1970 % 1_000_000
    )
