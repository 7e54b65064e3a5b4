"""Reading a mapping field by field, and keeping every problem with its place.

A form never raises while it is being read: a field that cannot be used leaves a
problem and yields a stand-in, so that one reading of a file reports all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from reprlib import Repr

Place = tuple[str | int, ...]

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHOWN_CHARACTERS = 80
_DURATION = re.compile(r"([0-9]{1,9})\s*([smhd])")


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file, and the path to it from the file's root."""

    place: Place
    message: str

    def __str__(self) -> str:
        """Path and message, as in `rules[2].points: 150 is over 100`."""
        return f"{path_text(self.place)}: {self.message}"


def path_text(place: Place) -> str:
    """The place as a reader writes it: `rules[2].points`."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in place]
    return "".join(steps).lstrip(".") or "the file"


@dataclass
class Form:
    """One mapping of a file, read by typed fields; all forms of a file share `problems`."""

    values: Mapping[str, object]
    place: Place = ()
    problems: list[Problem] = field(default_factory=list)
    defaults: Mapping[str, object] = field(default_factory=dict)
    names_read: set[str] = field(default_factory=set)

    def has(self, name: str) -> bool:
        """Whether the field is there at all, by itself or by default."""
        self.names_read.add(name)
        return name in self.values or name in self.defaults

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self._required(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        return str(self._reject(name, value, "a text that is not empty", ""))

    def texts(self, name: str, allowed: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of texts, each one of `allowed` where that is given."""
        value = self._required(name)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            self._reject(name, value, "a list of texts", ())
            return ()
        for position, one in enumerate(value):
            if allowed is not None and one not in allowed:
                self.report((name, position), f"{one!r} is not known; {_known(one, allowed)}")
        return tuple(value)

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """One of the allowed words."""
        value = self._required(name)
        if isinstance(value, str) and value in allowed:
            return value
        if value is not None:
            self.report((name,), f"{value!r} is not known; {_known(str(value), allowed)}")
        return allowed[0]

    def integer(self, name: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self._required(name)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._reject(name, value, f"a whole number from {low} to {high}", low)
        return low

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._required(name)
        if isinstance(value, bool):
            return value
        return bool(self._reject(name, value, "true or false", None))

    def number(self, name: str, low: str, high: str = "999999999999") -> Decimal:
        """A decimal number from `low` to `high`, as exact as it is written."""
        number = _as_decimal(self._required(name))
        if number is not None and Decimal(low) <= number <= Decimal(high):
            return number
        self._reject(name, self._raw(name), f"a number from {low} to {high}", None)
        return Decimal(low)

    def duration(self, name: str, longest_seconds: int) -> int:
        """Seconds of a duration such as `60s`, `10m`, `24h` or `30d`, at most `longest_seconds`."""
        value = self._required(name)
        seconds = _as_seconds(value)
        if seconds is None:
            self._reject(name, value, "a duration such as 60s, 10m, 24h or 30d", None)
        elif not 1 <= seconds <= longest_seconds:
            limit = f"{longest_seconds // 86400} days"
            self.report((name,), f"{value} is not between 1 second and {limit}")
        return seconds if seconds is not None and seconds > 0 else 1

    def child(self, name: str) -> Form:
        """The form of a nested mapping, empty where the field is missing or no mapping."""
        value = self._raw(name)
        if value is not None and not isinstance(value, Mapping):
            self._reject(name, value, "a mapping", None)
        default = self.defaults.get(name)
        return Form(
            value if isinstance(value, Mapping) else {},
            (*self.place, name),
            self.problems,
            default if isinstance(default, Mapping) else {},
        )

    def children(self, name: str) -> list[Form]:
        """The forms of a list of mappings."""
        value = self._required(name)
        if not isinstance(value, list | tuple) or not value:
            self._reject(name, value, "a list that is not empty", None)
            return []
        return [self._item(name, position, one) for position, one in enumerate(value)]

    def report(self, place: Place, message: str) -> None:
        """Keep a problem found below this form."""
        self.problems.append(Problem((*self.place, *place), message))

    def refuse_unread(self) -> None:
        """Report every field that nothing has asked for: a misspelt setting must not pass."""
        for name in self.values:
            if name not in self.names_read:
                self.report((str(name),), f"is not known here; {_known(name, self.names_read)}")

    def _item(self, name: str, position: int, value: object) -> Form:
        if not isinstance(value, Mapping):
            self.report((name, position), f"expected a mapping, found {_shown(value)}")
        values = value if isinstance(value, Mapping) else {}
        return Form(values, (*self.place, name, position), self.problems)

    def _raw(self, name: str) -> object:
        self.names_read.add(name)
        return self.values[name] if name in self.values else self.defaults.get(name)

    def _required(self, name: str) -> object:
        value = self._raw(name)
        if value is None:
            self.report((name,), "is missing")
        return value

    def _reject(self, name: str, value: object, expected: str, stand_in: object) -> object:
        if value is not None:
            self.report((name,), f"expected {expected}, found {_shown(value)}")
        return stand_in


def _shown(value: object) -> str:
    """A value as it is quoted in a message: a file may hold any amount of it."""
    shortened = Repr()
    shortened.maxstring = shortened.maxother = _SHOWN_CHARACTERS
    return shortened.repr(value)


def _as_decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = Decimal(str(value))
    return number if number.is_finite() else None


def _as_seconds(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(match[1]) * _UNIT_SECONDS[match[2]] if match else None


def _known(found: object, names: Iterable[str]) -> str:
    """A hint: the name that was probably meant, else all of them."""
    known = sorted(names)
    close = get_close_matches(str(found), known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
