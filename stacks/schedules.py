"""Schedules as AWS takes them, by the tables in its documentation: six fields, in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_WEEKDAY = f"([1-7]|{'|'.join(_WEEKDAYS)})"
_VALUE = "([0-9]{1,4}|[A-Z]{3})"
_ITEM = re.compile(rf"(?:\*|{_VALUE}(?:-{_VALUE})?)(?:/([0-9]{{1,4}}))?")
LEAST_PAUSE_OF_GLUE = 5  # minutes


@dataclass(frozen=True, kw_only=True)
class _Field:
    """A field of a schedule: its numbers, words for them, `others` that it may be as a whole."""

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()
    others: str = ""
    has_steps: bool = True

    def problems(self, text: str) -> Iterator[str]:
        """Why AWS would not take a text as this field."""
        if self.others and re.fullmatch(self.others, text):
            return
        for item in text.split(","):
            if not self.values(item):
                yield f"{self.name} {item!r} is nothing from {self._range} that AWS takes there"

    def values(self, item: str) -> range:
        """The numbers that `*`, `5`, `1-5`, `*/10` or `MON-FRI` stands for; none if it is wrong."""
        found = _ITEM.fullmatch(item)
        if found is None or (found[3] and not self.has_steps):
            return range(0)
        first = self._number(found[1]) if found[1] else self.low
        is_one = found[1] and not found[2] and not found[3]
        last = first if is_one else self._number(found[2]) if found[2] else self.high
        step = int(found[3] or 1)
        is_within = self.low <= first <= last <= self.high and 1 <= step <= self.high
        return range(first, last + 1, step) if is_within else range(0)

    @property
    def _range(self) -> str:
        words = f" or {self.words[0]} to {self.words[-1]}" if self.words else ""
        return f"{self.low} to {self.high}{words}"

    def _number(self, value: str) -> int:
        if value in self.words:
            return self.words.index(value) + self.low
        return int(value) if value.isdigit() else -1


_MINUTES = _Field(name="minutes", low=0, high=59)
_HOURS = _Field(name="hours", low=0, high=23)
_DAYS = _Field(name="day-of-month", low=1, high=31, others=r"\?|L|([1-9]|[12][0-9]|3[01])W")
_MONTHS_OF_YEAR = _Field(name="month", low=1, high=12, words=_MONTHS)
_YEARS = _Field(name="year", low=1970, high=2199)


def _weekdays(*, others: str, has_steps: bool) -> _Field:
    return _Field(
        name="day-of-week", low=1, high=7, words=_WEEKDAYS, others=others, has_steps=has_steps
    )


_OF_GLUE = _weekdays(others=rf"\?|{_WEEKDAY}?L", has_steps=True)
_OF_EVENTBRIDGE = _weekdays(others=rf"\?|{_WEEKDAY}?L|{_WEEKDAY}#[1-5]", has_steps=False)


def glue_schedule_problems(text: str) -> Iterator[str]:
    """Why Glue would not start a trigger by a schedule."""
    yield from _problems(text, _OF_GLUE)
    minutes = _fields(text)[0]
    starts = sorted({one for item in minutes.split(",") for one in _MINUTES.values(item)})
    if any(later - earlier < LEAST_PAUSE_OF_GLUE for earlier, later in pairwise(starts)):
        yield f"minutes {minutes!r}: Glue starts nothing more often than every 5 minutes"


def eventbridge_schedule_problems(text: str) -> Iterator[str]:
    """Why EventBridge would not take a schedule for a rule."""
    yield from _problems(text, _OF_EVENTBRIDGE)


def _problems(text: str, weekdays: _Field) -> Iterator[str]:
    fields = (_MINUTES, _HOURS, _DAYS, _MONTHS_OF_YEAR, weekdays, _YEARS)
    values = _fields(text)
    if len(values) != len(fields):
        names = " ".join(field.name for field in fields)
        yield f"expected cron({names}), as in cron(30 2 * * ? *), in UTC, found {text!r}"
        return
    for field, value in zip(fields, values, strict=True):
        yield from field.problems(value)
    days, _, weekday = values[2:5]
    if (days, weekday).count("?") != 1:
        yield (
            f"day-of-month is {days!r} and day-of-week {weekday!r}: one of the two must be '?', "
            "and the other say the days, '*' for all"
        )


def _fields(text: str) -> list[str]:
    """The fields of `cron(...)`, one of them empty when it is no such text."""
    found = re.fullmatch(r"cron\((.*)\)", text)
    return found[1].split(" ") if found else [""]
