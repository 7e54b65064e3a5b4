"""The front of the local cloud: one HTTP server on loopback, as all of AWS's APIs.

Each request is read as a call, judged by the synthesized policies and recorded. A call that AWS
would refuse is refused here; a part of the local cloud that takes it answers it; all the others
are answered by moto.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Self

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.sansio.utils import host_is_trusted
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from fraudlake.local.actors import roles_by_key
from fraudlake.local.api.answers import denial_code, written_answer, written_error
from fraudlake.local.api.recorded import Recorder, read_calls
from fraudlake.local.api.requests import NOBODY, Signature, call_of, signature_of
from fraudlake.local.calls import Call, CallError
from fraudlake.local.permissions.judge import Judge, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from fraudlake.local.api.recorded import RecordedCall
    from fraudlake.local.api.requests import Environ
    from fraudlake.local.calls import Handlers
    from fraudlake.local.deployment import Deployment

HOST = "127.0.0.1"
LOG = logging.getLogger(__name__)
_OK, _FORBIDDEN, _NOT_FOUND, _FAULT = 200, 403, 404, 500
_STOP_SECONDS = 0.1  # how often the server looks whether it shall stop
_ASKS_FOR_ONE = frozenset({("s3", "GetObject"), ("s3", "HeadObject")})


class Front:
    """The server: `with Front(...) as front:` runs it at `front.endpoint`, with an empty cloud."""

    def __init__(
        self,
        deployment: Deployment,
        handlers: Handlers,
        calls_file: Path,
        *,
        enforce: bool = True,
    ) -> None:
        """Take what is answered here rather than by moto, and where the calls are recorded.

        The port is taken at once, and `handlers` are looked up at each call, so that what needs
        the endpoint may be added to them before the front is entered. Without `enforce`, a call
        that AWS would refuse is recorded as such and answered all the same.
        """
        self.judge = Judge(deployment)
        self._roles = roles_by_key(self.judge.callers)
        self._handlers, self._enforce = handlers, enforce
        self._calls_file, self._recorder = calls_file, Recorder(calls_file)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            HOST, 0, self._answer, threaded=True, request_handler=_QuietHandler
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_STOP_SECONDS,), daemon=True
        )

    @property
    def endpoint(self) -> str:
        """Where the APIs are: http://127.0.0.1:port."""
        return f"http://{HOST}:{self._server.server_port}"

    def calls(self) -> list[RecordedCall]:
        """The calls that are in the record, oldest first."""
        return read_calls(self._calls_file)

    def admits(
        self, access_key: str, service: str, operation: str, parameters: Mapping[str, Any]
    ) -> bool:
        """Judge and record what is asked of another server than this, as a log-in at a database."""
        role = self._roles.get(access_key)
        if role is None:
            return False
        call = Call(role=role, service=service, operation=operation, parameters=parameters)
        verdict = self.judge.judge(call)
        is_admitted = verdict.allowed or not self._enforce
        self._record(call, verdict, _OK if is_admitted else _FORBIDDEN)
        return is_admitted

    def __enter__(self) -> Self:
        """Start with an empty cloud: moto forgets what was made before in this process."""
        moto_api_backend.reset()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and give back the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        moto_api_backend.reset()

    def _answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request, as a WSGI application."""
        signature = Signature("", "")
        try:
            _check_host(environ)
            signature = signature_of(environ)
            call = call_of(environ, signature, self._roles)
        except CallError as error:
            return self._turn_away(environ, signature, error)(environ, start_response)
        response, verdict = self._judged(environ, call)
        self._record(call, verdict, response.status_code)
        return response(environ, start_response)

    def _turn_away(self, environ: Environ, signature: Signature, error: CallError) -> Response:
        """The answer to what is nobody's call, or none at all."""
        role = self._roles.get(signature.key, NOBODY)
        self._recorder.record(
            role=role,
            service=signature.service,
            operation=NOBODY,
            verdict=Verdict(False, (), error.message),
            status=error.status,
        )
        return written_error(environ, signature.service, error)

    def _judged(self, environ: Environ, call: Call) -> tuple[Response, Verdict]:
        """The answer to a call, and what the policies say to it."""
        verdict = self.judge.judge(call)
        if verdict.allowed or not self._enforce:
            response = self._done(environ, call)
            if verdict.allowed and _is_missing_object(call, response):
                verdict = self.judge.judge_absence(call, verdict)
            if verdict.allowed or not self._enforce:
                return response, verdict
            response.close()
        refusal = CallError(denial_code(environ, call.service), verdict.reason, _FORBIDDEN)
        return written_error(environ, call.service, refusal), verdict

    def _done(self, environ: Environ, call: Call) -> Response:
        """What the local cloud answers to a call, whoever makes it."""
        handler = self._handlers.get((call.service, call.operation))
        try:
            if handler is None:
                return _Passed.from_app(self._moto, environ)
            return written_answer(call, handler(call))
        except CallError as error:
            return written_error(environ, call.service, error)
        except Exception as fault:  # a fault of one answer must not be the end of the server
            LOG.exception("%s %s", call.service, call.operation)
            failure = CallError("InternalFailure", f"{type(fault).__name__}: {fault}", _FAULT)
            return written_error(environ, call.service, failure)

    def _record(self, call: Call, verdict: Verdict, status: int) -> None:
        self._recorder.record(
            role=call.role,
            service=call.service,
            operation=call.operation,
            verdict=verdict,
            status=status,
        )


class _Passed(Response):
    """A response of moto as it is: with no Content-Type where it has none."""

    default_mimetype = None


class _QuietHandler(MotoRequestHandler):
    """Moto's request handler without a line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: calls are recorded."""


def _check_host(environ: Environ) -> None:
    """Refuse what a web page sends here by a name of its own."""
    host = environ.get("HTTP_HOST", "")
    if not host_is_trusted(host, [HOST, "localhost"]):
        raise CallError("AccessDenied", f"{host} is not a name of this server", _FORBIDDEN)


def _is_missing_object(call: Call, response: Response) -> bool:
    asks = (call.service, call.operation) in _ASKS_FOR_ONE
    return asks and response.status_code == _NOT_FOUND
