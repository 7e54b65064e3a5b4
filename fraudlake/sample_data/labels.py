"""Every label, and how many of its rows a day gets."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from fraudlake.sample_data import (
    plant_amounts,
    plant_forms,
    plant_people,
    plant_rejects,
    plant_windows,
)
from fraudlake.sample_data.planting import Cast, PlantingDay

if TYPE_CHECKING:
    from datetime import date

    from fraudlake.sample_data.plan import SamplePlan
    from fraudlake.sample_data.planted_row import PlantedRow
    from fraudlake.sample_data.rates import RateTable

# Rows of one label as a share of all rows of a day, and the most it gets on one day.
LABEL_SHARE = 0.0005
MOST_ROWS_A_DAY = 500

PLANTINGS = {
    **plant_amounts.PLANTINGS,
    **plant_windows.PLANTINGS,
    **plant_people.PLANTINGS,
    **plant_rejects.PLANTINGS,
    **plant_forms.PLANTINGS,
}


def plant_all(plan: SamplePlan, cast: Cast, rates: RateTable) -> dict[date, list[PlantedRow]]:
    """Every planted row of the sample by the partition that holds it."""
    by_date: dict[date, list[PlantedRow]] = defaultdict(list)
    for index in range(plan.days):
        for row in _plant_day(PlantingDay(plan, index, cast, rates)):
            by_date[row.ingest_date].append(row)
    return by_date


def _plant_day(day: PlantingDay) -> list[PlantedRow]:
    rows = int(day.plan.transactions / day.plan.days * LABEL_SHARE)
    wanted = min(rows, MOST_ROWS_A_DAY)
    planted = [
        row
        for planting in PLANTINGS.values()
        for row in planting.plant(day, max(1, wanted // planting.rows_each))
    ]
    return [row for row in planted if _can_hold(day.plan, row)]


def _can_hold(plan: SamplePlan, row: PlantedRow) -> bool:
    """Whether the format holds the row: Parquet has no malformed lines and no untyped texts."""
    if plant_rejects.MALFORMED in row.expected_reasons:
        return plan.has_malformed_lines
    return plan.format == "csv" or not _is_untyped(row)


def _is_untyped(row: PlantedRow) -> bool:
    invalid = {"INVALID_TIMESTAMP": "transaction_ts", "INVALID_AMOUNT": "amount"}
    return any(
        row.value(column) for reason, column in invalid.items() if reason in row.expected_reasons
    )
