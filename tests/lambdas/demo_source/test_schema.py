from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pymysql
import pytest

from fraudlake.errors import RunError, SettingsError
from lambdas import blacklist_extract
from lambdas.demo_source import schema
from lambdas.demo_source.schema import MasterSettings, run_schema
from tests.lambdas.demo_source.fakes import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fraudlake.local.mysql.server import PrivateMariaDB
    from tests.lambdas.mysql.certificates import Certificates

MASTER, PASSWORD = "demo_master", "only-for-tests"
VARIABLES = {
    "DB_HOST": "127.0.0.1",
    "DB_PORT": "3306",
    "DB_NAME": "blacklist",
    "DB_SECRET_ID": "rds!db-1",
    "DB_CA_FILE": "/ca.pem",
    "AWS_REGION": "us-east-1",
}
SCHEMA = Path(blacklist_extract.__file__).with_name("schema.sql").read_text(encoding="utf-8")


@pytest.fixture
def master(mysql: PrivateMariaDB, database: str) -> Iterator[Secrets]:
    """The login of a user who may make tables and users, as RDS keeps it."""
    mysql.run(
        f"CREATE USER {MASTER} IDENTIFIED BY '{PASSWORD}' REQUIRE SSL",
        f"GRANT ALL ON *.* TO {MASTER} WITH GRANT OPTION",
    )
    yield Secrets(json.dumps({"username": MASTER, "password": PASSWORD}))
    mysql.run(f"DROP USER {MASTER}", "DROP USER IF EXISTS fraudlake_extract")


def run(
    mysql: PrivateMariaDB, database: str, ca_file: Path, secrets: Secrets, text: str = SCHEMA
) -> int:
    variables = {"DB_PORT": str(mysql.port), "DB_NAME": database, "DB_CA_FILE": str(ca_file)}
    settings = MasterSettings.from_environment({**VARIABLES, **variables})
    return run_schema(settings, cast("Any", secrets), text)


def test_the_schema_makes_table_and_user_and_may_run_again(
    mysql: PrivateMariaDB, database: str, certificates: Certificates, master: Secrets
) -> None:
    for _ in range(2):
        assert run(mysql, database, certificates.ca, master) == 3
    with mysql.root(database) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GRANTS FOR fraudlake_extract")
        grants = str(cursor.fetchall())
    assert f"GRANT SELECT ON `{database}`.`src_blacklist`" in grants
    assert master.asked == ["rds!db-1"] * 2


def test_a_server_that_cannot_be_verified_gets_no_password(
    mysql: PrivateMariaDB,
    database: str,
    certificates: Certificates,
    master: Secrets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schema, "PAUSES", ())
    with pytest.raises(RunError, match=r"did not take the schema \(OperationalError 2003\)"):
        run(mysql, database, certificates.other_ca.chain, master)


def test_mysqls_own_words_are_not_passed_on(
    mysql: PrivateMariaDB, database: str, certificates: Certificates, master: Secrets
) -> None:
    with pytest.raises(RunError, match="ProgrammingError 1064") as error:
        run(mysql, database, certificates.ca, master, "SELECT 'a secret' FROM FROM;\n")
    assert "a secret" not in str(error.value)


def test_a_name_that_is_not_known_yet_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    calls: list[object] = []

    def refuse(**options: object) -> None:
        calls.append(options)
        raise pymysql.OperationalError(2003, "Can't connect")

    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("pymysql.connect", refuse)
    settings = MasterSettings.from_environment(VARIABLES)
    secrets = Secrets(json.dumps({"username": "a", "password": "b"}))
    with pytest.raises(RunError, match="2003"):
        run_schema(settings, cast("Any", secrets), SCHEMA)
    assert (len(calls), slept) == (3, [5, 20])


@pytest.mark.parametrize("text", ["hunter2", "[]", '{"username": "hunter2"}', "null"])
def test_a_secret_of_another_form_is_not_quoted(text: str) -> None:
    settings = MasterSettings.from_environment(VARIABLES)
    with pytest.raises(RunError, match="no JSON object with username and password") as error:
        run_schema(settings, cast("Any", Secrets(text)), SCHEMA)
    assert "hunter2" not in str(error.value)


def test_all_settings_that_are_missing_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        MasterSettings.from_environment({})
    for name in set(VARIABLES) - {"DB_PORT"}:
        assert f"{name} is not set" in str(error.value)
