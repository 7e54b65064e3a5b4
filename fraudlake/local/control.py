"""How a command reaches the local cloud that another process holds: JSON over loopback."""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fraudlake.errors import FraudlakeError, InputError, RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOG = logging.getLogger(__name__)
LOOPBACK = "127.0.0.1"
STATE_FILE = "cloud.json"
_TOKEN_HEADER = "X-Fraudlake-Token"  # noqa: S105 - a header's name


@dataclass(frozen=True, kw_only=True)
class CloudState:
    """Where a running local cloud is: its process, its AWS endpoint, and its door for commands."""

    pid: int
    stage: str
    endpoint: str
    port: int
    token: str

    def write(self, folder: Path) -> None:
        """Put the state where commands look for it; only the user may read it."""
        draft = folder / f".{STATE_FILE}"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self)), encoding="utf-8")
        draft.replace(folder / STATE_FILE)

    @classmethod
    def read(cls, folder: Path) -> CloudState | None:
        """The state of the cloud of a folder; None when none runs there."""
        try:
            state = cls(**json.loads((folder / STATE_FILE).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return state if state.is_alive else None

    @property
    def is_alive(self) -> bool:
        """Whether the process is there, and is more than an entry that nobody has asked about."""
        try:
            os.kill(self.pid, 0)
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
        except ProcessLookupError:
            return False
        except OSError:  # a system without /proc
            return not Path("/proc").is_dir()
        return stat.rpartition(")")[2].split()[0] != "Z"

    def ask(self, operation: str, **values: object) -> Any:  # noqa: ANN401 - any JSON
        """What the cloud answers to an operation. Raises what it raised, by its words."""
        connection = HTTPConnection(LOOPBACK, self.port, timeout=600)
        try:
            headers = {_TOKEN_HEADER: self.token}
            connection.request("POST", f"/{operation}", json.dumps(values), headers)
            answer = json.loads(connection.getresponse().read())
        except (OSError, HTTPException, ValueError) as error:
            raise RunError(
                f"the local cloud does not answer ({error}); `fraudlake local down`, then `up`"
            ) from error
        finally:
            connection.close()
        if "input_problem" in answer:
            raise InputError(answer["input_problem"])
        if "problem" in answer:
            raise RunError(answer["problem"])
        return answer["answer"]


class ControlServer:
    """Answers operations of commands, each by its function, while inside a `with`."""

    def __init__(self, operations: Mapping[str, Callable[[Mapping[str, Any]], Any]]) -> None:
        """Take the operations by name; each gets the values of the request."""
        self.token = secrets.token_urlsafe(32)
        self._server = ThreadingHTTPServer((LOOPBACK, 0), _handler(operations, self.token))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        """Start to answer."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop to answer."""
        self._server.shutdown()
        self._server.server_close()


def _handler(
    operations: Mapping[str, Callable[[Mapping[str, Any]], Any]], token: str
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = self.headers.get(_TOKEN_HEADER, "")
            operation = operations.get(self.path.strip("/"))
            if not secrets.compare_digest(given.encode(), token.encode()) or operation is None:
                self.send_error(404)
                return
            length = int(self.headers.get("Content-Length", 0))
            values = json.loads(self.rfile.read(length) or b"{}")
            content = _answered(operation, values)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its own name
            """Say nothing: what happens is in the log of the cloud."""

    return Handler


def _answered(operation: Callable[[Mapping[str, Any]], Any], values: Mapping[str, Any]) -> bytes:
    """What an operation answers, or what is wrong, as JSON: the asking command must hear of it."""
    try:
        return json.dumps({"answer": operation(values)}).encode()
    except InputError as error:
        return json.dumps({"input_problem": str(error)}).encode()
    except FraudlakeError as error:
        return json.dumps({"problem": str(error)}).encode()
    except Exception as fault:
        LOG.exception("a fault")
        problem = f"a fault in the local cloud: {type(fault).__name__}: {fault}; see its log"
        return json.dumps({"problem": problem}).encode()
