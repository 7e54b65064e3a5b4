"""No personal data and no password in any line of the log or error, whatever goes wrong."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, NoReturn

import boto3
import pytest

from fraudlake.errors import FraudlakeError, InputError, RunError, SchemaError
from tests.lambdas.blacklist_extract.deployed import PASSWORD
from tests.lambdas.blacklist_extract.test_snapshot import leave, session_events
from tests.lambdas.puts import watched_puts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lambdas.blacklist_extract.deployed import Deployed

PERSON = {
    "blacklist_id": "Entry-of-Zenobia",
    "customer_id": "CUST-Zenobia",
    "full_name": "Zenobia Quill",
    "email": "Zenobia@Quill.example",
    "phone": "+44 7700 900 123",
    "date_of_birth": "17 Mar 1971",
    "reason": "Zenobia forged a cheque",
    "source": "Zenobia's bank",
    "listed_at": "the day of Zenobia",
}
SECRETS = ["zenobia", "quill", "7700", "900123", "1971", "forged", PASSWORD, "horse"]


@pytest.fixture
def talk(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[list[str]]:
    """What is shown to others beside the log; checked, together with the log, at the end."""
    deployed.insert(PERSON, {"reason": "Zenobia", "date_of_birth": "Zenobia's birthday"})
    shown: list[str] = []
    yield shown
    everything = "\n".join([*shown, *capfd.readouterr(), caplog.text]).lower()
    assert "request-1" in everything
    assert [secret for secret in SECRETS if secret.lower() in everything] == []


def refusal(deployed: Deployed, kind: type[FraudlakeError]) -> str:
    """All that Lambda would show of the error of a call, its causes included."""
    with pytest.raises(kind) as caught:
        deployed.call()
    return "".join(traceback.format_exception(caught.value))


def test_a_call_that_works_tells_no_names(deployed: Deployed, talk: list[str]) -> None:
    manifest = deployed.call()["manifest"]
    assert manifest["rows"] == {"read": 2, "entries": 1, "rejects": 1}
    talk.append(str(manifest))
    talk.append(str(deployed.s3.head_object(Bucket="raw-bucket", Key=manifest["snapshot_key"])))


def test_a_refused_snapshot_tells_no_names(deployed: Deployed, talk: list[str]) -> None:
    leave(deployed, "2025-01-30", 9)
    talk.append(refusal(deployed, InputError))


def test_a_missing_column_tells_no_names(deployed: Deployed, talk: list[str]) -> None:
    deployed.mysql.run("ALTER TABLE src_blacklist DROP COLUMN email", database=deployed.database)
    talk.append(refusal(deployed, SchemaError))


def test_a_refused_put_tells_no_names(deployed: Deployed, talk: list[str]) -> None:
    with watched_puts(session_events(), "AccessDenied"):
        talk.append(refusal(deployed, RunError))


def test_a_refused_login_tells_no_password(deployed: Deployed, talk: list[str]) -> None:
    login = f'{{"username": "nobody", "password": "{PASSWORD}"}}'
    boto3.client("secretsmanager").put_secret_value(SecretId="source-login", SecretString=login)
    talk.append(refusal(deployed, RunError))


def test_a_secret_that_is_no_json_is_not_told(deployed: Deployed, talk: list[str]) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="source-login", SecretString=PASSWORD)
    talk.append(refusal(deployed, RunError))


@pytest.mark.parametrize("place", ["read.cleaned_rows", "extract.put_snapshot", "source._chunks"])
def test_a_fault_of_the_program_tells_no_names(
    deployed: Deployed, talk: list[str], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def fail(*given: object) -> NoReturn:
        raise ValueError(PERSON, PASSWORD, given)

    monkeypatch.setattr(f"lambdas.blacklist_extract.{place}", fail)
    shown = refusal(deployed, RunError)
    assert "a fault in the program (ValueError at test_privacy.py:" in shown
    talk.append(shown)
