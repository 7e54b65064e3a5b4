"""What Spark's error texts say: which file could not be read, and why."""

from __future__ import annotations

import re
from urllib.parse import unquote

_UNREADABLE = r"while reading file (?:file:/*(?=/))?(.+?)\.?(?:\s*$| Details:)"


def corrupt_file(message: str) -> str | None:
    """The input file that a Spark error says it could not read, or None."""
    match = re.search(_UNREADABLE, message, re.MULTILINE)
    return unquote(match[1]) if match else None


def root_cause(message: str) -> str:
    """The line of an error's text that says why: of a Java error its innermost cause."""
    lines = message.strip().splitlines() or [""]
    causes = [one for one in lines if one.startswith("Caused by: ")]
    return causes[-1].removeprefix("Caused by: ") if causes else lines[0]
