"""What small servers on this machine share: a port on loopback, a thread a connection, one end."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from contextlib import suppress
from select import select
from threading import Thread
from typing import Self

HOST = "127.0.0.1"
CHUNK = 65_536  # more than a TLS record holds, so that none is left inside the TLS layer


class LoopbackServer(ABC):
    """Listens inside a `with`; at its end every connection is shut and every thread has ended."""

    def __init__(self) -> None:
        """Count from nothing."""
        self.connections = 0
        self._is_over = False
        self._wires: list[socket.socket] = []
        self._threads: list[Thread] = []

    @abstractmethod
    def serve(self, client: socket.socket, number: int) -> None:
        """Serve one connection, the first has number 1; the socket is closed afterwards."""

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._listener = socket.create_server((HOST, 0))
        self._acceptor = Thread(target=self._accept, name=type(self).__name__)
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Shut what is open; that wakes the threads, whatever they wait for."""
        self._is_over = True
        socket.create_connection((HOST, self.port)).close()  # wakes `accept`
        self._acceptor.join()
        self._listener.close()
        for wire in self._wires:
            shut(wire)
        for thread in self._threads:
            thread.join()
        for wire in self._wires:
            wire.close()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._is_over:
                client.close()
                return
            self.connections += 1
            # TLS takes a socket over; the copy stays a handle on the connection.
            self._wires.append(client.dup())
            thread = Thread(target=self._serve, args=(client, self.connections))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket, number: int) -> None:
        # A peer that goes away is no error of the server's.
        with client, suppress(OSError):
            self.serve(client, number)
        shut(self._wires[number - 1])


def shut(connection: socket.socket) -> None:
    """End a connection in both directions, as far as it still stands."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def pass_on(one: socket.socket, other: socket.socket) -> None:
    """Relay bytes both ways until one side ends."""
    while True:
        for source in select([one, other], [], [])[0]:
            data = source.recv(CHUNK)
            if not data:
                return
            (other if source is one else one).sendall(data)
