"""The tables by customer and the quarantine in Polars."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from benchmarks.peers import rules

_USD_TOTAL = pl.Decimal(28, 2)


def in_usd(cents: str, kind: pl.Decimal) -> pl.Expr:
    """Cents as exact USD."""
    return (pl.col(cents).cast(pl.Decimal(38, 2)) / 100).cast(kind)


def risk(scored: pl.DataFrame) -> pl.DataFrame:
    """One row a customer with accepted transactions."""
    is_level = {level: pl.col("risk_category") == level for level in ("High", "Medium")}
    score = pl.col("max_risk_score")
    is_high, is_medium = score >= rules.HIGH, score >= rules.MEDIUM
    low = pl.when(is_medium).then(pl.lit("Medium")).otherwise(pl.lit("Low"))
    level = pl.when(is_high).then(pl.lit("High")).otherwise(low)
    grouped = scored.group_by("customer_id").agg(
        pl.len().cast(pl.Int64).alias("transaction_count"),
        pl.col("cents").sum().alias("sum_cents"),
        pl.col("amount_usd").max().alias("max_amount_usd"),
        (pl.col("cents") * pl.col("cents")).sum().alias("sum_of_squares_cents"),
        is_level["High"].sum().cast(pl.Int64).alias("high_risk_count"),
        is_level["Medium"].sum().cast(pl.Int64).alias("medium_risk_count"),
        pl.col("velocity_count").max().alias("max_velocity_count"),
        pl.col("risk_score").max().alias("max_risk_score"),
        pl.col("transaction_ts").min().alias("first_transaction_ts"),
        pl.col("transaction_ts").max().alias("last_transaction_ts"),
    )
    return grouped.with_columns(
        in_usd("sum_cents", _USD_TOTAL).alias("total_amount_usd"),
        (pl.col("sum_cents") / pl.col("transaction_count") / 100).alias("average_amount_usd"),
        level.alias("risk_category"),
    )


def flagged(matches: pl.DataFrame, risk: pl.DataFrame) -> pl.DataFrame:
    """The matched customers with what they moved."""
    totals = risk.select("customer_id", "transaction_count", "total_amount_usd")
    joined = matches.join(totals, on="customer_id", how="left")
    return joined.with_columns(
        pl.col("transaction_count").fill_null(0),
        pl.col("total_amount_usd").fill_null(pl.lit(0).cast(_USD_TOTAL)),
    )


def quarantine(rows: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """The rows that were set aside, and why."""
    rejected = rows.join(accepted.select("row_id"), on="row_id", how="anti")
    raw = ["transaction_ts", "amount"]
    return rejected.select(
        "transaction_id",
        "customer_id",
        *(pl.col(one).cast(pl.String) for one in raw),
        "currency",
        "merchant_id",
        "channel",
        "country",
        pl.col("reject_reasons").fill_null(["DUPLICATE_TRANSACTION"]),
    )


def profile(past: pl.DataFrame, batch: date) -> pl.DataFrame:
    """Every customer seen so far, at the end of a batch."""
    is_recent = pl.col("batch_date") > batch - timedelta(days=rules.BASELINE_DAYS)
    grouped = past.group_by("customer_id").agg(
        pl.col("n").sum().alias("lifetime_transaction_count"),
        pl.col("s").sum(),
        pl.col("first").min().alias("first_transaction_ts"),
        pl.col("last").max().alias("last_transaction_ts"),
        pl.col("n").filter(is_recent).sum().alias("baseline_count"),
        pl.col("s").filter(is_recent).sum().alias("baseline_sum_cents"),
        pl.col("ss").filter(is_recent).sum().alias("baseline_sum_of_squares_cents"),
    )
    average = pl.col("s") / pl.col("lifetime_transaction_count") / 100
    return grouped.with_columns(
        in_usd("s", _USD_TOTAL).alias("lifetime_total_amount_usd"),
        average.alias("lifetime_average_amount_usd"),
    ).drop("s")
