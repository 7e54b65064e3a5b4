"""What tests of the rates function share: an authority, a server for the ECB's, a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
import trustme
from moto import mock_aws

from lambdas.aws import AWS_CALLS
from lambdas.json_logs import LOGGER
from lambdas.objects import Bucket
from tests.lambdas.fx_rates.deployment import REGION, Deployment
from tests.lambdas.fx_rates.https_server import ADDRESS, HttpsServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A new certificate authority."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The authority, as the only one that the function trusts."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    return authority


@pytest.fixture
def ecb(trusted: trustme.CA) -> Iterator[HttpsServer]:
    """A server with a good certificate."""
    with serving(trusted.issue_cert(ADDRESS)) as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Client]:
    """One client for all tests: making it takes longer than they do."""
    with mock_aws():  # it gives credentials that are none
        client = boto3.client("s3", region_name=REGION, config=AWS_CALLS)
    yield client
    client.close()


@pytest.fixture
def bucket(s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        s3.create_bucket(
            Bucket="raw-zone", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield Bucket(s3, "raw-zone")


@pytest.fixture
def deployment(ecb: HttpsServer, bucket: Bucket) -> Deployment:
    """The function's surroundings: a server and an empty bucket."""
    return Deployment(ecb, bucket)


@pytest.fixture(autouse=True)
def _own_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no stream behind that ends with a test."""
    monkeypatch.setattr(LOGGER, "handlers", [])


@pytest.fixture
def log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """What the function logs."""
    monkeypatch.setattr(LOGGER, "propagate", True)
    caplog.set_level("INFO", LOGGER.name)
    return caplog
