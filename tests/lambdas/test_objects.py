"""Objects are put whole or not at all, and S3's refusals are told by name."""

from __future__ import annotations

import base64
import hashlib
from io import BytesIO
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from fraudlake.errors import RunError
from lambdas.aws import AWS_CALLS
from lambdas.objects import Bucket, NewObject, PutConflict, sha256_of
from tests.lambdas.puts import answers_lost, watched_puts

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket; nobody waits between tries."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1", config=AWS_CALLS)
        s3.create_bucket(Bucket="raw")
        yield Bucket(s3, "raw")


def put(bucket: Bucket, text: str, *, replaces: str | None = None, is_new: bool = False) -> str:
    body = BytesIO(text.encode())
    body.seek(0, 2)  # as it is after it was written
    return bucket.put(
        NewObject(
            key="a.csv",
            body=body,
            content_type="text/csv",
            metadata={"entries": "2"},
            replaces=replaces,
            is_new=is_new,
        )
    )


def text_of(bucket: Bucket) -> str:
    found = bucket.get("a.csv")
    assert found is not None
    return found.body.decode()


def test_an_object_is_put_with_its_sha256_and_type(bucket: Bucket) -> None:
    digest = put(bucket, "Jos\u00e9\n")
    assert digest == hashlib.sha256("Jos\u00e9\n".encode()).hexdigest()
    found = bucket.s3.get_object(Bucket="raw", Key="a.csv")
    assert found["Body"].read() == "Jos\u00e9\n".encode()
    assert found["ContentType"] == "text/csv"
    assert found["Metadata"] == {"sha256": digest, "entries": "2"}
    head = bucket.head("a.csv")
    assert head
    assert head.metadata == found["Metadata"]


def test_s3_is_told_the_sha256_to_check_and_nothing_of_encryption(bucket: Bucket) -> None:
    with watched_puts(bucket.s3.meta.events) as requests:
        digest = put(bucket, "a\nb\n")
    [request] = requests
    sent = request.headers["x-amz-checksum-sha256"]
    assert base64.b64decode(sent).hex() == digest
    assert [name for name in request.headers if "encryption" in name.lower()] == []


def test_a_put_that_is_throttled_is_tried_again_with_all_its_bytes(bucket: Bucket) -> None:
    with watched_puts(bucket.s3.meta.events, "SlowDown", "SlowDown") as requests:
        put(bucket, "a\nb\n")
    assert len(requests) == 3
    assert text_of(bucket) == "a\nb\n"


def test_a_put_that_is_throttled_for_long_fails_after_six_tries(bucket: Bucket) -> None:
    with (
        watched_puts(bucket.s3.meta.events, *["SlowDown"] * 9) as requests,
        pytest.raises(RunError, match=r"s3://raw/a.csv was not written \(SlowDown\)"),
    ):
        put(bucket, "a")
    assert len(requests) == 6
    assert bucket.get("a.csv") is None


def test_a_put_that_is_refused_is_tried_once_and_says_what_to_do(bucket: Bucket) -> None:
    put(bucket, "old")
    with (
        watched_puts(bucket.s3.meta.events, "AccessDenied") as requests,
        pytest.raises(RunError) as caught,
    ):
        put(bucket, "new")
    assert str(caught.value) == (
        "s3://raw/a.csv was not written (AccessDenied); what was there stays as it was. See that "
        "the function's role, the bucket's policy and its key allow it, and call again"
    )
    assert len(requests) == 1
    assert text_of(bucket) == "old"


def test_what_is_there_is_replaced(bucket: Bucket) -> None:
    put(bucket, "old")
    put(bucket, "new")
    assert text_of(bucket) == "new"


def test_only_the_object_that_was_read_is_replaced(bucket: Bucket) -> None:
    put(bucket, "first")
    first = bucket.get("a.csv")
    assert first is not None
    put(bucket, "second", replaces=first.etag)
    with pytest.raises(PutConflict):
        put(bucket, "third", replaces=first.etag)
    assert text_of(bucket) == "second"


def test_a_new_object_replaces_nothing(bucket: Bucket) -> None:
    put(bucket, "first", is_new=True)
    with pytest.raises(PutConflict):
        put(bucket, "second", is_new=True)
    assert text_of(bucket) == "first"


def test_two_writers_at_the_same_moment_are_a_conflict(bucket: Bucket) -> None:
    with (
        watched_puts(bucket.s3.meta.events, "ConditionalRequestConflict"),
        pytest.raises(PutConflict),
    ):
        put(bucket, "first", is_new=True)


def test_an_object_that_is_not_there_is_none_or_an_error(bucket: Bucket) -> None:
    assert bucket.get("b.csv") is None
    assert bucket.head("b.csv") is None
    with pytest.raises(RunError, match=r"s3://raw/b.csv was not read \(NoSuchKey\)"):
        list(bucket.lines("b.csv"))


def test_a_bucket_that_is_not_there_is_an_error(bucket: Bucket) -> None:
    other = Bucket(bucket.s3, "other")
    with pytest.raises(RunError, match=r"s3://other/b.csv was not read \(NoSuchBucket\)"):
        other.get("b.csv")
    with pytest.raises(RunError, match=r"s3://other/x/ was not listed \(NoSuchBucket\)"):
        list(other.keys("x/"))


def test_lines_keep_their_ends_and_lose_the_byte_order_mark(bucket: Bucket) -> None:
    put(bucket, "\ufeffa\r\nb\n\u00e9\rd\u2028e")
    assert list(bucket.lines("a.csv")) == ["a\r\n", "b\n", "\u00e9\r", "d\u2028e"]


def test_lines_that_are_no_utf_8_are_an_error(bucket: Bucket) -> None:
    bucket.s3.put_object(Bucket="raw", Key="a.csv", Body=b"name\nJos\xe9\n")
    with pytest.raises(RunError, match=r"a.csv was not read \(UnicodeDecodeError\)"):
        list(bucket.lines("a.csv"))


def test_all_keys_of_a_prefix_are_found_over_many_pages(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    names = [f"x/{i}" for i in range(5)]
    for name in [*names, "w", "xx/0"]:
        bucket.s3.put_object(Bucket="raw", Key=name, Body=b"")
    assert list(bucket.keys("x/")) == names


def test_a_digest_is_of_the_whole_file_and_leaves_it_at_its_start() -> None:
    with TemporaryFile() as file:
        file.write(b"abc")
        assert sha256_of(file) == hashlib.sha256(b"abc").hexdigest()
        assert file.read() == b"abc"


@pytest.mark.parametrize("is_new", [True, False])
def test_an_answer_that_is_lost_after_the_object_was_put_is_no_failure(
    bucket: Bucket, *, is_new: bool
) -> None:
    with answers_lost(bucket.s3.meta.events):
        put(bucket, "first", is_new=is_new)
    assert text_of(bucket) == "first"


def test_an_answer_that_is_lost_before_the_object_was_put_is_a_failure(bucket: Bucket) -> None:
    with (
        watched_puts(bucket.s3.meta.events, *["SlowDown"] * 6),
        pytest.raises(RunError, match=r"a.csv was not written \(SlowDown\); what was there stays"),
    ):
        put(bucket, "first")
    assert bucket.head("a.csv") is None
