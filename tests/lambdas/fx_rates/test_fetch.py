from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import RunError
from lambdas.fx_rates import fetch as fetching
from lambdas.fx_rates.fetch import fetch
from tests.lambdas.fx_rates.deployment import IMPATIENT, QUICK, facts_of
from tests.lambdas.fx_rates.https_server import (
    ADDRESS,
    HttpsServer,
    breaks_off,
    drips,
    fails,
    hangs_up,
    never_answers,
    redirects,
    sends,
    sends_in_chunks,
    serving,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import trustme

    from tests.lambdas.fx_rates.https_server import Answer

BODY = bytes(range(256)) * 400


@pytest.mark.parametrize("body", [BODY, b"Date,USD", b""])
@pytest.mark.parametrize("sent", [sends, sends_in_chunks])
def test_what_is_served_is_returned_byte_for_byte(
    ecb: HttpsServer, sent: Callable[[bytes], Answer], body: bytes
) -> None:
    assert fetch(ecb.serves(sent(body)), QUICK) == body
    assert len(ecb.asked) == 1


def test_a_body_said_to_be_packed_is_not_unpacked(ecb: HttpsServer) -> None:
    url = ecb.serves(sends(BODY, headers={"Content-Encoding": "gzip"}))
    assert fetch(url, QUICK) == BODY


@pytest.mark.parametrize(
    "fault",
    [fails(429), fails(500), fails(503), hangs_up, breaks_off, never_answers, drips],
    ids=["429", "500", "503", "hangs up", "breaks off", "never answers", "drips"],
)
def test_a_passing_fault_is_waited_out(
    ecb: HttpsServer, fault: Answer, log: pytest.LogCaptureFixture
) -> None:
    patience = replace(IMPATIENT, pauses=(0.01,) * 9)
    assert fetch(ecb.serves(fault, sends(BODY)), patience) == BODY
    assert len(ecb.asked) >= 2
    assert {line["level"] for line in facts_of(log, "fetch_failed")} == {"WARNING"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (fails(503), "it answered 503"),
        (never_answers, "TimeoutError"),
        (drips, "it sent too slowly"),
    ],
)
def test_a_lasting_fault_is_told_after_every_attempt(
    ecb: HttpsServer, fault: Answer, said: str
) -> None:
    start = time.monotonic()
    with pytest.raises(RunError, match=rf"3 attempts \(the last: {said}\).* call again later"):
        fetch(ecb.serves(fault), IMPATIENT)
    assert len(ecb.asked) == 3
    assert time.monotonic() - start < 15  # dripping to the end would take 20 s an attempt


def test_a_host_that_is_not_there_is_told(trusted: trustme.CA) -> None:
    with serving(trusted.issue_cert(ADDRESS)) as server:
        url = server.url()
    with pytest.raises(RunError, match="ConnectionRefusedError"):
        fetch(url, QUICK)


@pytest.mark.parametrize("status", [204, 206, 304, 400, 403, 404, 410])
def test_any_other_status_is_refused_at_once(ecb: HttpsServer, status: int) -> None:
    with pytest.raises(RunError, match=f"answered {status}.*nothing was written"):
        fetch(ecb.serves(fails(status)), QUICK)
    assert len(ecb.asked) == 1


@pytest.mark.parametrize("target", ["/other", "http://ecb.example/a", "https://ecb.example/a?b"])
def test_a_redirect_is_refused_and_not_followed(ecb: HttpsServer, target: str) -> None:
    ecb.serves(sends(BODY), path="/other")
    with pytest.raises(RunError, match=r"redirects to '[^?]*' \(302\), and redirects are not"):
        fetch(ecb.serves(redirects(target)), QUICK)
    assert ecb.asked == ["/rates.zip"]


def test_an_answer_that_names_another_place_too_is_no_redirect(ecb: HttpsServer) -> None:
    url = ecb.serves(sends(BODY, headers={"Location": "/other"}))
    assert fetch(url, QUICK) == BODY


@pytest.mark.parametrize("host", ["ecb..example", "127.0.0.1:99999", "x" * 64 + ".example"])
def test_an_address_that_cannot_be_is_told(host: str) -> None:
    with pytest.raises(RunError, match=f"https://{host}/ did not answer"):
        fetch(f"https://{host}/", QUICK)


def test_a_body_over_the_limit_is_refused(
    ecb: HttpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "DOWNLOADED_MOST", len(BODY))
    assert fetch(ecb.serves(sends(BODY)), QUICK) == BODY
    with pytest.raises(RunError, match=f"more than {len(BODY)} bytes"):
        fetch(ecb.serves(sends(BODY + b"!")), QUICK)


def test_an_expired_certificate_is_refused_at_once(trusted: trustme.CA) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    certificate = trusted.issue_cert(
        ADDRESS, not_before=yesterday - timedelta(days=1), not_after=yesterday
    )
    with serving(certificate) as server:
        with pytest.raises(RunError, match=r"does not verify.*has expired"):
            fetch(server.serves(sends(BODY)), QUICK)
        assert server.asked == []


def test_a_certificate_of_another_host_is_refused(trusted: trustme.CA) -> None:
    with (
        serving(trusted.issue_cert("www.ecb.example")) as server,
        pytest.raises(RunError, match=r"does not verify.*not valid for '127.0.0.1'"),
    ):
        fetch(server.serves(sends(BODY)), QUICK)


def test_a_certificate_of_an_unknown_authority_is_refused(
    ecb: HttpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(RunError, match=r"does not verify.*nothing was written"):
        fetch(ecb.serves(sends(BODY)), QUICK)
    assert ecb.asked == []
