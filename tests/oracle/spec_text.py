"""Text, date, moment and name functions of the contract (sections 3 and 5), in plain Python.

Every function takes text or None and gives None for what is missing or does not parse.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
MISSING_WORDS = frozenset({"", "N/A", "NA", "NULL", "NONE", "UNKNOWN", "-"})
LETTERS_WITHOUT_DECOMPOSITION = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MICROS_PER_DAY = 86_400_000_000
EPOCH_DAY = date(1970, 1, 1).toordinal()

_WHITE_RUN = re.compile(f"[{WHITE_SPACE}]+")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_COMPACT_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
_DAY_MONTH_NAME = re.compile(r"([0-9]{1,2}) ([A-Za-z]{3}) ([0-9]{4})")


def trim_text(text: str | None) -> str | None:
    """Cut Unicode white space from both ends; empty text is missing."""
    return (text or "").strip(WHITE_SPACE) or None


def upper_text(text: str | None) -> str | None:
    """Upper-case with the full Unicode mapping (a sharp s becomes two letters)."""
    return None if text is None else text.upper()


def clean_text(text: str | None) -> str | None:
    """NFKC, control characters and backslashes to spaces, spaces collapsed; `N/A` is missing."""
    spaced = "".join(map(_space_for_control, unicodedata.normalize("NFKC", text or "")))
    collapsed = _WHITE_RUN.sub(" ", spaced).strip(" ")
    return None if collapsed.upper() in MISSING_WORDS else collapsed


def _space_for_control(point: str) -> str:
    return " " if point == "\\" or unicodedata.category(point) == "Cc" else point


def clean_email(text: str | None) -> str | None:
    """Cleaned text in lower case, NFKC once more: cleaning twice is cleaning once."""
    cleaned = clean_text(text)
    return None if cleaned is None else unicodedata.normalize("NFKC", cleaned.lower())


def clean_phone(text: str | None) -> str | None:
    """ASCII digits behind an optional leading plus; missing when under 7 digits or all alike."""
    cleaned = clean_text(text) or ""
    digits = re.sub(r"[^0-9]", "", cleaned)
    if len(digits) < 7 or len(set(digits)) == 1:
        return None
    return "+" + digits if cleaned.startswith("+") else digits


def clean_date(text: str | None) -> date | None:
    """The calendar date of a cleaned text: ISO first (in UTC), then the day-first forms."""
    cleaned = clean_text(text) or ""
    micros = moment_micros(cleaned)
    if micros is not None:
        return _date_of_micros(micros)
    numbers = _date_numbers(cleaned)
    return None if numbers is None else _real_date(*numbers)


def _date_of_micros(micros: int) -> date | None:
    ordinal = micros // MICROS_PER_DAY + EPOCH_DAY
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() else None


def _date_numbers(text: str) -> tuple[int, int, int] | None:
    if match := _ISO_DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _DAY_FIRST.fullmatch(text):
        return int(match[4]), int(match[3]), int(match[1])
    match = _DAY_MONTH_NAME.fullmatch(text)
    if match and match[2].lower() in MONTHS:
        return int(match[3]), MONTHS.index(match[2].lower()) + 1, int(match[1])
    return None


def _real_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def moment_micros(text: str | None) -> int | None:
    """Microseconds since 1970-01-01 UTC of a trimmed transaction timestamp (section 3)."""
    match = _MOMENT.fullmatch(text or "")
    if match is None:
        return None
    day = _real_date(int(match[1]), int(match[2]), int(match[3]))
    clock = _clock_micros(int(match[4]), int(match[5]), int(match[6] or 0), match[7] or "")
    offset = _offset_micros(match[8])
    if day is None or clock is None or offset is None:
        return None
    return (day.toordinal() - EPOCH_DAY) * MICROS_PER_DAY + clock - offset


def _clock_micros(hour: int, minute: int, second: int, fraction: str) -> int | None:
    if hour > 23 or minute > 59 or second > 59:
        return None
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def _offset_micros(offset: str | None) -> int | None:
    if offset is None or offset == "Z":
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if int(digits[2:]) > 59 or minutes > 18 * 60:
        return None
    return minutes * 60_000_000 * (-1 if offset[0] == "-" else 1)


def record_micros(text: str | None) -> int | None:
    """When a customer row was created or updated: a moment, or midnight of a date."""
    cleaned = clean_text(text)
    micros = moment_micros(cleaned)
    if micros is not None:
        return micros
    day = clean_date(cleaned)
    return None if day is None else (day.toordinal() - EPOCH_DAY) * MICROS_PER_DAY


def name_key(name: str | None) -> str | None:
    """The sorted plain tokens of a cleaned name; missing when no letter or number is left."""
    decomposed = unicodedata.normalize("NFKD", name or "")
    unmarked = "".join(c for c in decomposed if not unicodedata.category(c).startswith("M"))
    folded = unmarked.casefold().translate(LETTERS_WITHOUT_DECOMPOSITION)
    spaced = "".join(c if unicodedata.category(c)[0] in "LN" else " " for c in folded)
    return " ".join(sorted(spaced.split())) or None


def edit_distance_within(left: str, right: str, limit: int) -> int | None:
    """Levenshtein distance in code points, or None when it is more than `limit`."""
    start, left_end, right_end = 0, len(left), len(right)
    while start < min(left_end, right_end) and left[start] == right[start]:
        start += 1
    while min(left_end, right_end) > start and left[left_end - 1] == right[right_end - 1]:
        left_end, right_end = left_end - 1, right_end - 1
    return _distance(left[start:left_end], right[start:right_end], limit)


def _distance(left: str, right: str, limit: int) -> int | None:
    above = list(range(len(right) + 1))
    for row, point in enumerate(left, start=1):
        current = [row]
        for column, other in enumerate(right, start=1):
            swapped = above[column - 1] + (point != other)
            current.append(min(swapped, above[column] + 1, current[-1] + 1))
        if min(current) > limit:
            return None
        above = current
    return above[-1] if above[-1] <= limit else None
