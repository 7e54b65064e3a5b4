"""A server that refuses, lies, breaks off or goes silent: a clear error, nothing half done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.errors import FraudlakeError, InputError, RunError
from lambdas.blacklist_extract import read, source
from lambdas.blacklist_extract.clean import cleaned_rows
from tests.lambdas.blacklist_extract.deployed import PASSWORD
from tests.lambdas.mysql.network import (
    NO_FAULT,
    Relay,
    cut,
    hide_tls,
    silence,
    silence_at_tls_request,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lambdas.blacklist_extract.deployed import Deployed
    from tests.lambdas.mysql.certificates import Certificates
    from tests.lambdas.mysql.network import Fault

EARLIER_DAY = "2025-01-30"
REVOKE = "REVOKE SELECT ON src_blacklist FROM fraudlake_extract"
OTHER_TABLE = "CREATE TABLE other (one INT); GRANT SELECT ON other TO fraudlake_extract"
MID_READ = 20_000  # bytes from the server: past the login, before the last of the rows


@pytest.fixture
def filled(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """300 entries that come in chunks of 50, and an earlier snapshot of them."""
    monkeypatch.setattr(source, "CHUNK_ROWS", 50)
    deployed.mysql.run(
        "INSERT INTO src_blacklist (blacklist_id, full_name) "
        "SELECT concat('B', seq), repeat('Ana Lima ', 20) FROM seq_1_to_300",
        database=deployed.database,
    )
    deployed.call(EARLIER_DAY)
    return deployed


def refused(deployed: Deployed, kind: type[FraudlakeError] = RunError) -> str:
    """The error of a call that must fail, and must leave the bucket as it was."""
    before = {key: deployed.text(key) for key in deployed.keys()}  # noqa: SIM118 - no dict
    with pytest.raises(kind) as caught:
        deployed.call()
    assert {key: deployed.text(key) for key in deployed.keys()} == before  # noqa: SIM118
    return str(caught.value)


def ids(deployed: Deployed) -> list[str]:
    return sorted(row["blacklist_id"] for row in deployed.entries())


ALL_IDS = sorted(f"B{number}" for number in range(1, 301))


def test_a_table_of_many_chunks_comes_out_whole(filled: Deployed) -> None:
    filled.call()
    assert ids(filled) == ALL_IDS


def test_long_values_end_a_chunk_before_its_rows_do(
    filled: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "CHUNK_CHARACTERS", 1000)
    sizes = _sizes_of_chunks(monkeypatch)
    filled.call()
    assert max(sizes) == 6  # a row has about 180 characters
    assert ids(filled) == ALL_IDS


def test_what_changes_during_the_read_is_not_seen(
    filled: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cleaned_after_a_change(rows: Any) -> Any:  # noqa: ANN401
        filled.mysql.run(
            "DELETE FROM src_blacklist WHERE id > 100",
            "INSERT INTO src_blacklist (blacklist_id, full_name) VALUES ('NEW', 'New')",
            database=filled.database,
        )
        return cleaned_rows(rows)

    monkeypatch.setattr(read, "cleaned_rows", cleaned_after_a_change)
    filled.call()
    assert ids(filled) == ALL_IDS


def test_a_wrong_password_is_tried_once(filled: Deployed) -> None:
    filled.mysql.run("ALTER USER fraudlake_extract IDENTIFIED BY 'another'")
    with through(filled) as relay:
        error = refused(filled)
    assert "refused the login; see the user, and the secret or rds-db:connect (error 1045)" in error
    assert relay.connections == 1


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        ("expired", "certificate has expired"),
        ("other_host", "certificate is not valid for '127.0.0.1'"),
        ("other_ca", "unable to get local issuer certificate"),
    ],
)
def test_a_certificate_that_does_not_verify_ends_the_call(
    filled: Deployed, certificates: Certificates, shown: str, problem: str
) -> None:
    with (
        filled.mysql.use_certificate(getattr(certificates, shown)),
        through(filled) as relay,
    ):
        error = refused(filled)
    assert "has a certificate that DB_CA_FILE does not verify" in error
    assert problem in error
    assert relay.connections == 1


def test_without_tls_nothing_is_sent(filled: Deployed) -> None:
    with through(filled, hide_tls()):
        assert "offers no TLS; without it nothing is sent to it (error 2026)" in refused(filled)


@pytest.mark.parametrize(
    "fault",
    [cut(0, 2), cut(50, 2), cut(MID_READ, 2), silence(MID_READ, 1), silence_at_tls_request(1)],
    ids=["at once", "in the greeting", "mid-read", "silent mid-read", "silent at the TLS request"],
)
def test_a_fault_that_passes_is_got_over_from_the_first_row(filled: Deployed, fault: Fault) -> None:
    with through(filled, fault) as relay:
        filled.call()
    assert relay.connections == fault.connections + 1
    assert ids(filled) == ALL_IDS


def test_a_server_that_always_stops_mid_read_is_given_up(filled: Deployed) -> None:
    with through(filled, cut(MID_READ)) as relay:
        error = refused(filled)
    assert "stopped answering (error 2013); attempts made: 3. The earlier snapshot stays" in error
    assert relay.connections == 3
    assert min(relay.passed.values()) >= MID_READ


@pytest.mark.parametrize("fault", [silence(), silence_at_tls_request(), silence(MID_READ)])
def test_a_server_that_never_answers_is_given_up_in_time(filled: Deployed, fault: Fault) -> None:
    filled.set(DB_ATTEMPTS="1")
    with through(filled, fault):
        assert "attempts made: 1. The earlier snapshot stays in force" in refused(filled)


def test_a_port_that_nobody_listens_on_is_given_up(filled: Deployed) -> None:
    with through(filled):
        pass
    assert "cannot be reached (error 2003); attempts made: 3" in refused(filled)


def test_the_pause_doubles_each_time(filled: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("lambdas.blacklist_extract.read.sleep", pauses.append)
    filled.set(DB_PAUSE_SECONDS="2", DB_ATTEMPTS="4")
    with through(filled, cut(0)):
        refused(filled)
    assert pauses == [2, 4, 8]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (f"{REVOKE}; {OTHER_TABLE}", "no right to src_blacklist; grant SELECT on it (error 1142)"),
        ("RENAME TABLE src_blacklist TO another", "no table src_blacklist in DB_NAME; create it"),
        (
            f"{REVOKE}; GRANT SELECT (blacklist_id) ON src_blacklist TO fraudlake_extract",
            "no right to all of src_blacklist; grant SELECT on it",
        ),
    ],
)
def test_what_the_user_cannot_read_is_named(filled: Deployed, statement: str, problem: str) -> None:
    filled.mysql.run(*statement.split("; "), database=filled.database)
    assert problem in refused(filled)


def test_a_database_that_is_not_there_is_named(filled: Deployed) -> None:
    filled.mysql.run("GRANT SELECT ON nowhere.* TO fraudlake_extract")
    filled.set(DB_NAME="nowhere")
    assert "has no database of the name in DB_NAME (error 1049)" in refused(filled)


def test_a_table_without_an_expected_column_is_refused(filled: Deployed) -> None:
    filled.mysql.run("ALTER TABLE src_blacklist DROP COLUMN phone", database=filled.database)
    error = refused(filled, InputError)
    assert "src_blacklist has no column phone; found id, blacklist_id, customer_id" in error


@pytest.mark.parametrize("fault", [cut(0), cut(MID_READ), hide_tls()])
def test_no_error_and_no_log_holds_a_credential_or_a_row(
    filled: Deployed, fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    with through(filled, fault):
        error = refused(filled)
    printed = "".join(capsys.readouterr())
    assert '"event": "failed"' in printed
    for secret in (PASSWORD, "Ana Lima"):
        assert secret not in error + printed


@contextmanager
def through(deployed: Deployed, fault: Fault = NO_FAULT) -> Iterator[Relay]:
    """Put a relay between the function and its server."""
    with Relay(deployed.mysql.port, fault) as relay:
        deployed.set(DB_PORT=str(relay.port))
        yield relay


def _sizes_of_chunks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []

    def counted(rows: Any) -> Any:  # noqa: ANN401
        sizes.append(len(rows))
        return cleaned_rows(rows)

    monkeypatch.setattr(read, "cleaned_rows", counted)
    return sizes
