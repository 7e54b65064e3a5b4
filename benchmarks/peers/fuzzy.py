"""fraudlake's own blacklist matching, alone: every customer of a table against the blacklist.

Not a peer: it measures one part of fraudlake, start-up included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from benchmarks.peers.task import Task, task_of_arguments
from fraudlake import blacklist
from fraudlake.input_tables import BLACKLIST, CUSTOMERS
from fraudlake.rules.file import read_rule_file
from fraudlake.session import SessionSettings, build_session

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

MATCHES = "flagged_customers"


def run(spark: SparkSession, task: Task) -> None:
    """Write the best match of each customer that has any."""
    settings = read_rule_file().settings.blacklist
    listed = _texts(spark, task.blacklist, BLACKLIST.columns)
    entries = blacklist.cleaned_entries(listed).persist()
    customers = _texts(spark, task.customers, CUSTOMERS.columns)
    named = customers.withColumn("customer_key", F.col("customer_id"))
    active = blacklist.active_entries(entries, task.first)
    matches = blacklist.best_matches(named, active, settings)
    matches.write.parquet(str(task.out / MATCHES / f"batch_date={task.first}"))


def _texts(spark: SparkSession, folder: Path, columns: tuple[str, ...]) -> DataFrame:
    rows = spark.read.parquet(str(folder))
    return rows.select(*(F.col(name).cast("string").alias(name) for name in columns))


if __name__ == "__main__":
    run(build_session(SessionSettings()), task_of_arguments())
