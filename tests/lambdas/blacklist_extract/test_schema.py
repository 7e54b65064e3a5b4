"""schema.sql: what it makes, and what the extract's user may do and may not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
import pytest

from fraudlake.input_tables import BLACKLIST
from lambdas import blacklist_extract
from tests.lambdas.blacklist_extract.deployed import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fraudlake.local.mysql.server import PrivateMariaDB
    from tests.lambdas.mysql.certificates import Certificates

SCHEMA = Path(blacklist_extract.__file__).with_name("schema.sql")
USER = "fraudlake_extract"


def run_schema(mysql: PrivateMariaDB, database: str) -> None:
    parts = SCHEMA.read_text(encoding="utf-8").split(";\n")
    mysql.run(*(part for part in parts if part.strip()), database=database)


@pytest.fixture
def fresh(mysql: PrivateMariaDB, database: str) -> Iterator[str]:
    """A database as schema.sql makes it, beside another table; the name of the database."""
    mysql.run("CREATE TABLE src_salaries (amount INT)", database=database)
    run_schema(mysql, database)
    yield database
    mysql.run(f"DROP USER {USER}")


@pytest.fixture
def user(
    mysql: PrivateMariaDB, fresh: str, certificates: Certificates
) -> Iterator[pymysql.cursors.Cursor]:
    """The extract's user, logged in over TLS."""
    mysql.run(f"ALTER USER {USER} IDENTIFIED BY '{PASSWORD}'")
    tls = {"ca": str(certificates.ca)}
    with login(mysql, fresh, PASSWORD, tls) as connection, connection.cursor() as cursor:
        yield cursor


def login(
    mysql: PrivateMariaDB, database: str, password: str, tls: dict[str, str] | None
) -> pymysql.Connection[pymysql.cursors.Cursor]:
    return pymysql.connect(
        host="127.0.0.1",
        port=mysql.port,
        database=database,
        user=USER,
        password=password,
        ssl=tls,
        ssl_disabled=tls is None,
    )


def rows_of(mysql: PrivateMariaDB, database: str, query: str) -> list[tuple[object, ...]]:
    with mysql.root(database) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def test_the_table_has_the_columns_of_the_blacklist(mysql: PrivateMariaDB, fresh: str) -> None:
    columns = [row[0] for row in rows_of(mysql, fresh, "SHOW COLUMNS FROM src_blacklist")]
    assert columns == ["id", *BLACKLIST.columns, "is_confirmed"]


def test_a_second_run_changes_nothing(mysql: PrivateMariaDB, fresh: str) -> None:
    mysql.run(
        "INSERT INTO src_blacklist (full_name) VALUES ('Ana')",
        f"ALTER USER {USER} IDENTIFIED BY '{PASSWORD}'",
        database=fresh,
    )
    query = f"SHOW CREATE USER {USER}"
    before = rows_of(mysql, fresh, query)
    run_schema(mysql, fresh)
    assert rows_of(mysql, fresh, "SELECT full_name FROM src_blacklist") == [("Ana",)]
    assert rows_of(mysql, fresh, query) == before


def test_the_user_reads_the_blacklist(user: pymysql.cursors.Cursor) -> None:
    user.execute("SELECT * FROM src_blacklist")
    user.execute("SHOW TABLES")
    assert user.fetchall() == (("src_blacklist",),)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO src_blacklist (full_name) VALUES ('Ana')",
        "UPDATE src_blacklist SET full_name = 'Ana'",
        "DELETE FROM src_blacklist",
        "ALTER TABLE src_blacklist ADD COLUMN more INT",
        "CREATE TABLE more (a INT)",
        "DROP TABLE src_blacklist",
        "SELECT * FROM src_salaries",
        "SELECT * FROM mysql.global_priv",
    ],
)
def test_the_user_may_do_nothing_else(user: pymysql.cursors.Cursor, statement: str) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="command denied"):
        user.execute(statement)


@pytest.mark.parametrize("password", ["", "invalid", USER])
def test_nobody_gets_in_before_the_user_has_a_password(
    mysql: PrivateMariaDB, fresh: str, certificates: Certificates, password: str
) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        login(mysql, fresh, password, {"ca": str(certificates.ca)})


def test_the_user_gets_in_over_tls_only_wherever_others_need_none(
    mysql: PrivateMariaDB, fresh: str
) -> None:
    mysql.run(f"ALTER USER {USER} IDENTIFIED BY '{PASSWORD}'")
    mysql.run("SET GLOBAL require_secure_transport = OFF")
    try:
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            login(mysql, fresh, PASSWORD, None)
        mysql.run(f"ALTER USER {USER} REQUIRE NONE")  # what it would be without the clause
        login(mysql, fresh, PASSWORD, None).close()
    finally:
        mysql.run("SET GLOBAL require_secure_transport = ON")
