"""CloudFormation and Secrets Manager as the function sees them."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from urllib.request import Request

ADDRESS = "https://answers.test/one?signature=abc"


def request(kind: str = "Create", **more: object) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": ADDRESS,
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Schema",
        "ResourceProperties": {"Schema": "CREATE TABLE a (b INT);\n\nGRANT SELECT ON a TO c;\n"},
        **more,
    }


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


@dataclass
class CloudFormation:
    """Takes answers; fails as often as it is told to before."""

    failures: int = 0
    requests: list[Request] = field(default_factory=list)

    def urlopen(self, request: Request, timeout: float) -> AbstractContextManager[None]:
        assert timeout > 0
        self.requests.append(request)
        if len(self.requests) <= self.failures:
            raise ConnectionResetError
        return nullcontext()

    @property
    def answer(self) -> dict[str, Any]:
        body = self.requests[-1].data
        assert isinstance(body, bytes)
        return dict(json.loads(body))


@dataclass
class Secrets:
    """Gives out one secret, whatever it is asked for."""

    text: str
    asked: list[str] = field(default_factory=list)

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - AWS's name
        self.asked.append(SecretId)
        return {"SecretString": self.text}
