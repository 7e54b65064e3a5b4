"""The lake of the dev stage on moto, with an Athena over it whose day is the 10th of February."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from fraudlake.local.actors import DEPLOYER, OPERATOR
from fraudlake.local.athena.formats import schema
from fraudlake.local.athena.kinds import catalog_type
from fraudlake.local.athena.service import Athena
from fraudlake.local.calls import Call
from fraudlake.local.provisioning.glue import make_database, make_table
from fraudlake.local.provisioning.site import Site
from tests.stacks.curated_lake import NEWER, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment

CURATED, RAW, WORKGROUP = "fraudlake_dev_curated", "fraudlake_dev_raw", "fraudlake-dev"
NOW = datetime(2025, 2, 10, 12, 34, 56, 789000, tzinfo=UTC)
RULE = "AMOUNT_OVER_LIMIT"
DAY = "batch_date=2025-01-31/run_id=new"
SECONDS = 30  # that a test waits at most for a query


class Lake:
    """Buckets and tables of a deployment, what a test puts into them, and questions."""

    def __init__(self, deployment: Deployment, actors: Actors, folder: Path) -> None:
        self.deployment, self.actors = deployment, actors
        self.s3 = actors.client("s3", DEPLOYER)
        self.glue = actors.client("glue", DEPLOYER)
        self.athena = Athena(deployment, actors, folder, now=lambda: NOW)
        self._parts = itertools.count()
        site = Site(deployment, actors)
        for one in deployment.resources("AWS::S3::Bucket"):
            self.s3.create_bucket(Bucket=one.name)
        for one in deployment.resources("AWS::Glue::Database"):
            make_database(one, site)
        for one in deployment.resources("AWS::Glue::Table"):
            make_table(one, site)

    def put(self, table: str, keys: str, rows: list[dict[str, Any]], *, known: bool = True) -> str:
        """Put rows as Parquet into `batch_date=D/run_id=R`, and register that; where they are."""
        types = {one["Name"]: catalog_type(one["Type"]) for one in self.columns(table)}
        full = [{name: one.get(name) for name in types} for one in rows]
        content = BytesIO()
        pq.write_table(pa.Table.from_pylist(full, schema(types)), content)
        return self.put_object(
            table, keys, f"part-{next(self._parts)}.parquet", content.getvalue(), known=known
        )

    def put_object(
        self, table: str, keys: str, name: str, content: bytes, *, known: bool = True
    ) -> str:
        """Put an object into a partition, and register the partition when it is to be known."""
        location = self.location(table)
        bucket, folder = location.removeprefix("s3://").split("/", 1)
        place = f"{folder}{keys}/" if keys else folder
        self.s3.put_object(Bucket=bucket, Key=f"{place}{name}", Body=content)
        if known and keys:
            self._register(table, keys, f"s3://{bucket}/{place}")
        return f"s3://{bucket}/{place}{name}"

    def commit(self, batch: str, run_id: str, committed_at: str) -> None:
        """Put a manifest, and register the day's partition of runs."""
        text = manifest(batch, run_id, committed_at).to_json() + "\n"
        self.put_object("runs", f"batch_date={batch}", f"{run_id}.json", text.encode())

    def columns(self, table: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self._table(table)["StorageDescriptor"]["Columns"]
        return found

    def location(self, table: str) -> str:
        return str(self._table(table)["StorageDescriptor"]["Location"])

    def _table(self, table: str) -> dict[str, Any]:
        database, _, name = table.rpartition(".")
        found = self.glue.get_table(DatabaseName=database or CURATED, Name=name)
        answer: dict[str, Any] = found["Table"]
        return answer

    def _register(self, table: str, keys: str, location: str) -> None:
        database, _, name = table.rpartition(".")
        storage = {**self._table(table)["StorageDescriptor"], "Location": location}
        values = [one.partition("=")[2] for one in keys.split("/")]
        self.glue.batch_create_partition(
            DatabaseName=database or CURATED,
            TableName=name,
            PartitionInputList=[{"Values": values, "StorageDescriptor": storage}],
        )

    def call(self, operation: str, role: str = OPERATOR, **parameters: Any) -> Any:  # noqa: ANN401
        call = Call(role=role, service="athena", operation=operation, parameters=parameters)
        return self.athena.handlers()["athena", operation](call)

    def run(self, sql: str, *parameters: str, database: str = CURATED) -> dict[str, Any]:
        """Start a query and see it over: its execution, as the API tells it."""
        asked: dict[str, Any] = {"QueryExecutionContext": {"Database": database}}
        if parameters:
            asked["ExecutionParameters"] = list(parameters)
        found = self.call("StartQueryExecution", QueryString=sql, WorkGroup=WORKGROUP, **asked)
        return self.over(found["QueryExecutionId"])

    def over(self, execution_id: str) -> dict[str, Any]:
        """Wait for a query to be over: its execution."""
        for _ in range(SECONDS * 100):
            found = self.call("GetQueryExecution", QueryExecutionId=execution_id)["QueryExecution"]
            if found["Status"]["State"] not in {"QUEUED", "RUNNING"}:
                answer: dict[str, Any] = found
                return answer
            time.sleep(0.01)
        raise AssertionError(f"the query {execution_id} does not end")

    def ask(self, sql: str, *parameters: str, database: str = CURATED) -> list[dict[str, Any]]:
        """The rows that a query answers, as texts by the names of the columns."""
        execution = self.run(sql, *parameters, database=database)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        page = self.call("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
        header, *rows = [
            [one.get("VarCharValue") for one in row["Data"]] for row in page["ResultSet"]["Rows"]
        ]
        return [dict(zip(header, row, strict=True)) for row in rows]

    def saved(self, name: str) -> str:
        return str(self.deployment.find("AWS::Athena::NamedQuery", name).properties["QueryString"])


def reason(execution: dict[str, Any]) -> str:
    """Why a query ended as it did."""
    return str(execution["Status"].get("StateChangeReason", ""))


def put_a_day(lake: Lake, rows: list[dict[str, Any]]) -> None:
    """Put the scored transactions of 2025-01-31, of a run that committed."""
    lake.commit("2025-01-31", "new", NEWER)
    lake.put("scored_transactions", DAY, rows)


def scored(number: int, customer: str = "C1", **values: Any) -> dict[str, Any]:  # noqa: ANN401
    """A scored transaction of 2025-01-31, its number of seconds after noon."""
    return {
        "transaction_id": f"T{number}",
        "customer_id": customer,
        "transaction_ts": datetime(2025, 1, 31, 12, 0, number),  # noqa: DTZ001 - as in Parquet
        "amount_usd": Decimal("10.50"),
        "velocity_count": number,
        "risk_score": 0,
        "risk_reasons": [],
        "evidence": [],
        **values,
    }
