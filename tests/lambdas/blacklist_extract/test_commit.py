"""The commit: what is put, in which order, what the manifest says of it, and when S3 refuses."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import RunError
from tests.lambdas.blacklist_extract.deployed import BUCKET, DAY, snapshot_key
from tests.lambdas.blacklist_extract.test_snapshot import fill, objects, session_events
from tests.lambdas.puts import watched_puts

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

    from tests.lambdas.blacklist_extract.deployed import Deployed


def puts_of_a_call(deployed: Deployed, *refusals: str) -> list[AWSPreparedRequest]:
    with watched_puts(session_events(), *refusals) as puts:
        deployed.call()
    return puts


def names_of(puts: list[AWSPreparedRequest]) -> list[str]:
    return [one.url.split("?")[0].rsplit("/", 1)[-1] for one in puts]


def test_a_second_call_replaces_the_snapshot_whole(deployed: Deployed) -> None:
    fill(deployed, 3)
    first = deployed.call()["manifest"]
    fill(deployed, 2)
    second = deployed.call()["manifest"]
    assert deployed.keys("blacklist/") == [snapshot_key()]
    assert [row["customer_id"] for row in deployed.entries()] == ["C0", "C1"]
    names = ("manifest_key", "rejects_key")
    kept = {manifest[name] for manifest in (first, second) for name in names}
    assert set(deployed.keys("control/")) == kept
    assert len(kept) == 4


def test_the_manifest_that_the_snapshot_names_agrees_with_it(deployed: Deployed) -> None:
    fill(deployed, 2)
    answer = deployed.call()["manifest"]
    found = deployed.s3.get_object(Bucket=BUCKET, Key=snapshot_key())
    body, metadata = found["Body"].read(), found["Metadata"]
    digest = hashlib.sha256(body).hexdigest()
    assert metadata == {
        "sha256": digest,
        "extract-id": answer["extract_id"],
        "entries": "2",
        "rejects": "1",
    }
    folder = f"control/blacklist/snapshot_date={DAY}/{metadata['extract-id']}"
    manifest = json.loads(deployed.text(f"{folder}/manifest.json"))
    assert manifest == answer
    assert (manifest["sha256"], manifest["bytes"]) == (digest, len(body))
    assert manifest["rows"] == {"read": 3, "entries": 2, "rejects": 1}
    assert manifest["snapshot_key"] == snapshot_key()
    assert manifest["snapshot_date"] == DAY
    assert found["ContentType"] == "text/csv; charset=utf-8"


def test_the_snapshot_is_put_last_and_each_object_once(deployed: Deployed) -> None:
    fill(deployed, 1)
    puts = names_of(puts_of_a_call(deployed))
    assert puts == ["rejects.csv", "manifest.json", "blacklist.csv"]


def test_encryption_is_what_the_bucket_says(deployed: Deployed) -> None:
    deployed.s3.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": "alias/lake",
                    }
                }
            ]
        },
    )
    fill(deployed, 1)
    headers = [name.lower() for one in puts_of_a_call(deployed) for name in one.headers]
    assert [name for name in headers if "encryption" in name] == []
    found = [deployed.s3.head_object(Bucket=BUCKET, Key=key) for key in deployed.keys("")]
    assert [(one["ServerSideEncryption"], one["SSEKMSKeyId"]) for one in found] == [
        ("aws:kms", "alias/lake")
    ] * 3


def test_s3_is_told_the_digest_of_the_snapshot_to_check(deployed: Deployed) -> None:
    fill(deployed, 1)
    *_, put = puts_of_a_call(deployed)
    found = deployed.s3.head_object(Bucket=BUCKET, Key=snapshot_key())
    sent = b64decode(put.headers["x-amz-checksum-sha256"])
    assert sent.hex() == found["Metadata"]["sha256"]


def test_throttling_that_ends_does_no_harm(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    fill(deployed, 2)
    puts = names_of(puts_of_a_call(deployed, "SlowDown", "SlowDown"))
    assert puts == ["rejects.csv"] * 3 + ["manifest.json", "blacklist.csv"]
    assert [row["customer_id"] for row in deployed.entries()] == ["C0", "C1"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_put_that_s3_refuses_leaves_the_earlier_snapshot(deployed: Deployed, number: int) -> None:
    fill(deployed, 2)
    deployed.call()
    before = objects(deployed)
    fill(deployed, 1)
    refusals = [None] * (number - 1) + ["AccessDenied"]
    with (
        watched_puts(session_events(), *refusals) as puts,
        pytest.raises(RunError, match=r"was not written \(AccessDenied\); what was there stays"),
    ):
        deployed.call()
    assert len(puts) == number
    assert {key: objects(deployed)[key] for key in before} == before
    assert deployed.keys("blacklist/") == [snapshot_key()]
