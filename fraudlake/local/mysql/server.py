"""A private MariaDB server: own data folder, loopback only, TLS on, gone with its owner.

The local cloud's database runs on it, and the tests of all that speaks MySQL.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pymysql

from fraudlake.local.mysql.data_folder import (
    SERVER,
    ServerError,
    make_data_folder,
    program,
    tail,
    user_option,
)
from fraudlake.local.mysql.leftovers import PREFIX, SOCKET, remove_leftovers
from fraudlake.local.processes import bound_to_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fraudlake.local.mysql.certificates import Certificate

__all__ = ["HOST", "PrivateMariaDB", "ServerError"]
HOST = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 10
STARTS = 3  # another program may take the free port before the server does
PORT_TAKEN = "Address already in use"
READY = "ready for connections"
SERVER_OPTIONS = (
    f"--bind-address={HOST}",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--skip-performance-schema",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_bin",
    "--require-secure-transport=ON",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-method=nosync",
    "--skip-innodb-use-native-aio",  # containers may not allow it
    "--innodb-log-file-size=4M",
    "--innodb-fast-shutdown=2",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=8M",
)


class PrivateMariaDB:
    """A server that runs inside a `with`, with TLS required as a cautious RDS has it.

    On Linux it ends, too, when the thread that started it does, however that comes about.
    Reachable on 127.0.0.1 at `port`; `socket_path` is its local door, for which TLS counts as
    given. The only account is root, without a password. Text is utf8mb4.
    """

    def __init__(self, certificate: Certificate) -> None:
        """Keep the certificate to show; `use_certificate` changes it while the server runs."""
        self.port = 0
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()

    @property
    def socket_path(self) -> Path:
        """The unix socket."""
        return self._folder / SOCKET

    @property
    def process_id(self) -> int | None:
        """The number of the server's process while it runs."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        """Make the data folder and start the server; ServerError with its log when it fails."""
        remove_leftovers()
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        try:
            self._show(self._certificate)
            make_data_folder(self._folder / "data")
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server and remove its data."""
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def root(self, database: str | None = None) -> pymysql.Connection[pymysql.cursors.Cursor]:
        """A new administrator's connection that commits each statement; the caller closes it."""
        return pymysql.connect(
            unix_socket=str(self.socket_path),
            user="root",
            database=database,
            charset="utf8mb4",
            autocommit=True,
            ssl_disabled=True,  # a TLS context costs more than the statements
        )

    def run(self, *statements: str, database: str | None = None) -> None:
        """Run statements as the administrator, as they are (a `%` is a `%`)."""
        with self.root(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def use_certificate(self, certificate: Certificate) -> Iterator[None]:
        """Show another certificate to new connections for the time of a `with`."""
        self._show(certificate)
        self.run("FLUSH SSL")
        try:
            yield
        finally:
            self._show(self._certificate)
            self.run("FLUSH SSL")

    def _show(self, certificate: Certificate) -> None:
        shutil.copy(certificate.chain, self._folder / "server.pem")
        shutil.copy(certificate.key, self._folder / "server.key")

    def _start(self) -> None:
        for _ in range(STARTS):
            self.port = _free_port()
            self._launch()
            if self._comes_up():
                return
            self._stop()
            if PORT_TAKEN not in self._log():
                break
        raise ServerError(f"mariadbd did not start; the end of its log:\n{tail(self._log())}")

    def _launch(self) -> None:
        # A session of its own keeps the keyboard's interrupt from the server, so that its owner's
        # last statements still reach it.
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [*bound_to_parent(), *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _command(self) -> list[str]:
        """What starts the server; `--no-defaults` has to be the first option."""
        return [
            *(program(SERVER), "--no-defaults", *SERVER_OPTIONS, *user_option()),
            f"--datadir={self._folder / 'data'}",
            f"--socket={self.socket_path}",
            f"--pid-file={self._folder / 'pid'}",
            f"--port={self.port}",
            f"--ssl-cert={self._folder / 'server.pem'}",
            f"--ssl-key={self._folder / 'server.key'}",
        ]

    def _comes_up(self) -> bool:
        """Whether the server takes connections before it ends or the time is over."""
        until = time.monotonic() + START_SECONDS
        while self._process and self._process.poll() is None and time.monotonic() < until:
            if READY in self._log():
                return True
            time.sleep(0.02)
        return False

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
