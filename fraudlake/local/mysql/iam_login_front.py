"""Plays RDS with IAM authentication in front of a private server, which has no AWS plugin.

Speaks the login of the MySQL protocol (version 10, capabilities 4.1) itself, over TLS, and asks
for the token in clear text inside it; then the private server answers, through the relay.
"""

from __future__ import annotations

import ssl
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymysql
from pymysql.constants import CLIENT

from fraudlake.local.mysql.iam_login import IamLogin, access_key_of
from fraudlake.local.mysql.loopback import HOST, LoopbackServer, pass_on

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from fraudlake.local.mysql.certificates import Certificate
    from fraudlake.local.mysql.server import PrivateMariaDB

# After the login packets are passed on as they are, so nothing is offered that changes them.
OFFERED = CLIENT.CAPABILITIES | CLIENT.SSL | CLIENT.CONNECT_WITH_DB | CLIENT.MULTI_STATEMENTS
UTF8MB4 = 45
AUTOCOMMIT = 2
SALT = b"twenty bytes of salt"
LOGIN_FIXED = 32  # capabilities, packet size, character set, filler: all that a TLS request has
OK = b"\0\0\0" + struct.pack("<HH", AUTOCOMMIT, 0)
ASK_FOR_TOKEN = b"\xfemysql_clear_password\0"


@dataclass
class Wire:
    """Packets on a socket: a length of 3 bytes, a sequence number, the payload."""

    socket: socket.socket
    sequence: int = 0

    def send(self, payload: bytes) -> None:
        """Send one packet."""
        header = len(payload).to_bytes(3, "little") + bytes([self.sequence])
        self.socket.sendall(header + payload)
        self.sequence += 1

    def receive(self) -> bytes:
        """Receive one packet; ConnectionError when the client has gone."""
        header = self._exactly(4)
        self.sequence = header[3] + 1
        return self._exactly(int.from_bytes(header[:3], "little"))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data


class IamFront(LoopbackServer):
    """A TLS server on 127.0.0.1 at `port` that lets one user in by an IAM token.

    `tokens` has what clients sent as such, `refusals` what was wrong with each that was refused.
    """

    def __init__(  # noqa: PLR0913 - by name, all but what it stands between
        self,
        database: PrivateMariaDB,
        certificate: Certificate,
        *,
        user: str,
        region: str,
        password: str = "",
        host: str = "localhost",
        may_connect: Callable[[str, str], bool] | None = None,
    ) -> None:
        """Let `user` in to the private server, whose password for it the client need not know.

        A token has to be made for `host` in `region`. `may_connect`, if any, is asked with the
        access key id that signed and the user: has that key's role the right rds-db:connect?
        """
        super().__init__()
        self._database = database
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate.chain, certificate.key)
        self._user, self._password, self._host = user, password, host
        self._region, self._may_connect = region, may_connect
        self.tokens: list[str] = []
        self.refusals: list[list[str]] = []

    def serve(self, client: socket.socket, number: int) -> None:  # noqa: ARG002 - all are alike
        """Greet, and go on only over TLS."""
        wire = Wire(client)
        wire.send(_greeting())
        if len(wire.receive()) > LOGIN_FIXED:
            wire.send(_error(3159, "HY000", "Connections using insecure transport are prohibited"))
            return
        with self._tls.wrap_socket(client, server_side=True) as secure:
            self._log_in(Wire(secure, wire.sequence))

    def _log_in(self, wire: Wire) -> None:
        flags, user, database = _login(wire.receive())
        wire.send(ASK_FOR_TOKEN)
        token = wire.receive().rstrip(b"\0").decode("latin-1")
        self.tokens.append(token)
        if problems := self._problems(token, user):
            self.refusals.append(problems)
            denied = f"Access denied for user '{user}'@'{HOST}' (using password: YES)"
            wire.send(_error(1045, "28000", denied))
            return
        self._open(wire, flags, database)

    def _problems(self, token: str, user: str) -> list[str]:
        login = IamLogin(f"{self._host}:{self.port}", self._user, self._region)
        if problems := login.problems(token):
            return problems
        if user != self._user:
            return ["user"]
        if self._may_connect and not self._may_connect(access_key_of(token), user):
            return ["rds-db:connect"]
        return []

    def _open(self, wire: Wire, flags: int, database: str | None) -> None:
        """Log in to the private server as the client would, over TLS too, and relay."""
        try:
            inner = pymysql.connect(
                host=HOST,
                port=self._database.port,
                user=self._user,
                password=self._password,
                database=database,
                client_flag=flags & ~CLIENT.SSL,
                autocommit=None,
            )
        except pymysql.MySQLError as error:
            wire.send(_error(error.args[0], "HY000", error.args[1]))
            return
        with inner:
            wire.send(OK)
            pass_on(wire.socket, inner._sock)  # type: ignore[attr-defined] # noqa: SLF001 - no other way


def _greeting() -> bytes:
    low, high = OFFERED & 0xFFFF, OFFERED >> 16
    return (
        b"\x0a8.4.7\0"
        + struct.pack("<I8sx", 1, SALT)
        + struct.pack("<HBHHB10x", low, UTF8MB4, AUTOCOMMIT, high, len(SALT) + 1)
        + SALT[8:]
        + b"\0caching_sha2_password\0"
    )


def _login(packet: bytes) -> tuple[int, str, str | None]:
    """Capabilities, user and database of a client's answer to the greeting."""
    flags: int = struct.unpack_from("<I", packet)[0]
    user, _, rest = packet[LOGIN_FIXED:].partition(b"\0")
    after_proof = rest[1 + rest[0] :]
    database = after_proof.partition(b"\0")[0] if flags & CLIENT.CONNECT_WITH_DB else b""
    return flags, user.decode(), database.decode() or None


def _error(code: int, state: str, message: str) -> bytes:
    return b"\xff" + struct.pack("<H", code) + f"#{state}{message}".encode()
