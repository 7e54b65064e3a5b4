"""The settings of the extract, typed, from the function's environment variables.

| variable | meaning |
|---|---|
| DB_HOST, DB_PORT, DB_NAME | the MySQL server, its port (3306), the database of src_blacklist |
| DB_CA_FILE | file of the certificate authorities that may vouch for the server |
| DB_AUTH | `iam`: as DB_USER with a token of the function's role; `secret`: with DB_SECRET_ID |
| DB_USER | the database user of `iam` |
| DB_SECRET_ID | name or ARN of a Secrets Manager secret, JSON with username and password |
| DB_TIMEOUT_SECONDS | longest wait for any answer of the server, the connection included (30) |
| DB_ATTEMPTS, DB_PAUSE_SECONDS | tries in all (3), pause before the second (2), doubled each time |
| RAW_BUCKET | the bucket that the snapshot goes to |
| CRAWLER_NAME | the crawler that registers the snapshot's partition |
| MAX_SHRINK | the share of entries that a snapshot may lose; `blacklist.max_shrink` of the rules |
| AWS_REGION | set by Lambda itself |
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lambdas.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

_HOST = r"[A-Za-z0-9._-]+"
_BUCKET = r"[a-z0-9.-]{3,63}"


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """The server, how its certificate is verified, how to log in, and how patient to be.

    Exactly one of `user` (IAM) and `secret_id` (Secrets Manager) is set.
    """

    host: str
    port: int
    database: str
    ca_file: Path
    user: str | None
    secret_id: str | None
    region: str
    timeout_seconds: int
    attempts: int
    pause_seconds: int


@dataclass(frozen=True, kw_only=True)
class ExtractSettings:
    """Where the blacklist comes from, where it goes, and how much it may shrink (a share)."""

    database: DatabaseSettings
    bucket: str
    crawler: str
    max_shrink: Decimal

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> ExtractSettings:
        """Read the settings; SettingsError names every problem at once."""
        environment = Environment(variables)
        settings = cls(
            database=_database(environment),
            bucket=environment.matching("RAW_BUCKET", _BUCKET, "the name of a bucket"),
            crawler=environment.text("CRAWLER_NAME"),
            max_shrink=environment.share("MAX_SHRINK"),
        )
        environment.refuse_problems()
        return settings


def _database(environment: Environment) -> DatabaseSettings:
    auth = environment.choice("DB_AUTH", "iam", "secret")
    return DatabaseSettings(
        host=environment.matching("DB_HOST", _HOST, "the name or address of a host"),
        port=environment.integer("DB_PORT", 1, 65535, 3306),
        database=environment.text("DB_NAME"),
        ca_file=_ca_file(environment),
        user=environment.text("DB_USER") if auth == "iam" else None,
        secret_id=environment.text("DB_SECRET_ID") if auth == "secret" else None,
        region=environment.text("AWS_REGION"),
        timeout_seconds=environment.integer("DB_TIMEOUT_SECONDS", 1, 300, 30),
        attempts=environment.integer("DB_ATTEMPTS", 1, 10, 3),
        pause_seconds=environment.integer("DB_PAUSE_SECONDS", 0, 60, 2),
    )


def _ca_file(environment: Environment) -> Path:
    path = Path(environment.text("DB_CA_FILE"))
    if path.name and not _has_authorities(path):
        environment.problems.append(
            "DB_CA_FILE is no file of certificates in PEM form; without it no server can be trusted"
        )
    return path


def _has_authorities(path: Path) -> bool:
    try:
        return bool(ssl.create_default_context(cafile=path).get_ca_certs())
    except (OSError, ssl.SSLError):
        return False
