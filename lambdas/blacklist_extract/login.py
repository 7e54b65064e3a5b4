"""The database login: a short-lived IAM token, or a secret of Secrets Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

from lambdas.aws import AWS_CALLS
from lambdas.mysql import Login, login_of_secret

if TYPE_CHECKING:
    from lambdas.blacklist_extract.settings import DatabaseSettings


def new_login(settings: DatabaseSettings) -> Login:
    """Return a login for one connection: a token signed here and now, or the secret as it is.

    Raises RunError when the secret cannot be read or is not JSON with username and password.
    """
    if settings.secret_id is None:
        return Login(settings.user or "", _token(settings))
    secrets = boto3.client("secretsmanager", region_name=settings.region, config=AWS_CALLS)
    return login_of_secret(secrets, settings.secret_id)


def _token(settings: DatabaseSettings) -> str:
    rds = boto3.client("rds", region_name=settings.region, config=AWS_CALLS)
    return rds.generate_db_auth_token(
        DBHostname=settings.host, Port=settings.port, DBUsername=settings.user or ""
    )
