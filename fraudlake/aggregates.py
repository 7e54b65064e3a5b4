"""What a batch says of each customer: risk, flags, and the profile for the next batch."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.features import cents
from fraudlake.scoring import risk_category
from fraudlake.tables import (
    CENTS,
    CUSTOMER_PROFILE,
    CUSTOMER_RISK,
    FLAGGED_CUSTOMERS,
    SQUARE_CENTS,
    USD_TOTAL,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructType

    from fraudlake.rules.book import Categories


def risk_by_customer(scored: DataFrame, categories: Categories) -> DataFrame:
    """One row a customer with accepted transactions (`CUSTOMER_RISK`)."""
    amount = F.col("amount_usd")
    category = F.col("risk_category")
    total = F.sum(amount).cast(USD_TOTAL)
    grouped = scored.groupBy("customer_id").agg(
        F.count(F.lit(1)).alias("transaction_count"),
        total.alias("total_amount_usd"),
        F.max(amount).alias("max_amount_usd"),
        F.sum(cents(amount) * cents(amount)).cast(SQUARE_CENTS).alias("sum_of_squares_cents"),
        F.count_if(category == "High").alias("high_risk_count"),
        F.count_if(category == "Medium").alias("medium_risk_count"),
        F.max("velocity_count").alias("max_velocity_count"),
        F.max("risk_score").alias("max_risk_score"),
        F.min("transaction_ts").alias("first_transaction_ts"),
        F.max("transaction_ts").alias("last_transaction_ts"),
    )
    return _shaped(
        grouped.withColumn(
            "average_amount_usd", _average("total_amount_usd", "transaction_count")
        ).withColumn("risk_category", risk_category(F.col("max_risk_score"), categories)),
        CUSTOMER_RISK,
    )


def flagged_customers(matches: DataFrame, customer_risk: DataFrame) -> DataFrame:
    """Every matched customer of the batch with count and total of the accepted transactions."""
    totals = customer_risk.select("customer_id", "transaction_count", "total_amount_usd")
    joined = matches.join(totals, "customer_id", how="left")
    return _shaped(
        joined.fillna(0, ["transaction_count"]).withColumn(
            "total_amount_usd", F.coalesce("total_amount_usd", F.lit(0).cast(USD_TOTAL))
        ),
        FLAGGED_CUSTOMERS,
    )


def profile_of_runs(customer_risk: DataFrame, first_baseline_batch: date) -> DataFrame:
    """The profile from the customer_risk of many runs, which carry their `batch_date`.

    The moments are those of the batches from `first_baseline_batch` on; a customer stays in the
    profile for ever.
    """
    amount = _total_cents()
    counts = F.col("batch_date") >= F.lit(first_baseline_batch)
    grouped = customer_risk.groupBy("customer_id").agg(
        *_lifetime("transaction_count", "total_amount_usd"),
        F.sum(F.when(counts, F.col("transaction_count")).otherwise(0)).alias("baseline_count"),
        F.sum(F.when(counts, amount).otherwise(0)).cast(CENTS).alias("baseline_sum_cents"),
        F.sum(F.when(counts, F.col("sum_of_squares_cents")).otherwise(0))
        .cast(SQUARE_CENTS)
        .alias("baseline_sum_of_squares_cents"),
    )
    return _profile(grouped)


def moved_profile(profile: DataFrame, arrived: DataFrame, left: DataFrame) -> DataFrame:
    """The profile after the customer_risk of `arrived` batches came and that of `left` ones went.

    Arrived batches count for the lifetime and the moments; those that left the baseline's days
    are taken away from the moments only.
    """
    parts = profile.drop("lifetime_average_amount_usd")
    for rows, sign in ((arrived, 1), (left, -1)):
        parts = parts.unionByName(_as_profile_change(rows, sign))
    grouped = parts.groupBy("customer_id").agg(
        *_lifetime("lifetime_transaction_count", "lifetime_total_amount_usd"),
        F.sum("baseline_count").alias("baseline_count"),
        F.sum("baseline_sum_cents").cast(CENTS).alias("baseline_sum_cents"),
        F.sum("baseline_sum_of_squares_cents")
        .cast(SQUARE_CENTS)
        .alias("baseline_sum_of_squares_cents"),
    )
    return _profile(grouped)


def first_baseline_batch(batch: date, days: int) -> date:
    """The oldest batch date whose transactions count for the baseline of a batch."""
    return batch - timedelta(days=days)


def _as_profile_change(customer_risk: DataFrame, sign: int) -> DataFrame:
    arrives = F.lit(sign > 0)
    return customer_risk.select(
        "customer_id",
        F.when(arrives, F.col("transaction_count"))
        .otherwise(0)
        .alias("lifetime_transaction_count"),
        F.when(arrives, F.col("total_amount_usd")).otherwise(0).alias("lifetime_total_amount_usd"),
        F.when(arrives, F.col("first_transaction_ts")).alias("first_transaction_ts"),
        F.when(arrives, F.col("last_transaction_ts")).alias("last_transaction_ts"),
        (F.col("transaction_count") * sign).alias("baseline_count"),
        (_total_cents() * sign).alias("baseline_sum_cents"),
        (F.col("sum_of_squares_cents") * sign).alias("baseline_sum_of_squares_cents"),
    )


def _lifetime(count: str, total: str) -> list[Column]:
    return [
        F.sum(count).alias("lifetime_transaction_count"),
        F.sum(total).cast(USD_TOTAL).alias("lifetime_total_amount_usd"),
        F.min("first_transaction_ts").alias("first_transaction_ts"),
        F.max("last_transaction_ts").alias("last_transaction_ts"),
    ]


def _profile(grouped: DataFrame) -> DataFrame:
    average = _average("lifetime_total_amount_usd", "lifetime_transaction_count")
    return _shaped(grouped.withColumn("lifetime_average_amount_usd", average), CUSTOMER_PROFILE)


def _total_cents() -> Column:
    return (F.col("total_amount_usd") * 100).cast(CENTS)


def _average(total: str, count: str) -> Column:
    """USD as a double: whole cents divided once, so that the order of rows cannot show."""
    return (F.col(total) * 100).cast(CENTS).cast("double") / F.col(count) / 100


def _shaped(rows: DataFrame, schema: StructType) -> DataFrame:
    return rows.select(*(F.col(one.name).cast(one.dataType) for one in schema.fields))
