"""The front as plain HTTP, large bodies and many callers at once meet it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from boto3.s3.transfer import TransferConfig
from moto.s3.models import s3_backends

from fraudlake.local.actors import Actors
from fraudlake.local.api.front import Front
from tests.local.fronted import (
    plain,
    recorded,
    refusal,
    signed,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.deployment import Deployment

MEGABYTE = 1_000_000


def test_nothing_is_answered_to_who_does_not_sign(front: Front) -> None:
    assert plain(front, "POST", "/moto-api/reset", {}) == 403
    assert plain(front, "OPTIONS", "/lake/a", {"Origin": "http://page.example"}) == 403


def test_nothing_is_answered_to_a_page_under_a_name_of_its_own(front: Front) -> None:
    headers = {**signed("operator"), "Host": "page.example"}

    assert plain(front, "GET", "/", headers) == 403
    assert plain(front, "GET", "/", signed("operator")) == 200


def test_a_body_in_signed_chunks_is_stored_as_it_was_meant(
    front: Front, front_actors: Actors
) -> None:
    """As S3A's SDK sends it."""
    chunk = b"4;chunk-signature=" + b"0" * 64 + b"\r\nrows\r\n"
    end = b"0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n"
    headers = {
        **signed("reader"),
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-decoded-content-length": "4",
        "Content-Encoding": "aws-chunked",
    }

    assert plain(front, "PUT", "/lake/mine/a", headers, chunk + end) == 200
    stored = front_actors.client("s3").get_object(Bucket="lake", Key="mine/a")
    assert stored["Body"].read() == b"rows"


def test_an_upload_in_parts_goes_through(front: Front, front_actors: Actors) -> None:
    s3, size = front_actors.client("s3", "reader"), 11 * MEGABYTE
    parts = TransferConfig(multipart_threshold=5 * MEGABYTE, multipart_chunksize=6 * MEGABYTE)
    s3.upload_fileobj(io.BytesIO(bytes(size)), "lake", "mine/large", Config=parts)

    assert s3.head_object(Bucket="lake", Key="mine/large")["ContentLength"] == size
    assert recorded(front, "CompleteMultipartUpload").allowed


def test_a_large_body_that_is_refused_is_not_waited_for(front: Front, front_actors: Actors) -> None:
    body = io.BytesIO(bytes(20 * MEGABYTE))

    found = refusal(
        front_actors.client("s3", "reader"), "put_object", Bucket="lake", Key="x", Body=body
    )

    assert found == ("AccessDenied", 403)


def test_many_callers_at_once_get_their_own_answers(front: Front, front_actors: Actors) -> None:
    s3 = front_actors.client("s3", "reader")

    def round_trip(number: int) -> bool:
        key, body = f"mine/{number}", f"row {number}".encode()
        s3.put_object(Bucket="lake", Key=key, Body=body)
        return bool(s3.get_object(Bucket="lake", Key=key)["Body"].read() == body)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(round_trip, range(40)))
    assert sum(one.operation == "PutObject" for one in front.calls()) == 40


def test_a_stopped_front_is_gone_and_the_next_one_is_empty(
    front_deployment: Deployment, tmp_path: Path
) -> None:
    with Front(front_deployment, {}, tmp_path / "calls.jsonl") as first:
        Actors(first.endpoint, "us-east-1").client("s3").create_bucket(Bucket="lake")
    with pytest.raises(ConnectionRefusedError):
        plain(first, "GET", "/", signed("operator"))
    with Front(front_deployment, {}, tmp_path / "calls.jsonl") as second:
        buckets = Actors(second.endpoint, "us-east-1").client("s3").list_buckets()

    assert buckets["Buckets"] == []
    assert [one.operation for one in second.calls()] == ["CreateBucket", "ListBuckets"]


def test_a_front_starts_without_what_moto_was_given_before(
    front_deployment: Deployment, tmp_path: Path
) -> None:
    s3_backends["123456789012"]["aws"].create_bucket("earlier", "us-east-1")

    with Front(front_deployment, {}, tmp_path / "calls.jsonl") as front:
        buckets = Actors(front.endpoint, "us-east-1").client("s3").list_buckets()

    assert buckets["Buckets"] == []
