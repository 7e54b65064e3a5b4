"""The function as deployed: its environment, its bucket and its crawler, to be called in tests."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3

from lambdas.blacklist_extract.handler import handler

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pytest
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import CrawlerTypeDef
    from mypy_boto3_s3 import S3Client

    from fraudlake.local.mysql.server import PrivateMariaDB

BUCKET = "raw-bucket"
CRAWLER = "blacklist-crawler"
DAY = "2025-01-31"
REGION: Final = "eu-central-1"
USER = "fraudlake_extract"
PASSWORD = "correct horse battery staple"  # noqa: S105 - of a server that lives for the tests

Row = dict[str, Any]


@dataclass(frozen=True)
class Invocation:
    """What Lambda hands to a function about its call."""

    seconds_left: float = 60
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds_left * 1000)


@dataclass(frozen=True)
class Deployed:
    """The function, the source it reads and the cloud it writes to."""

    mysql: PrivateMariaDB
    database: str
    s3: S3Client
    glue: GlueClient
    environment: pytest.MonkeyPatch

    def set(self, **variables: str | None) -> None:
        """Change the function's environment; None takes a variable away."""
        for name, value in variables.items():
            if value is None:
                self.environment.delenv(name)
            else:
                self.environment.setenv(name, value)

    def call(self, day: str = DAY, seconds_left: float = 60, **event: Any) -> dict[str, Any]:  # noqa: ANN401
        """Invoke the function as Lambda does: the answer has to survive JSON.

        The crawl that an earlier call started has ended by then.
        """
        self.end_crawl()
        return self.call_at_once(day, seconds_left, **event)

    def call_at_once(
        self,
        day: str = DAY,
        seconds_left: float = 60,
        **event: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Invoke the function while a crawl may be under way."""
        answer = handler({"snapshot_date": day, **event}, Invocation(seconds_left))
        whole: dict[str, Any] = json.loads(json.dumps(answer))
        return whole

    def end_crawl(self) -> None:
        """Let the crawl that is under way, if any, end: moto moves it when it is listed."""
        while self.crawler()["State"] != "READY":
            self.glue.list_crawls(CrawlerName=CRAWLER)

    def crawler(self) -> CrawlerTypeDef:
        """What Glue says of the crawler."""
        return self.glue.get_crawler(Name=CRAWLER)["Crawler"]

    def insert(self, *rows: Mapping[str, Any]) -> None:
        """Add rows to src_blacklist; columns that a row does not name stay null."""
        with self.mysql.root(self.database) as connection, connection.cursor() as cursor:
            for row in rows:
                names = ", ".join(row)
                marks = ", ".join(["%s"] * len(row))
                cursor.execute(
                    f"INSERT INTO src_blacklist ({names}) VALUES ({marks})",  # noqa: S608
                    list(row.values()),
                )

    def delete_all(self) -> None:
        """Empty src_blacklist."""
        self.mysql.run("DELETE FROM src_blacklist", database=self.database)

    def keys(self, prefix: str = "") -> list[str]:
        """The keys of all objects below a prefix."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [one["Key"] for one in found.get("Contents", [])]

    def text(self, key: str) -> str:
        """An object as text."""
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()

    def entries(self, day: str = DAY) -> list[Row]:
        """The entries of the snapshot of a date, missing values as None."""
        return read_csv(self.text(snapshot_key(day)))

    def put(self, key: str, text: str) -> None:
        """Put an object as somebody else would: without metadata."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())


def with_cloud(deployed: Deployed) -> Deployed:
    """Create the bucket, the crawler and the secret."""
    deployed.s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    deployed.glue.create_database(DatabaseInput={"Name": "raw"})
    deployed.glue.create_crawler(
        Name=CRAWLER,
        Role="arn:aws:iam::123456789012:role/crawler",
        DatabaseName="raw",
        Targets={"CatalogTargets": [{"DatabaseName": "raw", "Tables": ["blacklist"]}]},
    )
    login = json.dumps({"username": USER, "password": PASSWORD})
    boto3.client("secretsmanager").create_secret(Name="source-login", SecretString=login)
    return deployed


def snapshot_key(day: str = DAY) -> str:
    return f"blacklist/snapshot_date={day}/blacklist.csv"


def read_csv(text: str) -> list[Row]:
    """CSV with a header as rows, empty fields as None."""
    rows: Iterable[Row] = csv.DictReader(io.StringIO(text, newline=""))
    return [{name: value or None for name, value in row.items()} for row in rows]
