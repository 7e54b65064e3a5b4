"""A small lake for tests of crawls, and a way to watch and refuse the calls that one makes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fraudlake.local.crawls.crawling import CrawlResult, crawl
from fraudlake.local.deployment import Resource

if TYPE_CHECKING:
    import pytest
    from botocore.model import OperationModel

    from fraudlake.local.actors import Actors

ROLE = "crawl-role"
CONFIGURATION: dict[str, Any] = {
    "Version": 1.0,
    "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"},
    "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}},
}
PARAMETERS = {
    "EXTERNAL": "TRUE",
    "classification": "csv",
    "compressionType": "none",
    "skip.header.line.count": "1",
}
STORAGE = {
    "Columns": [{"Name": "id", "Type": "string"}],
    "Location": "s3://raw/payments/",
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde"},
}


def a_crawler(*tables: str, **changed: object) -> Resource:
    targets = {"CatalogTargets": [{"DatabaseName": "db", "Tables": [*tables]}]}
    properties: dict[str, object] = {
        "Name": "c",
        "Role": f"arn:aws:iam::123456789012:role/{ROLE}",
        "Targets": targets,
        "SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
        "Configuration": json.dumps(CONFIGURATION),
        **changed,
    }
    return Resource(
        stack="s",
        logical_id="C",
        type="AWS::Glue::Crawler",
        name="c",
        arn="",
        properties=properties,
    )


@dataclass
class Lake:
    """A bucket and a database with the table `payments` by day, and what a crawl does to it."""

    actors: Actors
    glue: Any = field(init=False)
    s3: Any = field(init=False)

    def __post_init__(self) -> None:
        self.glue, self.s3 = self.actors.client("glue"), self.actors.client("s3")
        self.s3.create_bucket(Bucket="raw")
        self.glue.create_database(DatabaseInput={"Name": "db"})
        self.make_table("payments")

    def make_table(self, name: str, **changed: object) -> None:
        table = {
            "Name": name,
            "Parameters": PARAMETERS,
            "PartitionKeys": [{"Name": "day", "Type": "string"}],
            "StorageDescriptor": {**STORAGE, "Location": f"s3://raw/{name}/"},
            **changed,
        }
        self.glue.create_table(DatabaseName="db", TableInput=table)

    def put(self, *keys: str, body: bytes = b"id\n1\n") -> None:
        for key in keys:
            self.s3.put_object(Bucket="raw", Key=key, Body=body)

    def crawl(self, crawler: Resource | None = None) -> CrawlResult:
        return crawl(crawler or a_crawler("payments"), self.actors, ROLE)

    def partitions(self, table: str = "payments") -> dict[str, dict[str, Any]]:
        found = self.glue.get_partitions(DatabaseName="db", TableName=table)["Partitions"]
        return {one["Values"][0]: one for one in found}


class Refused:
    """An HTTP answer of status 403."""

    status_code = 403


def calls_of(
    lake: Lake,
    monkeypatch: pytest.MonkeyPatch,
    *,
    deny: str | None = None,
    objects_a_page: int = 1000,
) -> list[tuple[str, str]]:
    """Keeps role and operation of every call from now on; refuses one as the front would."""
    made: list[tuple[str, str]] = []
    kind, make = type(lake.actors), type(lake.actors).client

    def client(self: Actors, service: str, role: str = "operator") -> Any:  # noqa: ANN401 - any of boto3's
        found = make(self, service, role)

        def before(model: OperationModel, **_: object) -> tuple[Refused, dict[str, Any]] | None:
            made.append((role, model.name))
            if model.name != deny:
                return None
            said = {"Message": f"{role} is not authorized to perform: {deny}"}
            answer = {"Error": {"Code": "AccessDenied", **said}}
            return Refused(), {**answer, "ResponseMetadata": {"HTTPStatusCode": 403}}

        def paged(params: dict[str, Any], **_: object) -> None:
            params["MaxKeys"] = objects_a_page

        found.meta.events.register("before-call.*.*", before)
        found.meta.events.register("before-parameter-build.s3.ListObjectsV2", paged)
        return found

    monkeypatch.setattr(kind, "client", client)
    return made
