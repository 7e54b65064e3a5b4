"""What a batch says of each customer: risk, flags, and the profile for the next batch."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.exact import as_double, sum_of_cents, sum_of_squares
from fraudlake.scoring import risk_category
from fraudlake.tables import (
    CENTS,
    CUSTOMER_PROFILE,
    CUSTOMER_RISK,
    FLAGGED_CUSTOMERS,
    SQUARE_CENTS,
    USD,
    USD_TOTAL,
    shaped,
)
from fraudlake.timestamps import utc_date

_MOMENTS = ("baseline_count", "baseline_sum_cents", "baseline_sum_of_squares_cents")

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches
    from fraudlake.rules.book import Categories


def customer_days(narrow: DataFrame, batches: Batches) -> DataFrame:
    """One row for each customer that a row of a batch names, quarantined rows included.

    In: `narrow_rows`. Keys customer_id, batch_at; count, totals and times of the accepted
    transactions, how many of them are late, and the dates of the foreign rates that they used.
    """
    is_accepted = F.col("reject_mask") == 0

    def accepted(name: str) -> Column:
        return F.when(is_accepted, F.col(name))

    is_late = utc_date(F.col("transaction_ts")) < batches.date_at()
    foreign = accepted("foreign_rate_date")
    cents = accepted("cents")
    named = narrow.where("customer_id is not null")
    return named.groupBy("customer_id", "batch_at").agg(
        F.count_if(is_accepted).alias("transaction_count"),
        (sum_of_cents(cents) / 100).cast(USD_TOTAL).alias("total_amount_usd"),
        (F.max(cents) / 100).cast(USD).alias("max_amount_usd"),
        sum_of_squares(cents).alias("sum_of_squares_cents"),
        F.min(accepted("transaction_ts")).alias("first_transaction_ts"),
        F.max(accepted("transaction_ts")).alias("last_transaction_ts"),
        F.count_if(is_accepted & is_late).alias("late_count"),
        F.min(foreign).alias("fx_from"),
        F.max(foreign).alias("fx_to"),
    )


def risk_by_customer(days: DataFrame, striking: DataFrame, categories: Categories) -> DataFrame:
    """One row for each customer with accepted transactions of a batch (`CUSTOMER_RISK`, batch_at).

    `days` are the `customer_days`; `striking` the scored rows with a reason, or with a velocity
    above one: all others are alike.
    """
    scores = striking.groupBy("customer_id", "batch_at").agg(
        F.count_if(F.size("risk_reasons") > 0).alias("with_reasons"),
        *(_count_of(name).alias(f"{name.lower()}_with_reasons") for name in ("High", "Medium")),
        F.max("velocity_count").alias("max_velocity"),
        F.max("risk_score").alias("max_score"),
    )
    joined = days.where("transaction_count > 0").join(scores, ["customer_id", "batch_at"], "left")
    plain = F.col("transaction_count") - F.coalesce("with_reasons", F.lit(0))
    counts = {
        f"{name.lower()}_risk_count": F.coalesce(f"{name.lower()}_with_reasons", F.lit(0))
        + (plain if categories.of(0) == name else F.lit(0))
        for name in ("High", "Medium")
    }
    average = average_usd("total_amount_usd", "transaction_count")
    finished = (
        joined.withColumns(counts)
        .withColumn("max_velocity_count", F.coalesce("max_velocity", F.lit(1)))
        .withColumn("max_risk_score", F.coalesce("max_score", F.lit(0)))
        .withColumn("risk_category", risk_category(F.col("max_risk_score"), categories))
        .withColumn("average_amount_usd", average)
    )
    return shaped(finished, CUSTOMER_RISK, "batch_at")


def _count_of(category: str) -> Column:
    return F.count_if((F.size("risk_reasons") > 0) & (F.col("risk_category") == category))


def flagged_customers(people: DataFrame) -> DataFrame:
    """Every matched customer of a batch with count and total of the accepted transactions.

    `people` are `customer_days` with the customer's match. Out: `FLAGGED_CUSTOMERS`, batch_at.
    """
    return shaped(people.where("match_type is not null"), FLAGGED_CUSTOMERS, "batch_at")


def profile_of_runs(customer_risk: DataFrame, first_baseline_batch: date) -> DataFrame:
    """The profile from the customer_risk of many runs, which carry their `batch_date`.

    The moments are those of the batches from `first_baseline_batch` on; a customer stays in the
    profile for ever.
    """
    amount = (F.col("total_amount_usd") * 100).cast(CENTS)
    counts = F.col("batch_date") >= F.lit(first_baseline_batch)
    grouped = customer_risk.groupBy("customer_id").agg(
        *_lifetime("transaction_count", "total_amount_usd"),
        F.sum(F.when(counts, F.col("transaction_count")).otherwise(0)).alias("baseline_count"),
        F.sum(F.when(counts, amount).otherwise(0)).cast(CENTS).alias("baseline_sum_cents"),
        F.sum(F.when(counts, F.col("sum_of_squares_cents")).otherwise(0))
        .cast(SQUARE_CENTS)
        .alias("baseline_sum_of_squares_cents"),
    )
    average = average_usd("lifetime_total_amount_usd", "lifetime_transaction_count")
    return shaped(grouped.withColumn("lifetime_average_amount_usd", average), CUSTOMER_PROFILE)


def without_batches(profile: DataFrame, gone: DataFrame) -> DataFrame:
    """A profile without the moments of batches (their customer_risk) that its days have left."""
    amount = (F.col("total_amount_usd") * 100).cast(CENTS)
    parts = gone.groupBy("customer_id").agg(
        F.sum("transaction_count").alias("gone_count"),
        F.sum(amount).cast(CENTS).alias("gone_sum"),
        F.sum("sum_of_squares_cents").cast(SQUARE_CENTS).alias("gone_squares"),
    )
    columns = dict(zip(_MOMENTS, ("gone_count", "gone_sum", "gone_squares"), strict=True))
    left = {
        name: F.col(name) - F.coalesce(gone_column, F.lit(0))
        for name, gone_column in columns.items()
    }
    joined = profile.join(parts, "customer_id", how="left")
    return shaped(joined.withColumns(left), CUSTOMER_PROFILE)


def first_baseline_batch(batch: date, days: int) -> date:
    """The oldest batch date whose transactions count for the baseline of a batch."""
    return batch - timedelta(days=days)


def _lifetime(count: str, total: str) -> list[Column]:
    return [
        F.sum(count).alias("lifetime_transaction_count"),
        F.sum(total).cast(USD_TOTAL).alias("lifetime_total_amount_usd"),
        F.min("first_transaction_ts").alias("first_transaction_ts"),
        F.max("last_transaction_ts").alias("last_transaction_ts"),
    ]


def average_usd(total: str, count: str) -> Column:
    """USD as a double: whole cents divided once, so that the order of rows cannot show."""
    return as_double((F.col(total) * 100).cast(CENTS)) / F.col(count) / 100
