"""Cleaning of what identifies a person: text, e-mail, phone, dates.

Plain functions of the standard library: the Lambda that extracts the blacklist and the Spark job
that scores apply the very same ones. Missing values are None.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

_MISSING = frozenset({"", "N/A", "NA", "NULL", "NONE", "UNKNOWN", "-"})
# Letters of the longest text that stands for nothing.
LONGEST_MISSING = max(map(len, _MISSING))
_LEAST_PHONE_DIGITS = 7
# Of UTF-8, where no other character has a byte of ASCII in it.
_NO_DIGITS = bytes(set(range(0x100)) - set(b"0123456789"))
# The control characters (category Cc) are these two blocks, in every version of Unicode.
_TO_SPACE = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), ord("\\")], " ")
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:(Z)|([+-])(\d{2})(?::?(\d{2}))?)?)?",
    re.ASCII,
)
_DAY_FIRST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_NAMED_MONTH = re.compile(r"(\d{1,2}) ([A-Za-z]{3}) (\d{4})", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST_OFFSET = timedelta(hours=18)


def clean_text(raw: str | None) -> str | None:
    """NFKC, control characters and backslashes to spaces, white space collapsed; None if missing.

    `N/A`, `NULL`, `-` and their like are missing, in any case.
    """
    if raw is None:
        return None
    text = _collapsed(_composed(raw))
    # No text in capitals is shorter than before.
    return None if len(text) <= LONGEST_MISSING and text.upper() in _MISSING else text


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _collapsed(text: str) -> str:
    """Control characters and backslashes to spaces, and of white space one space between words."""
    if not text.isprintable() or "\\" in text:
        text = text.translate(_TO_SPACE)
    return " ".join(text.split())


def clean_email(raw: str | None) -> str | None:
    """Clean text in lower case, composed again: some small letters are, whose capitals are not."""
    text = clean_text(raw)
    return None if text is None else _composed(text.lower())


def clean_phone(raw: str | None) -> str | None:
    """The ASCII digits, with a leading `+` if there was one; None under 7 digits or all alike."""
    text = _composed(raw or "")
    digits = text.encode("utf-8", "replace").translate(None, _NO_DIGITS).decode("ascii")
    if len(digits) < _LEAST_PHONE_DIGITS or digits == digits[0] * len(digits):
        return None
    return f"+{digits}" if text.startswith("+") or _collapsed(text).startswith("+") else digits


@lru_cache(maxsize=65_536)  # all birthdays of the living, and then some
def clean_date(raw: str | None) -> date | None:
    """The date in any of the known forms, ISO first, then day first; None when it is none.

    A time of day is cut after conversion to UTC.
    """
    text = clean_text(raw)
    if text is None:
        return None
    try:
        return _iso_date(text) or _day_first_date(text)
    except (ValueError, OverflowError):
        return None


def _iso_date(text: str) -> date | None:
    match = _ISO.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(match))
    return moment.astimezone(UTC).date()


def _zone(match: re.Match[str]) -> timezone:
    sign, hours, minutes = match.group(8, 9, 10)
    if sign is None:
        return UTC
    if int(minutes or 0) >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(minutes)
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if offset > _LONGEST_OFFSET:
        raise ValueError(offset)
    return timezone(-offset if sign == "-" else offset)


def _day_first_date(text: str) -> date | None:
    if match := _DAY_FIRST.fullmatch(text):
        return date(int(match[4]), int(match[3]), int(match[1]))
    if match := _COMPACT.fullmatch(text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    match = _NAMED_MONTH.fullmatch(text)
    if match and match[2].lower() in _MONTHS:
        return date(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]))
    return None
