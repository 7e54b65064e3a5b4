"""A real HTTPS server on the loopback that stands for the ECB's, good or bad."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trustme import LeafCert

    Answer = Callable[["Request"], None]

ADDRESS = "127.0.0.1"


class Request(BaseHTTPRequestHandler):
    """A request; the server's `answers` say what becomes of it."""

    protocol_version = "HTTP/1.1"
    server: HttpsServer

    def do_GET(self) -> None:
        self.close_connection = True
        self.server.asked.append(self.path)
        answers = self.server.answers[self.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        answer(self)

    def log_message(self, *_: object) -> None:
        pass


class HttpsServer(ThreadingHTTPServer):
    """Serves `answers`: by path, one after the other, the last for ever; `asked` keeps paths."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, certificate: LeafCert) -> None:
        super().__init__((ADDRESS, 0), Request)
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        self.stopped = threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        # The handshake is left to the request's thread, so that a bad one holds up no other.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def url(self, path: str = "/rates.zip") -> str:
        return f"https://{ADDRESS}:{self.server_port}{path}"

    def serves(self, *answers: Answer, path: str = "/rates.zip") -> str:
        self.answers[path] = list(answers)
        return self.url(path)

    def handle_error(self, *_: object) -> None:
        pass  # clients that hang up are what the tests are about


@contextmanager
def serving(certificate: LeafCert) -> Iterator[HttpsServer]:
    with HttpsServer(certificate) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()


def sends(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    def answer(request: Request) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def fails(status: int) -> Answer:
    return sends(b"<html>no</html>", status)


def redirects(target: str) -> Answer:
    return sends(b"", 302, {"Location": target})


def sends_in_chunks(body: bytes) -> Answer:
    def answer(request: Request) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for at in range(0, len(body), 100):
            chunk = body[at : at + 100]
            request.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        request.wfile.write(b"0\r\n\r\n")

    return answer


def breaks_off(request: Request) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b"Date,USD")


def hangs_up(request: Request) -> None:
    request.connection.close()


def never_answers(request: Request) -> None:
    request.server.stopped.wait(20)


def drips(request: Request) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    while not request.server.stopped.wait(0.02):
        request.wfile.write(b"D")
