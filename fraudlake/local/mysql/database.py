"""The database that the blacklist comes from: an RDS with IAM logins, played by a private MariaDB.

Table and user are made by the schema in the templates, as the deployment would make them.
"""

from __future__ import annotations

import re
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from fraudlake.errors import SettingsError
from fraudlake.local.mysql.certificates import LOOPBACK_NAMES, Authority
from fraudlake.local.mysql.iam_login_front import IamFront
from fraudlake.local.mysql.load import load_table
from fraudlake.local.mysql.server import PrivateMariaDB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fraudlake.local.deployment import Deployment

INSTANCE = "AWS::RDS::DBInstance"
SCHEMA = "Custom::DemoSourceSchema"
TABLE = "src_blacklist"
# The account that RDS lets in by a token; MariaDB, which has no such plugin, gets it without one.
_IAM_USER = re.compile(
    r"CREATE\s+USER\s+(?:IF\s+NOT\s+EXISTS\s+)?'([^']+)'@'([^']+)'[^;]*AWSAuthenticationPlugin",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class SourceDatabase:
    """What the templates say of the database: its name and schema, and who logs in by IAM."""

    name: str
    statements: tuple[str, ...]
    user: str
    user_host: str
    region: str

    @classmethod
    def of(cls, deployment: Deployment) -> SourceDatabase:
        """Read the templates; SettingsError when the database is not theirs, or takes no tokens."""
        instances, schemas = deployment.resources(INSTANCE), deployment.resources(SCHEMA)
        if not instances or not schemas:
            raise SettingsError(
                f"the stage {deployment.stage} reads a database that is there already; play a "
                "stage without the setting `source`, such as dev"
            )
        schema = schemas[0].properties["Schema"]
        account = _IAM_USER.search(schema)
        if not account or not instances[0].properties.get("EnableIAMDatabaseAuthentication"):
            raise SettingsError(
                "nobody can log in by IAM to the database of the templates; see "
                f"EnableIAMDatabaseAuthentication of {instances[0].name} and CREATE USER in the "
                "schema"
            )
        return cls(
            name=instances[0].properties["DBName"],
            statements=tuple(one for part in schema.split(";\n") if (one := part.strip())),
            user=account[1],
            user_host=account[2],
            region=deployment.region,
        )


class Database:
    """The database, running inside a `with`; a client reaches it at `host` and `port` over TLS.

    `ca_file` is what verifies it. It lets one user in, the one that the schema makes for tokens,
    with a token for this host, port and region.
    """

    def __init__(
        self,
        source: SourceDatabase,
        folder: Path,
        *,
        host: str = "localhost",
        may_connect: Callable[[str, str], bool] | None = None,
    ) -> None:
        """Take what the templates say, and a folder for certificates.

        `host` is what clients are told, localhost or 127.0.0.1. `may_connect` is asked at each
        login, with the token's access key id and the user, whether rds-db:connect is allowed.
        """
        self._source, self._folder, self.host = source, folder, host
        self._may_connect = may_connect
        self._parts = ExitStack()

    @property
    def port(self) -> int:
        """The port that takes IAM logins."""
        return self._front.port

    @property
    def logins(self) -> int:
        """How many logins were let in or refused so far."""
        return len(self._front.tokens)

    def __enter__(self) -> Self:
        """Start the server, make its content, and open its door; ServerError when it cannot.

        On Linux the server ends with the calling thread: enter in one that stays.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        authority = Authority(self._folder)
        self.ca_file = authority.ca_file
        certificate = authority.issue("server", *LOOPBACK_NAMES)
        with ExitStack() as parts:
            self._server = parts.enter_context(PrivateMariaDB(certificate))
            password = self._make_content()
            self._front = parts.enter_context(
                IamFront(
                    self._server,
                    certificate,
                    user=self._source.user,
                    region=self._source.region,
                    password=password,
                    host=self.host,
                    may_connect=self._may_connect,
                )
            )
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Shut every connection, stop the server and remove its data."""
        self._parts.close()

    def load_blacklist(self, path: Path) -> int:
        """Replace the content of src_blacklist by a CSV's rows, and return how many these are.

        Its header names columns of the table, in any order; the others stay null, as does every
        empty field. Raises InputError, and leaves the content as it was, when it does not fit.
        """
        with self._server.root(self._source.name) as connection:
            return load_table(connection, TABLE, path)

    def _make_content(self) -> str:
        """Run the schema; the password that the door, and nobody else, knows for the user."""
        name, password = self._source.name, secrets.token_hex(16)
        self._server.run(f"CREATE DATABASE `{name}`")
        self._server.run(*self._source.statements, database=name)
        account = f"'{self._source.user}'@'{self._source.user_host}'"
        self._server.run(f"ALTER USER {account} IDENTIFIED BY '{password}'")
        return password
