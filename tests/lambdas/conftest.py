"""What tests of the functions share: one private MySQL, started when the first test asks for it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from fraudlake.local.mysql.server import PrivateMariaDB
from tests.lambdas.mysql.certificates import Certificates, write_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = count(1)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A new CA with good and bad server certificates."""
    return write_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def mysql(certificates: Certificates) -> Iterator[PrivateMariaDB]:
    """The one server of all tests; it shows `certificates.server`."""
    with PrivateMariaDB(certificates.server) as server:
        yield server


@pytest.fixture
def database(mysql: PrivateMariaDB) -> Iterator[str]:
    """The name of an empty database for one test."""
    name = f"test_{next(NUMBERS)}"
    mysql.run(f"CREATE DATABASE {name}")
    yield name
    mysql.run(f"DROP DATABASE {name}")


@pytest.fixture
def etl_user(mysql: PrivateMariaDB, database: str) -> Iterator[str]:
    """The name of an account without a password that may read the test's database."""
    name = f"etl_{database}"
    mysql.run(f"CREATE USER {name}", f"GRANT SELECT ON {database}.* TO {name}")
    yield name
    mysql.run(f"DROP USER {name}")
