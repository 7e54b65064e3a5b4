"""Fetches a file over verified TLS: bounded in size and time, no redirects, patient with faults."""

from __future__ import annotations

import logging
import ssl
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from fraudlake.errors import RunError
from lambdas.json_logs import log_event

if TYPE_CHECKING:
    from lambdas.fx_rates.settings import Patience

DOWNLOADED_MOST = 20 * 2**20  # bytes; the zipped history has less than one million
PIECE = 2**16
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
    with urllib3.PoolManager(ssl_context=ssl.create_default_context()) as pool:
        for pause in (0.0, *patience.pauses):
            time.sleep(pause)
            try:
                return _fetch_once(pool, address, patience)
            except PassingFault as fault:
                faults.append(str(fault))
                log_event("fetch_failed", level=logging.WARNING, address=address, fault=str(fault))
    raise RunError(
        f"{address} did not answer in {len(faults)} attempts (the last: {faults[-1]}). "
        f"{NOTHING_WRITTEN}. See that the function can reach the internet, and call again later"
    )


def _fetch_once(pool: urllib3.PoolManager, address: str, patience: Patience) -> bytes:
    deadline = time.monotonic() + patience.attempt
    timeout = urllib3.Timeout(connect=patience.connect, read=patience.read)
    try:
        # Without retries urllib3 hands over a redirect as any other answer.
        response = pool.request(
            "GET", address, retries=False, timeout=timeout, preload_content=False
        )
        with response:
            _refuse_status(response, address)
            return _body(response, address, deadline)
    except SSLError as error:
        raise _tls_problem(error, address) from error
    except HTTPError as error:
        raise PassingFault(type(error).__name__) from error


def _refuse_status(response: urllib3.BaseHTTPResponse, address: str) -> None:
    status = response.status
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PassingFault(f"it answered {status}")
    if target := response.get_redirect_location():
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


def _body(response: urllib3.BaseHTTPResponse, address: str, deadline: float) -> bytes:
    body = bytearray()
    # read1 returns what is there: a server that sends drop by drop meets the deadline.
    while piece := response.read1(PIECE, decode_content=False):
        body += piece
        if len(body) > DOWNLOADED_MOST:
            raise RunError(
                f"{address} sent more than {DOWNLOADED_MOST} bytes. {NOTHING_WRITTEN}. See "
                "whether the address is that of the ECB's zip file, and correct it"
            )
        if time.monotonic() > deadline:
            raise PassingFault("it sent too slowly")
    return bytes(body)


def _tls_problem(error: SSLError, address: str) -> RunError | PassingFault:
    cause = error.args[0] if error.args else None
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return PassingFault("TLS failed")
    return RunError(
        f"the certificate of {address} does not verify ({cause.verify_message}). "
        f"{NOTHING_WRITTEN}. See whether the address is right; do not call again before that"
    )
