"""Reads requests of AWS's APIs as calls: by whom, which operation of which service, with what.

Operations and parameters are found with the routers and parsers of moto, which has botocore's
models of the services; bodies of objects are left unread, so that they pass through untouched.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from werkzeug.datastructures import Headers
from werkzeug.exceptions import NotFound

from fraudlake.local.calls import Call, CallError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.core.model import OperationModel

Environ = dict[str, Any]
NOBODY = "unknown"
_SIGNED = re.compile(r"Credential=([^/,\s]+)/\d+/[^/]*/([^/]+)/aws4_request")
# What botocore calls services that sign with another name.
_SERVICES = {"monitoring": "cloudwatch"}
_FORBIDDEN = 403
_HELD = "fraudlake.body"
# The only operation of S3 whose body says what it is about.
_READ_BODIES = frozenset({"DeleteObjects"})


@dataclass(frozen=True)
class Signature:
    """What the Authorization header says: the access key id, and botocore's name of the service."""

    key: str
    service: str


def signature_of(environ: Environ) -> Signature:
    """Read who signed a request, for which service; the signature itself is not checked.

    Raises:
        CallError: a request that is not signed.
    """
    found = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
    if found is None:
        message = "Request is missing Authentication Token"
        raise CallError("MissingAuthenticationToken", message, _FORBIDDEN)
    return Signature(found[1], _SERVICES.get(found[2], found[2]))


def call_of(environ: Environ, signature: Signature, roles: Mapping[str, str]) -> Call:
    """Read a request as a call; its body can still be read afterwards.

    Raises:
        CallError: an access key id that is nobody's, or an operation that does not exist.
    """
    role = roles.get(signature.key)
    if role is None:
        code = "InvalidAccessKeyId" if signature.service == "s3" else "UnrecognizedClientException"
        message = "The access key id of the request belongs to no role of the deployment."
        raise CallError(code, message, _FORBIDDEN)
    if signature.service != "s3":
        _hold_body(environ)
    operation, parameters = _asked(environ, signature.service)
    return Call(role=role, service=signature.service, operation=operation, parameters=parameters)


def _asked(environ: Environ, service: str) -> tuple[str, Mapping[str, Any]]:
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.rpartition(".")[2], _json_of(environ)
    request = Request(environ.copy())
    try:
        operation, path = get_service_router(service).match(request)
        return operation.name, _parameters(request, environ, operation, path)
    except (NotFound, BotoCoreError, RequestParserError, ValueError, NotImplementedError) as error:
        message = f"{request.method} {request.path} is no operation of {service} known here"
        raise CallError("UnknownOperationException", message) from error


def _parameters(
    request: Request, environ: Environ, operation: OperationModel, path: Mapping[str, Any]
) -> Mapping[str, Any]:
    service = operation.service_model
    reads_body = service.service_name != "s3" or operation.name in _READ_BODIES
    parser = PROTOCOL_PARSERS[determine_request_protocol(service, request.content_type)]
    found: Mapping[str, Any] = parser(operation).parse(
        {
            "method": request.method,
            "values": request.values if reads_body else request.args,
            "headers": Headers(request.headers),
            "body": _hold_body(environ) if reads_body else b"",
            "url_path": request.path,
            "url_params": dict(path),
        }
    )
    return found


def _json_of(environ: Environ) -> Mapping[str, Any]:
    body = _hold_body(environ)
    try:
        found = json.loads(body or b"{}")
    except ValueError as error:
        raise CallError("SerializationException", "the body is no JSON") from error
    if not isinstance(found, dict):
        raise CallError("SerializationException", "the body is no JSON object")
    return found


def _hold_body(environ: Environ) -> bytes:
    """The body of a request, which can be read again from its start afterwards."""
    if _HELD not in environ:
        is_chunked = environ.pop("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
        length = -1 if is_chunked else int(environ.get("CONTENT_LENGTH") or 0)
        environ[_HELD] = environ["wsgi.input"].read(length)
    body: bytes = environ[_HELD]
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    return body
