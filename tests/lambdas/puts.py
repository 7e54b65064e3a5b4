"""What can go wrong with a PUT to S3: refusals, and others who write at the same time."""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSPreparedRequest
    from botocore.hooks import BaseEventHooks

    from lambdas.objects import Bucket

PUT = "before-send.s3.PutObject"
STATUS = {"SlowDown": 503, "AccessDenied": 403, "ConditionalRequestConflict": 409}


@contextmanager
def watched_puts(
    events: BaseEventHooks, *refusals: str | None
) -> Iterator[list[AWSPreparedRequest]]:
    """The PUTs that are tried within a `with`; S3 refuses the first ones (None lets one pass)."""
    seen: list[AWSPreparedRequest] = []
    left = list(refusals)

    # The stubs say that hooks answer nothing; an answer to this event takes the place of S3's.
    def answer(request: AWSPreparedRequest, **_: object) -> Any:  # noqa: ANN401
        seen.append(request)
        code = left.pop(0) if left else None
        return _refusal(request, code) if code else None

    events.register(PUT, answer)
    try:
        yield seen
    finally:
        events.unregister(PUT, answer)


def _refusal(request: AWSPreparedRequest, code: str) -> AWSResponse:
    if read := getattr(request.body, "read", None):
        read()  # it was sent before S3 refused it
    request.method = "HEAD"  # moto sees the request, too, and shall not put
    body = BytesIO(f"<Error><Code>{code}</Code></Error>".encode())
    raw = HTTPResponse(body, preload_content=False)
    return AWSResponse(request.url, STATUS[code], HTTPHeaders(), raw)


@contextmanager
def answers_lost(events: BaseEventHooks) -> Iterator[None]:
    """S3 puts the object within a `with`, and its answers get lost: each looks like a 500."""

    def lose(response: tuple[Any, Any], **_: object) -> None:
        if response:
            response[0].status_code = 500

    events.register_first("needs-retry.s3.PutObject", lose)
    try:
        yield
    finally:
        events.unregister("needs-retry.s3.PutObject", lose)


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

    events = bucket.s3.meta.events
    events.register_first(PUT, change)
    try:
        yield
    finally:
        events.unregister(PUT, change)
