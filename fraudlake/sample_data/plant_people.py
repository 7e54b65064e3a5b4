"""Planted payments of people on the blacklist, of people nearly on it, and of unknown people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.sample_data.planting import Plant, Planting, PlantingDay

if TYPE_CHECKING:
    from fraudlake.sample_data.planted_row import PlantedRow

LISTED = "BLACKLISTED_CUSTOMER"
LISTED_NAME = "BLACKLIST_NAME_MATCH"
UNKNOWN = "UNKNOWN_CUSTOMER"
UNKNOWN_LISTED = "BLACKLISTED_UNKNOWN_CUSTOMER"

# Label -> rule that must fire. `blacklist` lists these customers accordingly.
MATCHED = {
    "BLACKLISTED_BY_ID": LISTED,
    "BLACKLISTED_BY_EMAIL": LISTED,
    "BLACKLISTED_BY_PHONE": LISTED,
    "BLACKLIST_NAME_BIRTH_DATE": LISTED_NAME,
    "BLACKLIST_NAME_ONLY": LISTED_NAME,
}
NOT_MATCHED = ("BLACKLIST_EXPIRED", "BLACKLIST_NOT_YET_LISTED", "BLACKLIST_OTHER_BIRTH_DATE")


def plant_unknown(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Payments of ids that no customer has."""
    rows = day.rows(UNKNOWN, events)
    return [row.expecting(UNKNOWN) for row in rows]


def plant_unknown_listed(day: PlantingDay, events: int) -> list[PlantedRow]:
    """Payments of ids that no customer has, but the blacklist knows."""
    rows = day.rows(UNKNOWN_LISTED, events)
    return [row.expecting(LISTED, UNKNOWN) for row in rows]


def _plant_matched(label: str, rule: str) -> Plant:
    def plant(day: PlantingDay, events: int) -> list[PlantedRow]:
        return [row.expecting(rule) for row in day.rows(label, events)]

    return plant


def _plant_not_matched(label: str) -> Plant:
    def plant(day: PlantingDay, events: int) -> list[PlantedRow]:
        return [row.forbidding(LISTED, LISTED_NAME) for row in day.rows(label, events)]

    return plant


PLANTINGS = {
    **{label: Planting(_plant_matched(label, rule)) for label, rule in MATCHED.items()},
    **{label: Planting(_plant_not_matched(label)) for label in NOT_MATCHED},
    UNKNOWN_LISTED: Planting(plant_unknown_listed),
    UNKNOWN: Planting(plant_unknown),
}
