"""Counting while a batch runs: rows by reason and category, money, times, rates used."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from fraudlake.cleansing import REJECT_REASONS
from fraudlake.features import cents
from fraudlake.tables import Moments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column, DataFrame

CATEGORIES = ("High", "Medium", "Low")


def cleansing_counts(cleansed: DataFrame) -> DataFrame:
    """One row: rows decided, rows by each reason, and the oldest accepted time."""
    is_accepted = F.size("reject_reasons") == 0
    oldest = F.min(F.when(is_accepted, F.unix_micros("transaction_ts")))
    reasons = [
        F.count_if(F.array_contains("reject_reasons", reason)).alias(reason)
        for reason in REJECT_REASONS
    ]
    return cleansed.agg(
        F.count(F.lit(1)).alias("decided"),
        F.count_if(is_accepted).alias("accepted"),
        oldest.alias("oldest_micros"),
        *reasons,
    )


def scored_metrics(batch: date, rule_ids: tuple[str, ...]) -> list[Column]:
    """Aggregates over scored rows that are taken while they are written."""
    amount, category = F.col("amount_usd"), F.col("risk_category")
    foreign_date = F.when(F.col("currency") != "USD", F.col("fx_rate_date"))
    by_category = [
        column
        for name in CATEGORIES
        for column in (
            F.count_if(category == name).alias(f"rows_{name}"),
            F.sum(F.when(category == name, amount)).alias(f"usd_{name}"),
        )
    ]
    by_rule = [
        F.count_if(F.array_contains("risk_reasons", rule)).alias(f"rule_{rule}")
        for rule in rule_ids
    ]
    return [
        F.count(F.lit(1)).alias("scored"),
        F.count_if(F.to_date("transaction_ts") < F.lit(batch)).alias("late"),
        F.sum(cents(amount)).alias("sum_cents"),
        F.sum(cents(amount) * cents(amount)).alias("sum_of_squares_cents"),
        F.max(F.unix_micros("transaction_ts")).alias("latest_micros"),
        F.min(foreign_date).cast("string").alias("fx_from"),
        F.max(foreign_date).cast("string").alias("fx_to"),
        *by_category,
        *by_rule,
    ]


def rows_of_manifest(
    read: int, cleansing: Mapping[str, Any], scored: Mapping[str, Any], rule_ids: tuple[str, ...]
) -> dict[str, Any]:
    """The row counts of a manifest."""
    return {
        "read": read,
        "scored": scored["scored"],
        "quarantined": cleansing["decided"] - cleansing["accepted"],
        "quarantined_by_reason": {one: cleansing[one] for one in REJECT_REASONS if cleansing[one]},
        "late": scored["late"],
        "by_category": {name: scored[f"rows_{name}"] for name in CATEGORIES},
        "by_rule": {name: scored[f"rule_{name}"] for name in rule_ids},
    }


def totals_of_manifest(scored: Mapping[str, Any]) -> dict[str, str]:
    """USD totals as text with two decimals: all, and by category."""
    by_category = {name: scored[f"usd_{name}"] or 0 for name in CATEGORIES}
    amounts = {"all": sum(by_category.values()), **by_category}
    return {name: f"{amount:.2f}" for name, amount in amounts.items()}


def moments_of_manifest(scored: Mapping[str, Any]) -> Moments:
    """The baseline moments that this batch adds to the population."""
    squares = scored["sum_of_squares_cents"]
    return Moments(scored["scored"], int(scored["sum_cents"] or 0), int(squares or 0))


def moment(micros: int | None) -> datetime | None:
    """Microseconds since 1970 as a UTC time."""
    if micros is None:
        return None
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
