"""What Spark itself costs: read, one shuffle by customer with a sort, the same tables, no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from benchmarks.peers.naive_spark import SCORED
from benchmarks.peers.spark_session import plain_session
from benchmarks.peers.task import Task, task_of_arguments
from fraudlake.tables import (
    CUSTOMER_PROFILE,
    CUSTOMER_RISK,
    FLAGGED_CUSTOMERS,
    quarantine_schema,
    scored_schema,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType


def run(spark: SparkSession, task: Task) -> None:
    """Write the five tables of every batch of the task, empty of meaning."""
    folders = [str(task.transactions / f"ingest_date={day}") for day in task.batches]
    raw = spark.read.option("basePath", str(task.transactions)).parquet(*folders)
    dated = raw.withColumnRenamed("ingest_date", "batch_date")
    ordered = dated.repartition("customer_id").sortWithinPartitions(
        "batch_date", "customer_id", "transaction_ts"
    )
    _write(_shaped(ordered, scored_schema()).select(*SCORED), task, "scored_transactions")
    written = spark.read.parquet(str(task.out / "scored_transactions"))
    risk = _by_customer(written.select("batch_date", "customer_id", "amount_usd", "transaction_ts"))
    _write(_shaped(risk, CUSTOMER_RISK), task, "customer_risk")
    _write(_shaped(_profile(spark, risk, task), CUSTOMER_PROFILE), task, "customer_profile")
    for table, schema in (
        ("quarantine", quarantine_schema()),
        ("flagged_customers", FLAGGED_CUSTOMERS),
    ):
        spark.createDataFrame([], schema).write.parquet(str(task.out / table))


def _by_customer(rows: DataFrame) -> DataFrame:
    cents = (F.col("amount_usd") * 100).cast("long")
    return rows.groupBy("batch_date", "customer_id").agg(
        F.count(F.lit(1)).alias("transaction_count"),
        F.sum("amount_usd").alias("total_amount_usd"),
        F.max("amount_usd").alias("max_amount_usd"),
        F.sum(cents * cents).alias("sum_of_squares_cents"),
        F.min("transaction_ts").alias("first_transaction_ts"),
        F.max("transaction_ts").alias("last_transaction_ts"),
    )


def _profile(spark: SparkSession, risk: DataFrame, task: Task) -> DataFrame:
    """Every customer's life up to each batch."""
    batches = spark.createDataFrame([(day,) for day in task.batches], "as_of date")
    seen = risk.join(F.broadcast(batches), F.col("batch_date") <= F.col("as_of"))
    return (
        seen.groupBy("as_of", "customer_id")
        .agg(
            F.sum("transaction_count").alias("lifetime_transaction_count"),
            F.sum("total_amount_usd").alias("lifetime_total_amount_usd"),
            F.min("first_transaction_ts").alias("first_transaction_ts"),
            F.max("last_transaction_ts").alias("last_transaction_ts"),
            F.sum("transaction_count").alias("baseline_count"),
            (F.sum("total_amount_usd") * 100).alias("baseline_sum_cents"),
            F.sum("sum_of_squares_cents").alias("baseline_sum_of_squares_cents"),
        )
        .withColumnRenamed("as_of", "batch_date")
    )


def _shaped(rows: DataFrame, schema: StructType) -> DataFrame:
    """The columns of a table: those that are there, the amount as USD, nulls for the rest."""
    given = (
        {"amount_usd": F.col("amount"), **{name: F.col(name) for name in rows.columns}}
        if ("amount" in rows.columns)
        else {name: F.col(name) for name in rows.columns}
    )
    columns = [_column(given, one.name).cast(one.dataType).alias(one.name) for one in schema.fields]
    return rows.select(*columns, "batch_date")


def _column(given: dict[str, Column], name: str) -> Column:
    return given.get(name, F.lit(None))


def _write(rows: DataFrame, task: Task, table: str) -> None:
    rows.write.partitionBy("batch_date").parquet(str(task.out / table))


if __name__ == "__main__":
    run(plain_session(), task_of_arguments())
