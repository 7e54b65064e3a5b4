"""Planted events that only a time window shows: bursts, swarms, cash in a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING

from fraudlake.sample_data.planting import Planting, PlantingDay
from fraudlake.sample_data.world import CASH

if TYPE_CHECKING:
    from fraudlake.sample_data.planted_row import PlantedRow

VELOCITY = "VELOCITY_BURST"
VELOCITY_COUNT = 4
SWARM = "MERCHANT_SWARM"
SWARM_CUSTOMERS = 8
CASH_DAY = "CASH_IN_A_DAY"
CASH_LIMIT_USD = Decimal(7_000)
CASH_ROWS = 6
# Offsets in milliseconds. A row exactly 60 s or 600 s earlier is outside the half-open window.
MIDNIGHT_OFFSETS = (-24_000, -13_500, -500, 0, 11_250)
CONTROL_60S_OFFSETS = (0, 20_000, 40_000, 60_000)
CONTROL_600S_OFFSETS = (0, 90_000, 170_000, 260_000, 350_000, 440_000, 520_000, 600_000)
BUSY_VISITS, BUSY_CUSTOMERS = 10, 5


def plant_burst(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Bursts of 4 to 6 rows inside 60 s; the 4th and later must be noticed."""
    return [
        row
        for number, start in enumerate(day.spread(events, 60))
        for row in _burst(day, VELOCITY, number, _burst_moments(day, start))
    ]


def plant_burst_at_edge(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Bursts whose 4th row comes 59.999999 s after the 1st: still inside."""
    label = "VELOCITY_BURST_59_999999_S"
    edge = timedelta(microseconds=1)
    moments = [_shift(start, CONTROL_60S_OFFSETS) for start in day.spread(events, 60)]
    bursts = [[*times[:-1], times[-1] - edge] for times in moments]
    return [row for n, times in enumerate(bursts) for row in _burst(day, label, n, times)]


def plant_midnight_burst(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Bursts across midnight UTC, their rows in the partitions of their own dates."""
    if day.tomorrow is None:
        return []
    label, moments = "VELOCITY_BURST_MIDNIGHT", _shift(_end_of(day), MIDNIGHT_OFFSETS)
    events = min(events, len(day.cast[label]))
    rows = [row for n in range(events) for row in _burst(day, label, n, moments)]
    return [row.in_partition(row.moment.date()) for row in rows]


def plant_burst_control(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Control: the 4th row comes exactly 60.000000 s after the 1st, so no window holds four."""
    label = "VELOCITY_CONTROL_60_S"
    return [
        day.row(label, day.actor(label, number), moment).forbidding(VELOCITY)
        for number, start in enumerate(day.spread(events, 61))
        for moment in _shift(start, CONTROL_60S_OFFSETS)
    ]


def plant_swarm(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Nine customers at one merchant within ten minutes, one of them twice."""
    visits = [0, 1, 2, 0, 3, 4, 5, 6, 7, 8]
    return [
        row.expecting(SWARM) if len(set(visits[: step + 1])) >= SWARM_CUSTOMERS else row
        for number, start in enumerate(day.spread(events, 600))
        for step, row in enumerate(_visit(day, SWARM, number, _minutes(start), visits))
    ]


def plant_swarm_control(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Control: the 8th customer comes exactly 600 s after the first."""
    visits = list(range(SWARM_CUSTOMERS))
    return [
        row.forbidding(SWARM)
        for number, start in enumerate(day.spread(events, 601))
        for row in _visit(
            day, "MERCHANT_SWARM_CONTROL_600_S", number, _shift(start, CONTROL_600S_OFFSETS), visits
        )
    ]


def plant_busy_merchant(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Control: ten visits in ten minutes, but of five customers only."""
    visits = [step % BUSY_CUSTOMERS for step in range(BUSY_VISITS)]
    return [
        row.forbidding(SWARM)
        for number, start in enumerate(day.spread(events, 600))
        for row in _visit(day, "MERCHANT_BUSY_CONTROL", number, _minutes(start), visits)
    ]


def plant_cash_day(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Cash of 1,000 to 2,000 USD a time until more than 7,000 USD lie within 24 hours."""
    actors = day.actors_of_the_day(CASH_DAY, 2)[:events]
    return [row for customer in actors for row in _cash_until_over(day, customer)]


def plant_cash_control(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Control: five times 1,400 USD in cash is exactly 7,000 USD, which is not over it."""
    label = "CASH_IN_A_DAY_CONTROL"
    return [
        day.row(label, customer, moment)
        .with_values(amount="1400.00", channel=CASH, merchant_id="")
        .forbidding(CASH_DAY)
        for customer in day.actors_of_the_day(label, 2)[:events]
        for moment in day.spread(5)
    ]


def _burst_moments(day: PlantingDay, start: datetime) -> list[datetime]:
    size = int(day.rng.integers(VELOCITY_COUNT, VELOCITY_COUNT + 3))
    offsets = day.rng.choice(59_900, size, replace=False).tolist()
    return _shift(start, sorted(offsets))


def _burst(day: PlantingDay, label: str, number: int, moments: list[datetime]) -> list[PlantedRow]:
    rows = [day.row(label, day.actor(label, number), moment) for moment in moments]
    first = VELOCITY_COUNT - 1
    return rows[:first] + [row.expecting(VELOCITY) for row in rows[first:]]


def _visit(
    day: PlantingDay, label: str, number: int, moments: list[datetime], visits: list[int]
) -> list[PlantedRow]:
    merchant = day.open_merchant()
    step = max(visits) + 1
    return [
        day.row(label, day.actor(label, number * step + visit), moment).with_values(
            merchant_id=merchant, channel="card_present"
        )
        for visit, moment in zip(visits, moments, strict=True)
    ]


def _cash_until_over(day: PlantingDay, customer: str) -> list[PlantedRow]:
    amounts = [day.amount_between(1_250, 2_000) for _ in range(CASH_ROWS)]
    totals = accumulate(Decimal(amount) for amount in amounts)
    return [
        row.expecting(CASH_DAY) if total > CASH_LIMIT_USD else row
        for row, total in zip(_cash_rows(day, customer, amounts), totals, strict=True)
    ]


def _cash_rows(day: PlantingDay, customer: str, amounts: list[str]) -> list[PlantedRow]:
    return [
        day.row(CASH_DAY, customer, moment).with_values(amount=amount, channel=CASH, merchant_id="")
        for amount, moment in zip(amounts, day.spread(len(amounts)), strict=True)
    ]


def _minutes(start: datetime) -> list[datetime]:
    return _shift(start, [step * 59_000 for step in range(BUSY_VISITS)])


def _shift(start: datetime, offsets_ms: tuple[int, ...] | list[int]) -> list[datetime]:
    return [start + timedelta(milliseconds=offset) for offset in offsets_ms]


def _end_of(day: PlantingDay) -> datetime:
    return day.midnight + timedelta(days=1)


PLANTINGS = {
    VELOCITY: Planting(plant_burst, rows_each=5),
    "VELOCITY_BURST_59_999999_S": Planting(plant_burst_at_edge, rows_each=4),
    "VELOCITY_BURST_MIDNIGHT": Planting(plant_midnight_burst, rows_each=5),
    "VELOCITY_CONTROL_60_S": Planting(plant_burst_control, rows_each=4),
    SWARM: Planting(plant_swarm, rows_each=10, actors=9),
    "MERCHANT_SWARM_CONTROL_600_S": Planting(plant_swarm_control, rows_each=8, actors=8),
    "MERCHANT_BUSY_CONTROL": Planting(plant_busy_merchant, rows_each=10, actors=5),
    CASH_DAY: Planting(plant_cash_day, rows_each=CASH_ROWS, actors=2),
    "CASH_IN_A_DAY_CONTROL": Planting(plant_cash_control, rows_each=5, actors=2),
}
