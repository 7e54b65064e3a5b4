"""Fetches a file over verified TLS: bounded in size and time, no redirects, patient with faults."""

from __future__ import annotations

import logging
import ssl
import time
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fraudlake.errors import RunError
from lambdas.json_logs import log_event

if TYPE_CHECKING:
    from lambdas.fx_rates.settings import Patience

DOWNLOADED_MOST = 20 * 2**20  # bytes; the zipped history has less than one million
PIECE = 2**16
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NOTHING_WRITTEN = "No data was taken from it, and nothing was written"


class PassingFault(Exception):  # noqa: N818 - a situation to be waited out, not an error
    """The address could not be reached, or not now; another attempt may do."""


def fetch(address: str, patience: Patience) -> bytes:
    """Return what an https address serves.

    The certificate is verified against the system's authorities (those of `SSL_CERT_FILE`, when
    it is set). Faults of the connection, 429 and 5xx are tried again, after each pause.

    Raises:
        RunError: unreachable, a certificate that does not verify, any other status than 200 (a
            redirect too), or more than `DOWNLOADED_MOST` bytes.
    """
    faults = []
    context = ssl.create_default_context()
    for pause in (0.0, *patience.pauses):
        time.sleep(pause)
        try:
            return _fetch_once(context, address, patience)
        except PassingFault as fault:
            faults.append(str(fault))
            log_event("fetch_failed", level=logging.WARNING, address=address, fault=str(fault))
    raise RunError(
        f"{address} did not answer in {len(faults)} attempts (the last: {faults[-1]}). "
        f"{NOTHING_WRITTEN}. See that the function can reach the internet, and call again later"
    )


def _fetch_once(context: ssl.SSLContext, address: str, patience: Patience) -> bytes:
    deadline = time.monotonic() + patience.attempt
    try:
        with closing(_connected(context, address, patience)) as connection:
            connection.request("GET", urlsplit(address).path, headers={"User-Agent": "fraudlake"})
            with connection.getresponse() as response:
                _refuse_status(response, address)
                return _body(response, address, deadline)
    except ssl.SSLCertVerificationError as error:
        raise _certificate_problem(error, address) from error
    except (OSError, HTTPException, ValueError) as error:  # ValueError: no such host or port
        raise PassingFault(type(error).__name__) from error


def _connected(context: ssl.SSLContext, address: str, patience: Patience) -> HTTPSConnection:
    # http.client, as the urllib3 that Lambda brings may be too old to read what is there.
    parts = urlsplit(address)
    connection = HTTPSConnection(
        parts.hostname or "", parts.port, timeout=patience.connect, context=context
    )
    connection.connect()
    connection.sock.settimeout(patience.read)
    return connection


def _refuse_status(response: HTTPResponse, address: str) -> None:
    status = response.status
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PassingFault(f"it answered {status}")
    if status in REDIRECTS and (target := response.getheader("Location")):
        where = target.partition("?")[0][:200]
        raise RunError(
            f"{address} redirects to {where!r} ({status}), and redirects are not followed. "
            f"{NOTHING_WRITTEN}. If the ECB moved its file, set the new https address"
        )
    if status != HTTPStatus.OK:
        raise RunError(
            f"{address} answered {status}. {NOTHING_WRITTEN}. See where the ECB serves its euro "
            "reference rates now, and set that address"
        )


def _body(response: HTTPResponse, address: str, deadline: float) -> bytes:
    body = bytearray()
    # read1 returns what is there: a server that sends drop by drop meets the deadline.
    while piece := response.read1(PIECE):
        body += piece
        if len(body) > DOWNLOADED_MOST:
            raise RunError(
                f"{address} sent more than {DOWNLOADED_MOST} bytes. {NOTHING_WRITTEN}. See "
                "whether the address is that of the ECB's zip file, and correct it"
            )
        if time.monotonic() > deadline:
            raise PassingFault("it sent too slowly")
    if response.length:  # read1 does not mind bytes that were announced and never came
        raise PassingFault("it broke off")
    return bytes(body)


def _certificate_problem(error: ssl.SSLCertVerificationError, address: str) -> RunError:
    return RunError(
        f"the certificate of {address} does not verify ({error.verify_message}). "
        f"{NOTHING_WRITTEN}. See whether the address is right; do not call again before that"
    )
