"""How the functions call AWS, and how they name what AWS refuses."""

from __future__ import annotations

from http import HTTPStatus

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# Standard mode retries throttling, time-outs and server errors, with a growing, jittered pause.
AWS_CALLS = Config(
    retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=5, read_timeout=60
)
AWS_ERRORS = (ClientError, BotoCoreError)


def is_refusal(error: Exception) -> bool:
    """Whether AWS surely did not do what it was asked to: an answer of the kind 4xx."""
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def fault_of(error: Exception) -> str:
    """AWS's short name of what went wrong, such as AccessDenied; else the kind of the error."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "unknown")
    return type(error).__name__
