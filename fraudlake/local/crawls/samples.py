"""Whether an object is of the format that its table says, by the bytes that it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLE_BYTES = 256
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_JSON = (b"{", b"[")


def is_as_declared(start: bytes, parameters: Mapping[str, str]) -> bool:
    """Compare the start of an object with its table's `classification` and `compressionType`."""
    if start.startswith(_GZIP) != (parameters["compressionType"] == "gzip"):
        return False
    return start.startswith(_GZIP) or _has_format(start, parameters["classification"])


def _has_format(start: bytes, classification: str) -> bool:
    if classification == "parquet":
        return start.startswith(_PARQUET)
    if classification == "json":
        return start.lstrip().startswith(_JSON)
    return not start.startswith(_PARQUET)
