"""Planted rows that look wrong and are not: untidy values, offsets, late and early rows."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from fraudlake.sample_data.planted_row import PlantedRow, print_moment
from fraudlake.sample_data.planting import Planting, PlantingDay

if TYPE_CHECKING:
    from collections.abc import Callable

LATE_DAYS = 7
# Offset in minutes, and how it is written.
OFFSETS = ((120, "+02:00"), (-300, "-0500"), (540, "+09"), (330, "+05:30"), (1080, "+18:00"))
SPACES = (" ", "  ", "\t", "\u00a0", "\u2003")


def plant_offsets(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Timestamps with an offset, in each of its three spellings."""
    rows = day.rows("OFFSET_TIMESTAMP", events)
    return [
        row.with_values(transaction_ts=_print_offset(row.moment, *OFFSETS[step % len(OFFSETS)]))
        for step, row in enumerate(rows, start=day.index)
    ]


def plant_time_forms(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Other allowed spellings of UTC: no offset, a space, no seconds, nanoseconds."""
    rows = day.rows("TIMESTAMP_FORM", events)
    forms: list[Callable[[str], str]] = [_without_zone, _with_space, _with_nanoseconds]
    changed = [
        row.with_values(transaction_ts=forms[step % len(forms)](row.value("transaction_ts")))
        for step, row in enumerate(rows, start=day.index)
    ]
    return [*changed, *_rows_to_the_minute(day, max(1, events // 3))]


def plant_lower_case(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Currencies in lower case."""
    rows = day.rows("LOWER_CASE_CURRENCY", events)
    return [
        row.with_values(currency=("usd", "eur", "Gbp")[step % 3])
        for step, row in enumerate(rows, start=day.index)
    ]


def plant_white_space(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Values with white space around them, Unicode's included."""
    rows = day.rows("WHITE_SPACE", events)
    return [
        row.with_fields(*(_pad(text, SPACES[step % len(SPACES)]) for text in row.fields))
        for step, row in enumerate(rows, start=day.index)
    ]


def plant_late(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Rows 1 to 7 days late, which are accepted still."""
    rows = day.rows("LATE_ACCEPTED", events)
    return [
        _dated(row, row.moment - timedelta(days=1 + step % LATE_DAYS))
        for step, row in enumerate(rows, start=day.index)
    ]


def plant_latest_moment(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Rows up to exactly one hour after the end of the batch date: not yet in the future."""
    latest = day.midnight + timedelta(days=1, hours=1)
    # A few seconds apart would be a burst; 500 of them fill most of a day.
    step = timedelta(seconds=150)
    rows = day.rows("FUTURE_BORDER_ACCEPTED", events)
    return [_dated(row, latest - number * step) for number, row in enumerate(rows)]


def _print_offset(moment: datetime, minutes: int, text: str) -> str:
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond:06d}{text}"


def _without_zone(text: str) -> str:
    return text.removesuffix("Z")


def _with_space(text: str) -> str:
    return text.replace("T", " ")


def _with_nanoseconds(text: str) -> str:
    return text.replace("Z", "999999Z")


def _rows_to_the_minute(day: PlantingDay, events: int) -> list[PlantedRow]:
    rows = day.rows("TIMESTAMP_FORM", events)
    whole = [row.at(row.moment.replace(second=0, microsecond=0)) for row in rows]
    return [row.with_values(transaction_ts=f"{row.moment:%Y-%m-%dT%H:%M}") for row in whole]


def _pad(text: str, space: str) -> str:
    return f"{space}{text}{space}"


def _dated(row: PlantedRow, moment: datetime) -> PlantedRow:
    return row.with_values(transaction_ts=print_moment(moment)).at(moment)


PLANTINGS = {
    "OFFSET_TIMESTAMP": Planting(plant_offsets),
    "TIMESTAMP_FORM": Planting(plant_time_forms),
    "LOWER_CASE_CURRENCY": Planting(plant_lower_case),
    "WHITE_SPACE": Planting(plant_white_space),
    "LATE_ACCEPTED": Planting(plant_late),
    "FUTURE_BORDER_ACCEPTED": Planting(plant_latest_moment),
}
