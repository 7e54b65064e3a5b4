from __future__ import annotations

from typing import TYPE_CHECKING

import pymysql
import pytest

from fraudlake.local.mysql.certificates import Certificate
from fraudlake.local.mysql.server import PrivateMariaDB, ServerError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lambdas.mysql.certificates import Certificates


def login(
    port: int, user: str, ca: Path | None, host: str = "127.0.0.1"
) -> pymysql.Connection[pymysql.cursors.Cursor]:
    checked = {"ssl": {"ca": str(ca)}} if ca else {"ssl_disabled": True}
    return pymysql.connect(host=host, port=port, user=user, password="", **checked)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_client_that_checks_the_certificate_gets_in_over_tls(
    mysql: PrivateMariaDB, certificates: Certificates, etl_user: str, host: str
) -> None:
    with login(mysql.port, etl_user, certificates.ca, host) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        assert cursor.fetchone() == ("Ssl_version", "TLSv1.3")


def test_nobody_gets_in_over_the_network_without_tls(mysql: PrivateMariaDB, etl_user: str) -> None:
    with pytest.raises(pymysql.OperationalError, match="1045"):
        login(mysql.port, etl_user, ca=None)


@pytest.mark.parametrize(
    ("shown", "refusal"),
    [
        ("expired", "certificate has expired"),
        ("other_host", "IP address mismatch"),
        ("other_ca", "unable to get local issuer|self-signed"),
    ],
)
def test_a_bad_certificate_is_refused_until_the_good_one_is_back(
    mysql: PrivateMariaDB, certificates: Certificates, etl_user: str, shown: str, refusal: str
) -> None:
    with (
        mysql.use_certificate(getattr(certificates, shown)),
        pytest.raises(pymysql.OperationalError, match=refusal),
    ):
        login(mysql.port, etl_user, certificates.ca)
    login(mysql.port, etl_user, certificates.ca).close()


def test_a_server_that_does_not_start_says_why(certificates: Certificates) -> None:
    swapped = Certificate(chain=certificates.server.key, key=certificates.server.chain)
    server = PrivateMariaDB(swapped)
    with pytest.raises(ServerError, match="Failed to setup SSL"), server:
        pass
    assert not server.socket_path.parent.exists()
