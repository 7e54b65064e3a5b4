"""MySQL as the functions reach it: a login of Secrets Manager, a connection over verified TLS."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

import pymysql
from pymysql.cursors import Cursor

from fraudlake.errors import RunError
from lambdas.aws import AWS_ERRORS, fault_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from mypy_boto3_secretsmanager import SecretsManagerClient

AnyCursor = TypeVar("AnyCursor", bound=Cursor)


class Server(Protocol):
    """A MySQL server and a database of it, and the authorities that may vouch for the server."""

    @property
    def host(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def port(self) -> int: ...  # noqa: D102
    @property
    def database(self) -> str: ...  # noqa: D102
    @property
    def ca_file(self) -> Path: ...  # noqa: D102


@dataclass(frozen=True)
class Login:
    """A database user, and the password or token that is never printed."""

    user: str
    password: str = field(repr=False)


def login_of_secret(secrets: SecretsManagerClient, secret_id: str) -> Login:
    """The login that a secret holds.

    Raises RunError when the secret cannot be read or is not JSON with username and password.
    """
    try:
        text = secrets.get_secret_value(SecretId=secret_id).get("SecretString", "")
    except AWS_ERRORS as error:
        raise RunError(
            f"the secret {secret_id} cannot be read ({fault_of(error)}); see DB_SECRET_ID and that "
            "the function's role may read and decrypt it"
        ) from None
    login = _login(text)
    if login is None:
        raise RunError(f"the secret {secret_id} is no JSON object with username and password")
    return login


def _login(text: str) -> Login | None:
    try:
        content = json.loads(text)
    except ValueError:  # its message quotes the secret
        return None
    match content:
        case {"username": str(user), "password": str(password)} if user and password:
            return Login(user, password)
    return None


def connect(
    server: Server,
    login: Login,
    *,
    timeout: int,
    cursor: type[AnyCursor],
    decoders: dict[int | type[Any], Any] | None = None,
) -> pymysql.Connection[AnyCursor]:
    """Connect to a server whose certificate and name are verified before anything is sent.

    Args:
        server: where to.
        login: as whom.
        timeout: seconds to wait for any one answer.
        cursor: the kind of cursors.
        decoders: what makes values of MySQL's texts; PyMySQL's own without.
    """
    return pymysql.connect(
        host=server.host,
        port=server.port,
        database=server.database,
        user=login.user,
        password=login.password.encode(),
        # A dict with `ca` verifies certificate and host name; `ssl_ca` alone verifies neither.
        ssl={"ca": str(server.ca_file)},
        connect_timeout=timeout,
        read_timeout=timeout,
        write_timeout=timeout,  # the TLS handshake waits this long, too
        charset="utf8mb4",
        conv=decoders,
        cursorclass=cursor,
    )
