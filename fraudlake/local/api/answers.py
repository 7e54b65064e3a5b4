"""Writes answers and errors as AWS's APIs do, in the form of the service that was asked."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.api.requests import Environ
    from fraudlake.local.calls import Call, CallError

_JSON = "application/x-amz-json-1.1"
_REST = frozenset({"lambda"})


def written_answer(call: Call, answer: Mapping[str, Any]) -> Response:
    """What a handler answers, as a response: JSON, or the payload of a function."""
    if (call.service, call.operation) == ("lambda", "Invoke"):
        return _invocation(answer)
    text = json.dumps(answer, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return _response(text.encode(), 200, _JSON)


def written_error(environ: Environ, service: str, error: CallError) -> Response:
    """An error in the form of the service."""
    if "HTTP_X_AMZ_TARGET" in environ or service in _REST:
        text = json.dumps({"__type": error.code, "message": error.message})
        response = _response(text.encode(), error.status, _JSON)
        response.headers["x-amzn-ErrorType"] = error.code
        return response
    return _response(_xml(service, error).encode(), error.status, "application/xml")


def denial_code(environ: Environ, service: str) -> str:
    """What a service calls a refusal."""
    has_json = "HTTP_X_AMZ_TARGET" in environ or service in _REST
    return "AccessDeniedException" if has_json else "AccessDenied"


def _invocation(answer: Mapping[str, Any]) -> Response:
    """The fields of Lambda's answer to Invoke, of which all but the payload are headers."""
    response = _response(answer.get("Payload", b""), answer.get("StatusCode", 200), _JSON)
    response.headers["X-Amz-Executed-Version"] = answer.get("ExecutedVersion", "$LATEST")
    for field, header in (
        ("FunctionError", "X-Amz-Function-Error"),
        ("LogResult", "X-Amz-Log-Result"),
    ):
        if answer.get(field):
            response.headers[header] = answer[field]
    return response


def _xml(service: str, error: CallError) -> str:
    fields = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if service == "s3":
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{fields}</Error>'
    return f"<ErrorResponse><Error><Type>Sender</Type>{fields}</Error></ErrorResponse>"


def _response(body: bytes, status: int, content_type: str) -> Response:
    response = Response(body, status=status, content_type=content_type)
    response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
    return response


def _plain(value: object) -> object:
    """What JSON has no form for, as AWS writes it: times as seconds of the epoch."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no form in an answer")
