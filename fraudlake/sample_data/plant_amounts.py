"""Planted single amounts: over and at the limit, outliers, and cash just under the limit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from fraudlake.sample_data.planting import Planting, PlantingDay
from fraudlake.sample_data.rates import CENT
from fraudlake.sample_data.world import CASH

if TYPE_CHECKING:
    from collections.abc import Callable

    from fraudlake.sample_data.planted_row import PlantedRow

LIMIT_USD = Decimal("5000.00")
OVER_LIMIT_USD = (5_001, 20_000)
OUTLIER_USD = (3_500, 4_900)
STRUCTURED_USD = (4_500, 5_000)
FOREIGN = ("EUR", "GBP", "CHF", "PLN", "SEK")
RULE_OVER = "AMOUNT_OVER_LIMIT"
OUTLIER = "AMOUNT_OUTLIER"


def plant_over_limit(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Payments well over the limit of 5,000 USD."""
    rows = day.rows("AMOUNT_OVER_LIMIT", events)
    return [
        row.with_values(amount=day.amount_between(*OVER_LIMIT_USD)).expecting(RULE_OVER)
        for row in rows
    ]


def plant_over_by_a_cent(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Payments of exactly one cent over the limit."""
    amount = str(LIMIT_USD + CENT)
    rows = day.rows("AMOUNT_OVER_LIMIT_BY_A_CENT", events)
    return [row.with_values(amount=amount).expecting(RULE_OVER) for row in rows]


def plant_at_the_limit(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Control: payments of exactly the limit, which is not over it."""
    rows = day.rows("AT_THE_LIMIT", events)
    return [row.with_values(amount=str(LIMIT_USD)).forbidding(RULE_OVER) for row in rows]


def plant_foreign_over(day: PlantingDay, events: int) -> list[PlantedRow]:
    """The smallest foreign amounts that convert to over the limit."""
    rows = _foreign_rows(day, "AMOUNT_OVER_LIMIT_FOREIGN", events, lambda amount: amount)
    return [row.expecting(RULE_OVER) for row in rows]


def plant_foreign_at(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Control: the greatest foreign amounts that do not convert to over the limit."""
    rows = _foreign_rows(day, "AT_THE_LIMIT_FOREIGN", events, lambda amount: amount - CENT)
    return [row.forbidding(RULE_OVER) for row in rows]


def plant_outlier(day: PlantingDay, events: int) -> list[PlantedRow]:
    """One great amount of a customer who spends little else; each acts once in the sample.

    One outlier a customer keeps z over 3 against the customer's own baseline on every day.
    """
    actors = day.actors_of_the_day(OUTLIER, day.plan.days)[:events]
    rows = [day.row(OUTLIER, *pair) for pair in zip(actors, day.spread(len(actors)), strict=True)]
    return [
        row.with_values(amount=day.amount_between(*OUTLIER_USD)).expecting(OUTLIER) for row in rows
    ]


def plant_structured_cash(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Cash of 4,500 to 5,000 USD: kept under the limit where it would be noticed."""
    rows = day.rows("STRUCTURED_CASH", events)
    return [
        row.with_values(amount=day.amount_between(*STRUCTURED_USD), channel=CASH).expecting(
            "STRUCTURED_CASH"
        )
        for row in rows
    ]


def _foreign_rows(
    day: PlantingDay, label: str, events: int, change: Callable[[Decimal], Decimal]
) -> list[PlantedRow]:
    rows = day.rows(label, events)
    return [
        row.with_values(amount=str(change(_first_over(day, code))), currency=code)
        for row, code in zip(rows, _currencies(day, events), strict=True)
    ]


def _currencies(day: PlantingDay, events: int) -> list[str]:
    return [FOREIGN[(day.index + number) % len(FOREIGN)] for number in range(events)]


def _first_over(day: PlantingDay, currency: str) -> Decimal:
    return day.rates.find_first_over(LIMIT_USD, currency, day.today)


PLANTINGS = {
    "AMOUNT_OVER_LIMIT": Planting(plant_over_limit),
    "AMOUNT_OVER_LIMIT_BY_A_CENT": Planting(plant_over_by_a_cent),
    "AMOUNT_OVER_LIMIT_FOREIGN": Planting(plant_foreign_over),
    "AT_THE_LIMIT": Planting(plant_at_the_limit),
    "AT_THE_LIMIT_FOREIGN": Planting(plant_foreign_at),
    OUTLIER: Planting(plant_outlier),
    "STRUCTURED_CASH": Planting(plant_structured_cash),
}
