"""Both ways to log in, and that a credential never shows."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.core import set_initial_no_auth_action_count

from fraudlake.errors import RunError
from fraudlake.local.mysql.iam_login_front import IamFront
from lambdas.blacklist_extract.login import new_login
from lambdas.blacklist_extract.settings import ExtractSettings
from lambdas.mysql import Login
from tests.lambdas.blacklist_extract.deployed import PASSWORD, REGION
from tests.lambdas.mysql.network import Relay, cut, hide_tls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdas.blacklist_extract.settings import DatabaseSettings
    from tests.lambdas.blacklist_extract.deployed import Deployed
    from tests.lambdas.mysql.certificates import Certificates

IAM_USER = "iam_reader"


@contextmanager
def iam_in_front(deployed: Deployed, certificates: Certificates) -> Iterator[IamFront]:
    """Set the function to IAM, with a server that takes tokens only."""
    deployed.insert({"blacklist_id": "B1", "full_name": "Ana Lima"})
    deployed.mysql.run(
        f"CREATE USER {IAM_USER} REQUIRE SSL",
        f"GRANT SELECT ON src_blacklist TO {IAM_USER}",
        database=deployed.database,
    )
    try:
        with IamFront(deployed.mysql, certificates.server, user=IAM_USER, region=REGION) as front:
            deployed.set(DB_AUTH="iam", DB_USER=IAM_USER, DB_SECRET_ID=None)
            deployed.set(DB_HOST="localhost", DB_PORT=str(front.port))
            yield front
    finally:
        deployed.mysql.run(f"DROP USER {IAM_USER}")


def test_an_iam_token_opens_the_database(deployed: Deployed, certificates: Certificates) -> None:
    with iam_in_front(deployed, certificates) as front:
        deployed.call()
    assert len(front.tokens) == 1
    assert [row["full_name"] for row in deployed.entries()] == ["Ana Lima"]


def test_a_token_never_goes_out_without_tls(deployed: Deployed, certificates: Certificates) -> None:
    with iam_in_front(deployed, certificates) as front, Relay(front.port, hide_tls()) as relay:
        deployed.set(DB_PORT=str(relay.port))
        with pytest.raises(RunError, match="offers no TLS"):
            deployed.call()
    assert front.tokens == []


def test_a_token_never_goes_to_a_server_that_is_not_verified(
    deployed: Deployed, certificates: Certificates
) -> None:
    with (
        iam_in_front(deployed, certificates),
        IamFront(deployed.mysql, certificates.other_ca, user=IAM_USER, region=REGION) as impostor,
    ):
        deployed.set(DB_PORT=str(impostor.port))
        with pytest.raises(RunError, match="has a certificate that DB_CA_FILE does not verify"):
            deployed.call()
    assert impostor.tokens == []


def test_a_refused_token_shows_nowhere(
    deployed: Deployed, certificates: Certificates, capsys: pytest.CaptureFixture[str]
) -> None:
    with iam_in_front(deployed, certificates) as front:
        deployed.set(AWS_REGION="us-east-1")
        with pytest.raises(RunError, match="refused the login") as caught:
            deployed.call()
    assert front.refusals == [["scope"]]
    printed = "".join(capsys.readouterr()) + str(caught.value)
    assert "X-Amz" not in printed
    assert front.tokens[0] not in printed


def test_each_attempt_has_a_token_of_its_own(
    deployed: Deployed, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins: list[Login] = []

    def counted(settings: DatabaseSettings) -> Login:
        logins.append(new_login(settings))
        return logins[-1]

    monkeypatch.setattr("lambdas.blacklist_extract.handler.new_login", counted)
    with iam_in_front(deployed, certificates) as front, Relay(front.port, cut(0)) as relay:
        deployed.set(DB_PORT=str(relay.port))
        with pytest.raises(RunError, match="attempts made: 3"):
            deployed.call()
    assert len(logins) == 3
    assert all("X-Amz-Signature=" in one.password for one in logins)


@pytest.mark.parametrize(
    "secret",
    [
        PASSWORD,
        json.dumps(PASSWORD),
        json.dumps([PASSWORD]),
        json.dumps({"user": "fraudlake_extract", "password": PASSWORD}),
        json.dumps({"username": "fraudlake_extract", "pass": PASSWORD}),
        json.dumps({"username": None, "password": PASSWORD}),
    ],
)
def test_a_secret_of_another_form_is_refused_without_showing_it(
    deployed: Deployed, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="source-login", SecretString=secret)
    with pytest.raises(
        RunError, match="source-login is no JSON object with username and"
    ) as caught:
        deployed.call()
    assert PASSWORD not in str(caught.value) + "".join(capsys.readouterr())
    assert caught.value.__cause__ is None


def test_a_secret_that_is_not_there_is_named(deployed: Deployed) -> None:
    deployed.set(DB_SECRET_ID="another-login")  # noqa: S106 - its name
    with pytest.raises(RunError, match=r"another-login cannot be read \(ResourceNotFoundExc"):
        deployed.call()


@set_initial_no_auth_action_count(0)
def test_a_secret_that_the_role_may_not_read_is_named(deployed: Deployed) -> None:
    settings = ExtractSettings.from_environment(os.environ)
    with pytest.raises(RunError, match=r"source-login cannot be read \(403\); see DB_SECRET_ID"):
        new_login(settings.database)


def test_a_binary_secret_is_refused(deployed: Deployed) -> None:
    boto3.client("secretsmanager").create_secret(Name="binary", SecretBinary=PASSWORD.encode())
    deployed.set(DB_SECRET_ID="binary")  # noqa: S106 - its name
    with pytest.raises(RunError, match="binary is no JSON object with username and password"):
        deployed.call()


def test_a_password_of_any_characters_opens_the_database(deployed: Deployed) -> None:
    password = "p€ssword \U0001f512 'quoted' \"twice\" \\"  # noqa: S105 - of a throw-away server
    deployed.insert({"blacklist_id": "B1", "full_name": "Ana Lima"})
    with deployed.mysql.root() as connection, connection.cursor() as cursor:
        cursor.execute("ALTER USER fraudlake_extract IDENTIFIED BY %s", [password])
    login = json.dumps({"username": "fraudlake_extract", "password": password})
    boto3.client("secretsmanager").put_secret_value(SecretId="source-login", SecretString=login)
    assert deployed.call()["manifest"]["rows"]["entries"] == 1


def test_a_login_does_not_print_its_password() -> None:
    assert PASSWORD not in repr(Login("user", PASSWORD))
