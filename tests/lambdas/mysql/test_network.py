from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pymysql
import pytest

from tests.lambdas.mysql.network import (
    Fault,
    Relay,
    cut,
    hide_tls,
    silence,
    silence_at_tls_request,
)

if TYPE_CHECKING:
    from fraudlake.local.mysql.server import PrivateMariaDB
    from tests.lambdas.mysql.certificates import Certificates


class Fetch(Protocol):
    def __call__(self, relay: Relay, patience: float = ...) -> int: ...


SIZE = 300_000
SHORT = 0.2  # seconds to wait for an answer that does not come


@pytest.fixture
def fetch(certificates: Certificates, etl_user: str) -> Fetch:
    """Log in through a relay, select one long text, return its length; wait so many seconds."""

    def fetch(relay: Relay, patience: float = 20) -> int:
        with pymysql.connect(
            host="localhost",
            port=relay.port,
            user=etl_user,
            password="",
            ssl={"ca": str(certificates.ca)},
            read_timeout=patience,
            write_timeout=patience,
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(f"SELECT repeat('x', {SIZE})")
            row = cursor.fetchone()
            assert row
            return len(row[0])

    return fetch


def test_a_relay_without_a_fault_passes_everything_and_counts(
    mysql: PrivateMariaDB, fetch: Fetch
) -> None:
    with Relay(mysql.port) as relay:
        assert [fetch(relay), fetch(relay)] == [SIZE, SIZE]
    assert relay.connections == 2
    assert min(relay.passed.values()) > SIZE


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (cut(0, connections=1), "Lost connection"),
        (cut(SIZE // 2, connections=1), "Lost connection"),
        (silence(connections=1), "timed out"),
        (silence(SIZE // 2, connections=1), "timed out"),
        (silence_at_tls_request(connections=1), "timed out"),
        (hide_tls(connections=1), "SSL is required but the server doesn't support it"),
    ],
)
def test_a_fault_on_the_first_connection_spares_the_second(
    mysql: PrivateMariaDB, fetch: Fetch, fault: Fault, failure: str
) -> None:
    with Relay(mysql.port, fault) as relay:
        with pytest.raises(pymysql.OperationalError, match=failure):
            fetch(relay, SHORT)
        assert fetch(relay) == SIZE


@pytest.mark.parametrize("fault", [cut(1000), silence(1000)])
def test_a_fault_for_all_connections_comes_after_its_bytes_every_time(
    mysql: PrivateMariaDB, fetch: Fetch, fault: Fault
) -> None:
    with Relay(mysql.port, fault) as relay:
        for _ in range(2):
            with pytest.raises(pymysql.OperationalError):
                fetch(relay, SHORT)
    assert relay.passed == {1: 1000, 2: 1000}


def test_a_bad_certificate_reaches_the_client_through_the_relay(
    mysql: PrivateMariaDB, certificates: Certificates, fetch: Fetch
) -> None:
    with (
        mysql.use_certificate(certificates.expired),
        Relay(mysql.port) as relay,
        pytest.raises(pymysql.OperationalError, match="certificate has expired"),
    ):
        fetch(relay)
