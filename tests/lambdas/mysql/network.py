"""A network between a client and the private server, on which faults can be ordered.

It relays bytes and knows nothing of TLS: the server's certificate reaches the client untouched.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from math import inf
from select import select

from fraudlake.local.mysql.loopback import CHUNK, HOST, LoopbackServer

TLS_OFFER = 0x08  # the flag of TLS in the second byte of a greeting's capabilities


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and on how many connections: the first ones, or all.

    Make one with `cut`, `silence`, `silence_at_tls_request` or `hide_tls`.
    """

    after_bytes: float = inf
    at_first_word: bool = False
    is_silent: bool = False
    hides_tls: bool = False
    connections: float = inf


NO_FAULT = Fault()


def cut(after_bytes: int, connections: float = inf) -> Fault:
    """The connection ends after so many bytes from the server."""
    return Fault(after_bytes=after_bytes, connections=connections)


def silence(after_bytes: int = 0, connections: float = inf) -> Fault:
    """After so many bytes from the server nothing comes any more, and nothing is closed."""
    return Fault(after_bytes=after_bytes, is_silent=True, connections=connections)


def silence_at_tls_request(connections: float = inf) -> Fault:
    """The greeting arrives; what the client says then, its TLS request, is never answered.

    PyMySQL waits for that answer as long as its `write_timeout` says, for ever without one.
    """
    return Fault(at_first_word=True, is_silent=True, connections=connections)


def hide_tls(connections: float = inf) -> Fault:
    """Somebody in between removes TLS from what the server offers, to read along."""
    return Fault(hides_tls=True, connections=connections)


class Relay(LoopbackServer):
    """A port that leads to another one on 127.0.0.1, with a fault or none.

    `connections` counts the clients; `passed` has the bytes that each, the first is 1, got from
    the server.
    """

    def __init__(self, target: int, fault: Fault = NO_FAULT) -> None:
        """Lead to the port `target`."""
        super().__init__()
        self._target = target
        self._fault = fault
        self.passed: dict[int, int] = {}

    def serve(self, client: socket.socket, number: int) -> None:
        """Relay one connection until it ends or its fault comes."""
        self.passed[number] = 0
        fault = self._fault if number <= self._fault.connections else NO_FAULT
        with socket.create_connection((HOST, self._target)) as server:
            self._relay(client, server, number, fault)
            while fault.is_silent and client.recv(CHUNK):
                pass

    def _relay(
        self, client: socket.socket, server: socket.socket, number: int, fault: Fault
    ) -> None:
        while self.passed[number] < fault.after_bytes:
            for source in select([client, server], [], [])[0]:
                is_client = source is client
                data = source.recv(CHUNK) if is_client else self._answer(server, number, fault)
                if not data or (is_client and fault.at_first_word):
                    return
                (server if is_client else client).sendall(data)

    def _answer(self, server: socket.socket, number: int, fault: Fault) -> bytes:
        passed = self.passed[number]
        data = server.recv(int(min(CHUNK, fault.after_bytes - passed)))
        self.passed[number] += len(data)
        return _without_tls(data) if fault.hides_tls and not passed else data


def _without_tls(greeting: bytes) -> bytes:
    """The greeting has a header (4 bytes), protocol (1), version, NUL, id (4), salt (8), NUL."""
    second_byte = greeting.index(0, 5) + 15
    changed = bytearray(greeting)
    changed[second_byte] &= ~TLS_OFFER
    return bytes(changed)
