"""A script as Glue runs it, which tries what a job may do and prints what came of it as JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import ApplyMapping, Filter, Join, ResolveChoice
from awsglue.utils import getResolvedOptions
from pyspark import SparkContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame

STARTED = time.monotonic()
OPTIONS = getResolvedOptions(sys.argv, ["JOB_NAME", "bucket"])
GLUE = GlueContext(SparkContext.getOrCreate())
SPARK = GLUE.spark_session
# A dozen rows: generating code for each query would take longer than to run it.
SPARK.conf.set("spark.sql.codegen.wholeStage", "false")
SESSION_SECONDS = time.monotonic() - STARTED
FOUND: dict[str, Any] = {}


def read(table: str, predicate: str = "", **options: str) -> DynamicFrame:
    return GLUE.create_dynamic_frame.from_catalog(
        database="raw",
        table_name=table,
        push_down_predicate=predicate,
        transformation_ctx=table,
        additional_options=options,
    )


def shown(frame: DataFrame) -> dict[str, Any]:
    rows = [row.asDict(recursive=True) for row in frame.collect()]
    return {"schema": frame.schema.simpleString(), "rows": sorted(rows, key=repr)}


def failure(act: Callable[[], object]) -> dict[str, Any]:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever a job would meet
        kinds = [f"{one.__module__}.{one.__name__}" for one in type(error).__mro__]
        return {"kinds": kinds, "text": str(error)}
    return {}


def write_and_read_back() -> dict[str, Any]:
    folder = f"s3://{OPTIONS['bucket']}/scored/batch_date=2025-01-31/run_id=one"
    rows = SPARK.range(5).selectExpr("id", "CAST(id AS string) AS customer_id")
    rows.repartition(2).write.mode("errorifexists").parquet(folder)
    again = failure(lambda: rows.write.mode("errorifexists").parquet(folder))
    return {
        "by path": shown(SPARK.read.parquet(folder)),
        "by s3a": SPARK.read.parquet(folder.replace("s3:", "s3a:")).count(),
        "by catalog": shown(read("scored").toDF()),
        "again": again,
    }


def chosen() -> dict[str, Any]:
    mixed = read("mixed")
    return {
        "as it is": shown(mixed.toDF()),
        "cast": shown(mixed.resolveChoice(choice="cast:string").toDF()),
        "by spec": shown(ResolveChoice.apply(mixed, specs=[("code", "cast:bigint")]).toDF()),
        "project": shown(mixed.resolveChoice(choice="project:string").toDF()),
        "make_cols": shown(mixed.resolveChoice(choice="make_cols").toDF()),
        "make_struct": shown(mixed.resolveChoice(choice="make_struct").toDF()),
        "match_catalog": shown(
            mixed.resolveChoice(choice="match_catalog", database="raw", table_name="mixed").toDF()
        ),
        "filter sees": shown(mixed.filter(lambda one: one["code"] == 7).toDF()),
        "neither": failure(mixed.resolveChoice),
        "unknown": failure(lambda: mixed.resolveChoice(choice="guess")),
    }


def filtered() -> dict[str, Any]:
    def is_dear(record: Any) -> bool:  # noqa: ANN401 - awsglue publishes no types
        return float(record.amount) > 10 or record["no such field"]

    payments = read("payments")
    return {
        "kept": shown(payments.filter(is_dear).toDF()),
        "all dropped": shown(Filter.apply(payments, f=lambda one: one["gone"]).toDF()),
        "none kept count": payments.filter(lambda _: False).count(),
        "other error": failure(payments.filter(lambda _: 1 // 0).toDF),
    }


def transformed() -> dict[str, Any]:
    pairs = SPARK.sql("SELECT * FROM VALUES ('a', 1), ('b', 2) AS t(id, n)")
    names = SPARK.sql("SELECT * FROM VALUES ('a', 'A'), ('c', 'C') AS t(id, name)")
    left, right = (DynamicFrame.fromDF(one, GLUE, "one") for one in (pairs, names))
    mappings = [("n", "int", "count", "long"), ("gone", "int", "gone", "int")]
    return {
        "join": shown(Join.apply(left, right, "id", "id").toDF()),
        "mapping": shown(ApplyMapping.apply(left, mappings).toDF()),
        "empty": shown(DynamicFrame.fromDF(pairs.limit(0), GLUE).toDF()),
    }


def predicates() -> dict[str, Any]:
    night = "batch_date = '2025-01-30'"
    return {
        "one": shown(read("payments", night).toDF()),
        "span": read("payments", "batch_date between '2025-01-30' and '2025-02-02'").count(),
        "none": shown(read("payments", "batch_date > '2030'").toDF()),
        "in the catalog": read("payments", catalogPartitionPredicate=night).count(),
        "wrong": failure(lambda: read("payments", "ingest_date = '2025-01-30'")),
        "unpartitioned": failure(lambda: read("rates", night)),
        "no SQL": failure(lambda: read("payments", "batch_date = = 1")),
    }


def main() -> None:
    job = Job(GLUE)
    job.init(OPTIONS["JOB_NAME"], OPTIONS)
    FOUND["first"] = shown(read("payments").toDF())
    FOUND["first read seconds"] = time.monotonic() - STARTED
    FOUND["session seconds"] = SESSION_SECONDS
    FOUND["predicates"] = predicates()
    FOUND["missing table"] = failure(lambda: read("nowhere"))
    FOUND["unknown option"] = failure(lambda: read("payments", jdbcLogin="x"))
    for name in ("rates", "headers", "gone", "odd", "notes", "deep"):
        FOUND[name] = shown(read(name).toDF())
    FOUND["thrift"] = failure(lambda: read("thrift"))
    FOUND["choices"] = chosen()
    FOUND["filter"] = filtered()
    FOUND["transforms"] = transformed()
    FOUND["written"] = write_and_read_back()
    FOUND["conf"] = dict(SPARK.sparkContext.getConf().getAll())
    FOUND["worker path"] = SPARK.sparkContext.parallelize([0], 1).map(lambda _: sys.path).first()
    FOUND["heap"] = SPARK.sparkContext._jvm.java.lang.Runtime.getRuntime().maxMemory()
    FOUND["ui"] = SPARK.sparkContext.uiWebUrl
    job.commit()
    SPARK.stop()
    sys.stdout.write(json.dumps(FOUND, default=str))


if __name__ == "__main__":
    main()
