"""Runs a schema as the master user, over verified TLS."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
from pymysql.constants import CR

from fraudlake.errors import RunError
from lambdas.aws import AWS_ERRORS, fault_of
from lambdas.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_secretsmanager import SecretsManagerClient

    Connection = pymysql.Connection[pymysql.cursors.Cursor]
    Login = tuple[str, str]  # never printed, nor part of an error

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
    login = _login(settings, secrets)
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


def _login(settings: MasterSettings, secrets: SecretsManagerClient) -> Login:
    try:
        secret = secrets.get_secret_value(SecretId=settings.secret_id)["SecretString"]
        content = json.loads(secret)
        return str(content["username"]), str(content["password"])
    except AWS_ERRORS as error:
        fault = fault_of(error)
    except (ValueError, KeyError, TypeError):  # their messages may quote the secret
        fault = "it is no JSON object with username and password"
    raise RunError(f"the secret {settings.secret_id} of the master user cannot be read ({fault})")


def _connection(settings: MasterSettings, login: Login) -> Connection:
    for pause in PAUSES:
        try:
            return _connected(settings, login)
        except pymysql.OperationalError as error:
            if error.args[:1] != (CR.CR_CONN_HOST_ERROR,):
                raise
            time.sleep(pause)
    return _connected(settings, login)


def _connected(settings: MasterSettings, login: Login) -> Connection:
    user, password = login
    return pymysql.connect(
        host=settings.host,
        port=settings.port,
        database=settings.database,
        user=user,
        password=password.encode(),
        # A dict with `ca` verifies certificate and host name; `ssl_ca` alone verifies neither.
        ssl={"ca": str(settings.ca_file)},
        connect_timeout=TIMEOUT,
        read_timeout=TIMEOUT,
        write_timeout=TIMEOUT,
        charset="utf8mb4",
    )
