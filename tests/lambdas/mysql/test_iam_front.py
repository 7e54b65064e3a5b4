from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pymysql
import pytest

from fraudlake.local.mysql.iam_login_front import IamFront

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fraudlake.local.mysql.server import PrivateMariaDB
    from tests.lambdas.mysql.certificates import Certificates

REGION = "eu-central-1"
PASSWORD = "known to the front"  # noqa: S105 - of a database that lives for a test


@pytest.fixture
def front(
    mysql: PrivateMariaDB,
    certificates: Certificates,
    etl_user: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[IamFront]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with IamFront(mysql, certificates.server, user=etl_user, region=REGION) as server:
        yield server


def token(front: IamFront, user: str, region: str = REGION, host: str = "localhost") -> str:
    client = boto3.client("rds", region_name=region)
    return client.generate_db_auth_token(DBHostname=host, Port=front.port, DBUsername=user)


def log_in(
    front: IamFront,
    user: str,
    password: str,
    certificates: Certificates,
    database: str | None = None,
) -> pymysql.Connection[pymysql.cursors.Cursor]:
    return pymysql.connect(
        host="localhost",
        port=front.port,
        user=user,
        password=password,
        database=database,
        ssl={"ca": str(certificates.ca)},
    )


def test_a_token_opens_the_database_behind(
    front: IamFront,
    mysql: PrivateMariaDB,
    certificates: Certificates,
    etl_user: str,
    database: str,
) -> None:
    mysql.run("CREATE TABLE people (name text)", "INSERT people VALUES ('Zoë')", database=database)
    with log_in(front, etl_user, token(front, etl_user), certificates, database) as connection:
        cursor = connection.cursor()
        assert cursor.execute("SELECT name, repeat('x', 300000) FROM people") == 1
        assert cursor.fetchone() == ("Zoë", "x" * 300_000)
    assert len(front.tokens) == front.connections == 1
    assert front.refusals == []


def test_what_is_no_token_for_this_login_is_refused(
    front: IamFront, certificates: Certificates, etl_user: str
) -> None:
    good = token(front, etl_user)
    wrong = {
        "a password": "endpoint",
        token(front, "root"): "DBUser",
        token(front, etl_user, region="us-east-1"): "scope",
        token(front, etl_user, host="db.example.org"): "endpoint",
        good.replace("Expires=900", "Expires=9000"): "X-Amz-Expires",
        good[:-1]: "X-Amz-Signature",
        good.replace("X-Amz-Date=2", "X-Amz-Date=1"): "X-Amz-Date",
    }
    for text in wrong:
        with pytest.raises(pymysql.OperationalError, match=r"1045.*Access denied"):
            log_in(front, etl_user, text, certificates)
    assert [problems[0] for problems in front.refusals[1:]] == list(wrong.values())[1:]
    assert front.tokens == list(wrong)


def test_a_token_for_one_user_lets_no_other_in(
    front: IamFront, certificates: Certificates, etl_user: str
) -> None:
    with pytest.raises(pymysql.OperationalError, match="1045"):
        log_in(front, "root", token(front, etl_user), certificates)
    assert front.refusals == [["user"]]


def test_no_token_is_asked_for_without_tls(front: IamFront, etl_user: str) -> None:
    with pytest.raises(pymysql.OperationalError, match="3159"):
        pymysql.connect(
            host="localhost",
            port=front.port,
            user=etl_user,
            password=token(front, etl_user),
            ssl_disabled=True,
        )
    assert front.tokens == []


def test_the_account_behind_may_require_tls_and_a_password(
    mysql: PrivateMariaDB, certificates: Certificates, etl_user: str, front: IamFront
) -> None:
    mysql.run(f"ALTER USER {etl_user} IDENTIFIED BY '{PASSWORD}' REQUIRE SSL")
    with pytest.raises(pymysql.OperationalError, match="1045"):
        log_in(front, etl_user, token(front, etl_user), certificates)
    assert front.refusals == []
    with IamFront(
        mysql, certificates.server, user=etl_user, password=PASSWORD, region=REGION
    ) as knowing:
        log_in(knowing, etl_user, token(knowing, etl_user), certificates).close()


def test_the_database_s_own_refusal_arrives(
    front: IamFront, certificates: Certificates, etl_user: str
) -> None:
    with pytest.raises(pymysql.OperationalError, match=r"1044.*Access denied .* to database"):
        log_in(front, etl_user, token(front, etl_user), certificates, "missing")
