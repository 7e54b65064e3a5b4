"""What can go wrong with a put to S3, for the puts of one test."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambdas.objects import Bucket

PUT = "before-send.s3.PutObject"


class Raw:
    """The body of an answer that S3 might give."""

    def __init__(self, code: str) -> None:
        self.xml = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.xml


@contextmanager
def before_puts(bucket: Bucket, hook: Callable[..., AWSResponse | None]) -> Iterator[None]:
    """Call `hook` before each put; what it returns is the answer of S3."""
    events: Any = bucket.s3.meta.events  # its stubs know no hooks that answer
    events.register_first(PUT, hook)
    try:
        yield
    finally:
        events.unregister(PUT, hook)


@contextmanager
def seen_puts(bucket: Bucket) -> Iterator[list[str]]:
    """The growing list of the addresses that are put."""
    urls: list[str] = []
    with before_puts(bucket, lambda request, **_: urls.append(request.url)):
        yield urls


@contextmanager
def refused_puts(bucket: Bucket, status: int, code: str, *, times: int) -> Iterator[None]:
    """Answer the next puts as S3 does when it refuses."""
    left = [code] * times

    def refuse(request: Any, **_: object) -> AWSResponse | None:  # noqa: ANN401 - botocore's
        if not left:
            return None
        # moto answers each request as well, and shall not store this one.
        request.method = "HEAD"
        return AWSResponse(request.url, status, HTTPHeaders(), Raw(left.pop()))

    with before_puts(bucket, refuse):
        yield


@contextmanager
def changes_before_puts(bucket: Bucket, key: str, *texts: str) -> Iterator[None]:
    """Let someone else put these texts at a key, one just before each of the next puts."""
    waiting = list(texts)
    busy: list[bool] = []  # the other's puts come by here too

    def change(**_: object) -> None:
        if waiting and not busy:
            busy.append(True)
            bucket.s3.put_object(Bucket=bucket.name, Key=key, Body=waiting.pop(0).encode())
            busy.clear()

    with before_puts(bucket, change):
        yield
