"""Good and bad servers' certificates, of an authority that lives as long as the tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fraudlake.local.mysql.certificates import LOOPBACK_NAMES, Authority

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.mysql.certificates import Certificate


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
    now = datetime.now(UTC)
    past = {"not_before": now - timedelta(days=30), "not_after": now - timedelta(days=1)}
    authority, stranger = Authority(folder), Authority(folder, "stranger")
    return Certificates(
        ca=authority.ca_file,
        server=authority.issue("server", *LOOPBACK_NAMES),
        expired=authority.issue("expired", *LOOPBACK_NAMES, **past),
        other_host=authority.issue("other_host", "db.example.org"),
        other_ca=stranger.issue("other_ca", *LOOPBACK_NAMES),
    )
