"""What the scoring job is asked for: a night's date with what is due before it, or a span anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fraudlake.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

ALLOW_STALE = "allow_stale_inputs"  # a property of a workflow run


@dataclass(frozen=True)
class ScoreOrder:
    """The batch dates to score: a night's date with what is due before it, or a span anew."""

    first: date | None
    last: date
    allows_stale: bool = False

    @property
    def is_night(self) -> bool:
        """Whether it is a night's order rather than a rerun's."""
        return self.first is None

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> ScoreOrder:
        """Read the properties of a workflow run: `batch_date`, or `from` and `to`.

        Raises InputError when neither is there whole, or a date cannot be read.
        """
        allows_stale = _flag(ALLOW_STALE, properties)
        if "batch_date" in properties:
            return cls(None, _date("batch_date", properties), allows_stale)
        first, last = _date("from", properties), _date("to", properties)
        if first > last:
            raise InputError(f"from {first} is after to {last}; start the workflow with both right")
        return cls(first, last, allows_stale)


@dataclass(frozen=True)
class DueDates:
    """The dates that a run of the job scores, oldest first, and how many it leaves for the next."""

    dates: tuple[date, ...]
    left: int = 0


def due_dates(
    order: ScoreOrder, delivered: Sequence[date], scored: Collection[date], most: int
) -> DueDates:
    """The dates of an order that are to be scored.

    A night scores every delivered date up to its own that no committed run has scored, `most` of
    them at once; a rerun scores every delivered date of its span. Raises InputError when nothing
    was delivered for the night, or for the whole span.
    """
    if order.first is not None:
        span = tuple(day for day in delivered if order.first <= day <= order.last)
        if not span:
            raise InputError(_nothing(f"{order.first} to {order.last}", delivered))
        return DueDates(span)
    if order.last not in delivered:
        raise InputError(_nothing(f"{order.last}", delivered))
    due = [day for day in delivered if day <= order.last and day not in scored]
    return DueDates(tuple(due[:most]), max(0, len(due) - most))


def _nothing(asked: str, delivered: Sequence[date]) -> str:
    there = f"there are {delivered[0]} to {delivered[-1]}" if delivered else "there are none"
    return (
        f"transactions: nothing was delivered for {asked}; {there}. Deliver the partition "
        "ingest_date=YYYY-MM-DD (a file with a header alone when there were none), then run the "
        "workflow again"
    )


def _date(name: str, properties: Mapping[str, str]) -> date:
    try:
        return date.fromisoformat(properties[name])
    except (KeyError, ValueError) as error:
        raise InputError(
            f"the workflow run has no property {name} that is a date; set batch_date, or from and "
            "to, as YYYY-MM-DD"
        ) from error


def _flag(name: str, properties: Mapping[str, str]) -> bool:
    value = properties.get(name, "false")
    if value not in {"true", "false"}:
        raise InputError(f"the property {name} of the workflow run is {value!r}; set true or false")
    return value == "true"
