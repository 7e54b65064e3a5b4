"""What a caller asks the extract for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fraudlake.errors import InputError

_HOW = 'call with {"snapshot_date": "YYYY-MM-DD"}, and "allow_shrink": true to skip that guard once'


@dataclass(frozen=True)
class ExtractRequest:
    """The date of the snapshot, and whether it may be far smaller than the one before."""

    snapshot_date: date
    allow_shrink: bool

    @classmethod
    def from_event(cls, event: object, today: date) -> ExtractRequest:
        """Read an event; InputError names every problem at once, and quotes no value.

        A date after tomorrow is refused: such a snapshot would be in force from then on.
        """
        if not isinstance(event, Mapping):
            raise InputError(["the event is no JSON object", _HOW])
        day = _date(event.get("snapshot_date"))
        allow_shrink = event.get("allow_shrink", False)
        problems = []
        if day is None:
            problems.append("snapshot_date of the event is missing, or no date")
        elif day > today + timedelta(days=1):
            problems.append(f"snapshot_date {day} of the event is in the future")
        if not isinstance(allow_shrink, bool):
            problems.append("allow_shrink of the event is neither true nor false")
        if day is None or problems:
            raise InputError([*problems, _HOW])
        return cls(day, allow_shrink)


def _date(value: Any) -> date | None:  # noqa: ANN401 - an event holds what its sender put in
    if isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    return None
