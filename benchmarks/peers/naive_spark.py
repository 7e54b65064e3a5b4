"""The task in PySpark as Glue tutorials write it.

Everything is joined, windows run over the whole history, and the writer parts the output with
`partitionBy`. Spark's own settings are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from benchmarks.peers import naive_batch, naive_people, rules
from benchmarks.peers.spark_session import plain_session
from benchmarks.peers.task import Task, task_of_arguments

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

SCORED = (
    *("transaction_id", "customer_id", "transaction_ts", "amount", "currency", "merchant_id"),
    *("channel", "country", "amount_usd", "fx_rate", "fx_rate_date", "customer_known"),
    *("blacklist_match_type", "baseline_count", "baseline_source", "baseline_mean_usd"),
    *("baseline_sd_usd", "amount_zscore", "velocity_count", "risk_score", "risk_category"),
    *("risk_rank", "risk_reasons", "evidence", "rules_version", "batch_date"),
)
_RAW = (
    *("transaction_id", "customer_id", "transaction_ts", "amount", "currency"),
    *("merchant_id", "channel", "country"),
)


def run(spark: SparkSession, task: Task) -> None:
    """Score every batch of the task and write its five tables."""
    customers = naive_people.read_customers(spark, task).persist()
    rows = naive_batch.read_transactions(spark, task)
    rows = rows.withColumn("row_id", F.monotonically_increasing_id())
    judged = naive_batch.with_repeats_rejected(rows)
    matches = _best_matches(spark, task, customers).persist()
    accepted = judged.where(F.size("reject_reasons") == 0)
    scored = _scored(accepted, customers, matches, task).persist()
    ours = F.col("batch_date").isin(*task.batches)
    rejected = judged.where(ours & (F.size("reject_reasons") > 0))
    risk = _risk(scored).persist()
    named = rows.where(ours).select("batch_date", "customer_id").distinct()
    _write(scored, task, "scored_transactions")
    _write(rejected.select(*_RAW, "reject_reasons", "batch_date"), task, "quarantine")
    _write(_flagged(matches, named, risk), task, "flagged_customers")
    _write(risk, task, "customer_risk")
    _write(_profile(spark, rows, scored, task), task, "customer_profile")


def _scored(accepted: DataFrame, customers: DataFrame, matches: DataFrame, task: Task) -> DataFrame:
    known = customers.select("customer_id", F.lit(True).alias("customer_known"))
    how = F.col("match_type").alias("blacklist_match_type")
    featured = (
        naive_batch.with_features(accepted, task)
        .where(F.col("batch_date").isin(*task.batches))
        .join(known, "customer_id", how="left")
        .join(
            matches.select("batch_date", "customer_id", how), ["batch_date", "customer_id"], "left"
        )
        .withColumn("customer_known", F.coalesce("customer_known", F.lit(False)))
    )
    scored = naive_batch.with_score(naive_batch.with_baseline(featured))
    return scored.select(*SCORED, "cents")


def _best_matches(spark: SparkSession, task: Task, customers: DataFrame) -> DataFrame:
    batches = spark.createDataFrame([(day,) for day in task.batches], "batch_date date")
    every = naive_people.read_matches(spark, task, customers).crossJoin(F.broadcast(batches))
    day = F.col("batch_date")
    is_listed = F.col("listed_at").isNull() | (F.col("listed_at") <= day)
    is_unexpired = F.col("expires_at").isNull() | (F.col("expires_at") > day)
    best = Window.partitionBy("batch_date", "customer_id").orderBy(
        "place", F.col("similarity").desc(), "blacklist_id"
    )
    ranked = every.where(is_listed & is_unexpired).withColumn("rank", F.row_number().over(best))
    return ranked.where("rank = 1").select(
        "batch_date", "customer_id", "blacklist_id", "match_type", "similarity", "reason"
    )


def _risk(scored: DataFrame) -> DataFrame:
    total = F.sum("amount_usd").cast("decimal(28,2)")
    grouped = scored.groupBy("batch_date", "customer_id").agg(
        F.count(F.lit(1)).alias("transaction_count"),
        total.alias("total_amount_usd"),
        (F.sum("cents") / F.count(F.lit(1)) / 100).alias("average_amount_usd"),
        F.max("amount_usd").alias("max_amount_usd"),
        F.sum(F.col("cents") * F.col("cents")).alias("sum_of_squares_cents"),
        F.count_if(F.col("risk_category") == "High").alias("high_risk_count"),
        F.count_if(F.col("risk_category") == "Medium").alias("medium_risk_count"),
        F.max("velocity_count").alias("max_velocity_count"),
        F.max("risk_score").alias("max_risk_score"),
        F.min("transaction_ts").alias("first_transaction_ts"),
        F.max("transaction_ts").alias("last_transaction_ts"),
    )
    return grouped.withColumn("risk_category", naive_batch.category("max_risk_score"))


def _flagged(matches: DataFrame, named: DataFrame, risk: DataFrame) -> DataFrame:
    keys = ["batch_date", "customer_id"]
    totals = risk.select(*keys, "transaction_count", "total_amount_usd")
    joined = matches.join(named, keys).join(totals, keys, how="left")
    return joined.fillna(0, ["transaction_count"]).withColumn(
        "total_amount_usd", F.coalesce("total_amount_usd", F.lit(0).cast("decimal(28,2)"))
    )


def _profile(spark: SparkSession, rows: DataFrame, scored: DataFrame, task: Task) -> DataFrame:
    """Every customer's life up to each batch: the history as it was accepted, and the batches."""
    columns = ["batch_date", "customer_id", "transaction_ts", "cents"]
    history = rows.where(F.col("batch_date") < F.lit(task.first)).select(*columns)
    by_day = history.unionByName(scored.select(*columns)).groupBy("batch_date", "customer_id")
    days = by_day.agg(
        F.count(F.lit(1)).alias("n"),
        F.sum("cents").alias("s"),
        F.sum(F.col("cents") * F.col("cents")).alias("ss"),
        F.min("transaction_ts").alias("first"),
        F.max("transaction_ts").alias("last"),
    )
    batches = spark.createDataFrame([(day,) for day in task.batches], "as_of date")
    seen = days.join(F.broadcast(batches), F.col("batch_date") <= F.col("as_of"))
    is_recent = F.col("batch_date") > F.date_sub("as_of", rules.BASELINE_DAYS)
    grouped = seen.groupBy("as_of", "customer_id").agg(
        F.sum("n").alias("lifetime_transaction_count"),
        (F.sum("s").cast("decimal(28,0)") / 100)
        .cast("decimal(28,2)")
        .alias("lifetime_total_amount_usd"),
        (F.sum("s") / F.sum("n") / 100).alias("lifetime_average_amount_usd"),
        F.min("first").alias("first_transaction_ts"),
        F.max("last").alias("last_transaction_ts"),
        _recent_sum(is_recent, "n").alias("baseline_count"),
        _recent_sum(is_recent, "s").alias("baseline_sum_cents"),
        _recent_sum(is_recent, "ss").alias("baseline_sum_of_squares_cents"),
    )
    return grouped.withColumnRenamed("as_of", "batch_date")


def _recent_sum(is_recent: Column, name: str) -> Column:
    return F.sum(F.when(is_recent, F.col(name)).otherwise(0))


def _write(rows: DataFrame, task: Task, table: str) -> None:
    kept = rows.drop("cents")
    kept.write.mode("overwrite").partitionBy("batch_date").parquet(str(task.out / table))


if __name__ == "__main__":
    run(plain_session(), task_of_arguments())
