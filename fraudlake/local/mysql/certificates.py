"""Throw-away certificates: an authority that lives as long as its process, and what it vouches for.

The local cloud's database shows one, as RDS does; the tests make bad ones of them, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

LOOPBACK_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Certificate:
    """A server's certificate with its chain, and its private key, as PEM files."""

    chain: Path
    key: Path


class Authority:
    """A new certificate authority; `ca_file` (PEM) is what a client checks servers with.

    Its own private key is never written: nobody can misuse it later.
    """

    def __init__(self, folder: Path, name: str = "ca") -> None:
        """Write the authority's certificate into an existing folder, as `<name>.pem`."""
        self._folder = folder
        self._ca = trustme.CA()
        self.ca_file = folder / f"{name}.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_file))

    def issue(
        self,
        name: str,
        *hosts: str,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> Certificate:
        """Write a certificate for hosts into the folder, as `<name>.pem` and `<name>.key`."""
        leaf = self._ca.issue_cert(*hosts, not_before=not_before, not_after=not_after)
        stem = self._folder / name
        certificate = Certificate(chain=stem.with_suffix(".pem"), key=stem.with_suffix(".key"))
        certificate.chain.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
        certificate.key.touch(mode=0o600)
        certificate.key.write_bytes(leaf.private_key_pem.bytes())
        return certificate
