"""The function deployed in front of a real MySQL, with S3, Glue and Secrets Manager by moto."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from boto3 import Session
from moto import mock_aws

from lambdas import blacklist_extract
from tests.lambdas.blacklist_extract.deployed import BUCKET, CRAWLER, PASSWORD, Deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lambdas.mysql.certificates import Certificates
    from tests.lambdas.mysql.server import PrivateMariaDB

REGION = "eu-central-1"
SCHEMA = Path(blacklist_extract.__file__).with_name("schema.sql")
USER = "fraudlake_extract"


@pytest.fixture(scope="session")
def service_models() -> Session:
    """A session that every test builds its clients from: the models of services load slowly."""
    return Session()


@pytest.fixture
def source(mysql: PrivateMariaDB, database: str) -> Iterator[str]:
    """A database made by schema.sql, its user given a password; the name of the database."""
    mysql.run(*_statements(SCHEMA.read_text(encoding="utf-8")), database=database)
    mysql.run(f"ALTER USER {USER} IDENTIFIED BY '{PASSWORD}'")
    yield database
    mysql.run(f"DROP USER {USER}")


@pytest.fixture
def deployed(
    source: str,
    mysql: PrivateMariaDB,
    certificates: Certificates,
    service_models: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Deployed]:
    """The function with an empty src_blacklist, an empty bucket and a crawler that is ready."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(mysql.port),
        "DB_NAME": source,
        "DB_CA_FILE": str(certificates.ca),
        "DB_AUTH": "secret",
        "DB_SECRET_ID": "source-login",
        "DB_TIMEOUT_SECONDS": "1",
        "DB_PAUSE_SECONDS": "0",
        "RAW_BUCKET": BUCKET,
        "CRAWLER_NAME": CRAWLER,
        "MAX_SHRINK": "0.5",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", service_models)
        yield _cloud(Deployed(mysql, source, boto3.client("s3"), boto3.client("glue"), monkeypatch))


def _cloud(deployed: Deployed) -> Deployed:
    location = {"LocationConstraint": REGION}
    deployed.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)  # type: ignore[arg-type]
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


def _statements(script: str) -> list[str]:
    return [statement for part in script.split(";\n") if (statement := part.strip())]
