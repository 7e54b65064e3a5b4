"""Lambda's runtime API for one invocation: where a function's runtime fetches it and answers.

The runtime is AWS's own (`awslambdaric`), so errors and the context are those of Lambda.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from fraudlake.local.mysql.loopback import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

_VERSION = "/2018-06-01/runtime"
LARGEST_ANSWER = 6_291_556  # bytes, of a function that is invoked and waited for


@dataclass(frozen=True)
class Request:
    """What is asked of a function, and how many seconds it has from when it fetches that."""

    id: str
    function_arn: str
    payload: bytes
    seconds: float


@dataclass(frozen=True)
class Answer:
    """What a function answered; `is_error` when it, or its import, failed."""

    payload: bytes
    is_error: bool = False


class RuntimeApi:
    """Listens inside a `with` at `address`; `answered` is set when `answer` is there.

    `began` and `ended` are the monotonic moments of its fetching and its answer; None before.
    """

    def __init__(self, request: Request, on_fetch: Callable[[], object]) -> None:
        """Have a request ready to be fetched; call `on_fetch` just before it is handed out."""
        self.request, self._on_fetch = request, on_fetch
        self.answered, self.is_over = Event(), Event()
        self.began: float | None = None
        self.ended: float | None = None
        self.answer: Answer | None = None

    @property
    def address(self) -> str:
        """Host and port, as in AWS_LAMBDA_RUNTIME_API."""
        return f"{HOST}:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._server = ThreadingHTTPServer((HOST, 0), _handler_of(self))
        self._server.daemon_threads = False  # closing waits for them
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let a runtime that waits for a second request go, and close."""
        self.is_over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fetch(self) -> dict[str, str]:
        """Begin the invocation; the headers that tell a runtime about it."""
        self._on_fetch()
        self.began = time.monotonic()
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request.id,
            "Lambda-Runtime-Invoked-Function-Arn": self.request.function_arn,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self.request.seconds) * 1000)),
        }

    def take(self, answer: Answer) -> None:
        """Take the first answer."""
        if self.answer is None:
            self.answer, self.ended = answer, time.monotonic()
            self.answered.set()


def _handler_of(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if api.began is not None:
                api.is_over.wait()  # there is one request only; Lambda freezes the function here
                self.close_connection = True
                return
            self._send(200, api.request.payload, api.fetch())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/response") and len(body) > LARGEST_ANSWER:
                api.take(_too_large())
                self._send(413, b"{}", {})
                return
            api.take(Answer(body, is_error=not self.path.endswith("/response")))
            self._send(202, b"{}", {})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status if self.path.startswith(_VERSION) else 404)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    return Handler


def _too_large() -> Answer:
    message = (
        f"Response payload size exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes)."
    )
    text = f'{{"errorMessage": "{message}", "errorType": "Function.ResponseSizeTooLarge"}}'
    return Answer(text.encode(), is_error=True)
