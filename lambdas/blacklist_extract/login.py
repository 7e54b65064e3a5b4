"""The database login: a short-lived IAM token, or a secret of Secrets Manager."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3

from fraudlake.errors import RunError
from lambdas.aws import AWS_CALLS, AWS_ERRORS, fault_of
from lambdas.blacklist_extract.source import Login

if TYPE_CHECKING:
    from lambdas.blacklist_extract.settings import DatabaseSettings


def new_login(settings: DatabaseSettings) -> Login:
    """Return a login for one connection: a token signed here and now, or the secret as it is.

    Raises RunError when the secret cannot be read or is not JSON with username and password.
    """
    if settings.secret_id is None:
        return Login(settings.user or "", _token(settings))
    return _from_secret(settings.secret_id, settings.region)


def _token(settings: DatabaseSettings) -> str:
    rds = boto3.client("rds", region_name=settings.region, config=AWS_CALLS)
    return rds.generate_db_auth_token(
        DBHostname=settings.host, Port=settings.port, DBUsername=settings.user or ""
    )


def _from_secret(secret_id: str, region: str) -> Login:
    secrets = boto3.client("secretsmanager", region_name=region, config=AWS_CALLS)
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
