"""Throw-away certificates: a CA that lives as long as the tests, and good and bad servers'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Certificate:
    """A server's certificate with its chain, and its private key, as PEM files."""

    chain: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """What a server may show, and the CA file a client should check it with.

    Only `server` passes: it is of `ca`, for localhost and 127.0.0.1, and valid now.
    """

    ca: Path
    server: Certificate
    expired: Certificate
    other_host: Certificate
    other_ca: Certificate


def write_certificates(folder: Path) -> Certificates:
    """Make a new CA and its certificates and write them into an existing folder."""
    ca, stranger = trustme.CA(), trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    return Certificates(
        ca=folder / "ca.pem",
        server=_written(folder / "server", ca.issue_cert(*NAMES)),
        expired=_written(folder / "expired", _expired(ca)),
        other_host=_written(folder / "other_host", ca.issue_cert("db.example.org")),
        other_ca=_written(folder / "other_ca", stranger.issue_cert(*NAMES)),
    )


def _expired(ca: trustme.CA) -> trustme.LeafCert:
    now = datetime.now(UTC)
    return ca.issue_cert(
        *NAMES, not_before=now - timedelta(days=30), not_after=now - timedelta(days=1)
    )


def _written(stem: Path, leaf: trustme.LeafCert) -> Certificate:
    certificate = Certificate(chain=stem.with_suffix(".pem"), key=stem.with_suffix(".key"))
    certificate.chain.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
    certificate.key.touch(mode=0o600)
    certificate.key.write_bytes(leaf.private_key_pem.bytes())
    return certificate
