"""The function deployed in front of a real MySQL, with S3, Glue and Secrets Manager by moto."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
import urllib3
from boto3 import Session
from moto import mock_aws
from moto.server import ThreadedMotoServer

from lambdas import blacklist_extract
from tests.lambdas.blacklist_extract.deployed import (
    BUCKET,
    CRAWLER,
    PASSWORD,
    REGION,
    USER,
    Deployed,
    with_cloud,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fraudlake.local.mysql.server import PrivateMariaDB
    from tests.lambdas.mysql.certificates import Certificates

SCHEMA = Path(blacklist_extract.__file__).with_name("schema.sql")


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
def environment(
    source: str, mysql: PrivateMariaDB, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """The function's environment, as the template sets it, for a private server."""
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
    return monkeypatch


@pytest.fixture
def deployed(
    mysql: PrivateMariaDB, source: str, environment: pytest.MonkeyPatch, service_models: Session
) -> Iterator[Deployed]:
    """The function with an empty src_blacklist, an empty bucket and a crawler that is ready."""
    with mock_aws():
        environment.setattr(boto3, "DEFAULT_SESSION", service_models)
        s3, glue = boto3.client("s3"), boto3.client("glue")
        yield with_cloud(Deployed(mysql, source, s3, glue, environment))


@pytest.fixture
def deployed_over_http(
    mysql: PrivateMariaDB, source: str, environment: pytest.MonkeyPatch
) -> Iterator[Deployed]:
    """The same with a cloud on loopback, for a function in a process of its own."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    urllib3.request("POST", f"{endpoint}/moto-api/reset")
    environment.setenv("AWS_ENDPOINT_URL", endpoint)
    environment.setattr(boto3, "DEFAULT_SESSION", None)
    s3, glue = boto3.client("s3"), boto3.client("glue")
    yield with_cloud(Deployed(mysql, source, s3, glue, environment))
    server.stop()


def _statements(script: str) -> list[str]:
    return [statement for part in script.split(";\n") if (statement := part.strip())]
