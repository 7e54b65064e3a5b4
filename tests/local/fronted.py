"""A front with a few handlers and one role, and how tests ask it."""

from __future__ import annotations

import http.client
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from fraudlake.local.actors import access_key_id
from fraudlake.local.calls import Call, CallError
from tests.local.tiny_templates import allow, bucket, deployment_of, policy, role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from botocore.client import BaseClient

    from fraudlake.local.api.front import Front
    from fraudlake.local.api.recorded import RecordedCall
    from fraudlake.local.calls import Handler
    from fraudlake.local.deployment import Deployment

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def crawler(call: Call) -> Mapping[str, Any]:
    last = {"StartTime": STARTED, "Status": "SUCCEEDED"}
    return {"Crawler": {"Name": call.parameters["Name"], "LastCrawl": last}}


def no_job(_: Call) -> Mapping[str, Any]:
    raise CallError("EntityNotFoundException", "there is no such job")


def broken(_: Call) -> Mapping[str, Any]:
    raise ZeroDivisionError("oops")


def invoked(call: Call) -> Mapping[str, Any]:
    if call.parameters["FunctionName"] == "fails":
        return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": b'{"errorType":"X"}'}
    return {"StatusCode": 200, "Payload": call.parameters["Payload"]}


HANDLERS: dict[tuple[str, str], Handler] = {
    ("glue", "GetCrawler"): crawler,
    ("glue", "GetJob"): no_job,
    ("glue", "GetTrigger"): broken,
    ("glue", "GetJobRun"): lambda _: {"JobRun": {"DPUSeconds": Decimal("1.5")}},
    ("lambda", "Invoke"): invoked,
}


def fronted_deployment(tmp_path: Path) -> Deployment:
    prefix = {"StringLike": {"s3:prefix": "mine/*"}}
    rights = policy(
        allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::lake/mine/*"),
        allow("s3:GetObject", "arn:aws:s3:::lake/blind/*"),
        allow("rds-db:connect", "arn:aws:rds-db:us-east-1:123456789012:dbuser:db-1/loader"),
        allow("s3:ListBucket", "arn:aws:s3:::lake", Condition=prefix),
    )
    return deployment_of(tmp_path, Role=role(), Rights=rights, Lake=bucket())


def refusal(client: BaseClient, operation: str, **parameters: object) -> tuple[str, int]:
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**parameters)
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def recorded(front: Front, operation: str) -> RecordedCall:
    return [one for one in front.calls() if one.operation == operation][-1]


def plain(front: Front, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> int:
    """The status of a request by plain HTTP."""
    connection = http.client.HTTPConnection(urlsplit(front.endpoint).netloc, timeout=10)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def signed(caller: str, service: str = "s3") -> dict[str, str]:
    scope = f"{access_key_id(caller)}/20260102/us-east-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=x"}
