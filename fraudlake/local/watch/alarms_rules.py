"""How CloudWatch judges an alarm: which periods it looks at, and what their values make of it."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALARM, OK, NO_DATA = "ALARM", "OK", "INSUFFICIENT_DATA"
_DAY = 86_400
_BREACHES = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_BREACHING, _NOT_BREACHING, _IGNORE = "breaching", "notBreaching", "ignore"


@dataclass(frozen=True)
class Verdict:
    """The state of an alarm and why it is that."""

    state: str
    reason: str


def window_end(at: datetime, seconds: int) -> datetime:
    """Where the periods end that are evaluated at a moment, given how many seconds they take.

    An alarm over more than a day is evaluated once an hour, up to the full hour. A shorter one is
    evaluated every minute; here with all that was put by the moment.
    """
    moment = at.astimezone(UTC)
    if seconds > _DAY:
        return moment.replace(minute=0, second=0, microsecond=0)
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


def verdict_on(written: Mapping[str, Any], values: Sequence[float | None], before: str) -> Verdict:
    """Judge an alarm by the values of its periods (None: no data), given its state before."""
    missing = str(written.get("TreatMissingData", "missing"))
    needed = int(written.get("DatapointsToAlarm", len(values)))
    breaching = sum(_is_breaching(value, written, missing) for value in values)
    there = sum(value is not None for value in values)
    reason = (
        f"{breaching} of {len(values)} periods ({there} with data, missing data is {missing}) "
        f"were {written['ComparisonOperator']} {float(written['Threshold']):g}; "
        f"{needed} make an alarm"
    )
    if missing in (_BREACHING, _NOT_BREACHING) or there == len(values):
        return Verdict(ALARM if breaching >= needed else OK, reason)
    return Verdict(_with_gaps(missing, needed, there, breaching, before), reason)


def _with_gaps(missing: str, needed: int, there: int, breaching: int, before: str) -> str:
    """The state of an alarm that makes nothing of missing data: `missing` or `ignore`."""
    if missing != _IGNORE:
        if not there:
            return NO_DATA
        # The few that there are decide.
        return ALARM if breaching >= min(needed, there) else OK
    if breaching >= needed:
        return ALARM
    return OK if breaching < there else before


def _is_breaching(value: float | None, written: Mapping[str, Any], missing: str) -> bool:
    if value is None:
        return missing == _BREACHING
    breaches = _BREACHES[written["ComparisonOperator"]]
    return bool(breaches(value, float(written["Threshold"])))
