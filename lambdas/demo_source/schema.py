"""Runs a schema as the master user, over verified TLS."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
from pymysql.constants import CR
from pymysql.cursors import Cursor

from fraudlake.errors import RunError
from lambdas.environment import Environment
from lambdas.mysql import connect, login_of_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from lambdas.mysql import Login

PAUSES = (5, 20)  # seconds before each further attempt: a new name may not be known at once
TIMEOUT = 30


@dataclass(frozen=True, kw_only=True)
class MasterSettings:
    """The database, the secret of its master user, and the authorities that may vouch for it."""

    host: str
    port: int
    database: str
    secret_id: str
    ca_file: Path
    region: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> MasterSettings:
        """Read DB_HOST, DB_PORT, DB_NAME, DB_SECRET_ID, DB_CA_FILE and AWS_REGION.

        Raises SettingsError with every variable that is missing or wrong.
        """
        environment = Environment(variables)
        settings = cls(
            host=environment.text("DB_HOST"),
            port=environment.integer("DB_PORT", 1, 65535, 3306),
            database=environment.text("DB_NAME"),
            secret_id=environment.text("DB_SECRET_ID"),
            ca_file=Path(environment.text("DB_CA_FILE")),
            region=environment.text("AWS_REGION"),
        )
        environment.refuse_problems()
        return settings


def run_schema(settings: MasterSettings, secrets: SecretsManagerClient, schema: str) -> int:
    """Run each statement of a schema, and return how many there were.

    A schema may be run again: its statements make only what is not there. Raises RunError, which
    never holds MySQL's words or the login.
    """
    statements = [one.strip() for one in schema.split(";\n") if one.strip()]
    login = login_of_secret(secrets, settings.secret_id)
    try:
        with closing(_connection(settings, login)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()
    except pymysql.MySQLError as error:
        code = error.args[0] if error.args else ""
        raise RunError(
            f"MySQL at {settings.host}:{settings.port} did not take the schema "
            f"({type(error).__name__} {code}); its error log says why"
        ) from None
    return len(statements)


def _connection(settings: MasterSettings, login: Login) -> pymysql.Connection[Cursor]:
    for pause in PAUSES:
        try:
            return connect(settings, login, timeout=TIMEOUT, cursor=Cursor)
        except pymysql.OperationalError as error:
            if error.args[:1] != (CR.CR_CONN_HOST_ERROR,):
                raise
            time.sleep(pause)
    return connect(settings, login, timeout=TIMEOUT, cursor=Cursor)
