"""One planted transaction and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fraudlake.sample_data.world import TRANSACTION_COLUMNS

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True)
class PlantedRow:
    """A transaction with a known outcome.

    `fields` are the raw values in file order (more or fewer than the columns when malformed).
    `moment` is the true UTC time, also where the text hides it; it places the row in its file.
    Neither rules nor reasons: the row must be scored, whatever else fires.
    """

    label: str
    ingest_date: date
    moment: datetime
    fields: tuple[str, ...]
    expected_rules: tuple[str, ...] = ()
    forbidden_rules: tuple[str, ...] = ()
    expected_reasons: tuple[str, ...] = ()

    @property
    def transaction_id(self) -> str:
        """The id as the pipeline reads it, trimmed; empty when it is missing."""
        return self.fields[0].strip()

    @property
    def customer_id(self) -> str:
        """The customer as the pipeline reads it, trimmed; empty when it is missing."""
        return self.fields[1].strip()

    def value(self, column: str) -> str:
        """The raw text of a column."""
        return self.fields[TRANSACTION_COLUMNS.index(column)]

    def with_values(self, **values: str) -> PlantedRow:
        """The row with other raw texts in the named columns."""
        pairs = zip(TRANSACTION_COLUMNS, self.fields, strict=True)
        return replace(self, fields=tuple(values.get(name, text) for name, text in pairs))

    def with_fields(self, *fields: str) -> PlantedRow:
        """The row with these fields instead, however many."""
        return replace(self, fields=fields)

    def at(self, moment: datetime) -> PlantedRow:
        """The row with another true time; its text stays as it is."""
        return replace(self, moment=moment)

    def in_partition(self, ingest_date: date) -> PlantedRow:
        """The row, delivered on another day."""
        return replace(self, ingest_date=ingest_date)

    def labelled(self, label: str) -> PlantedRow:
        """The row under another label."""
        return replace(self, label=label)

    def expecting(self, *rules: str) -> PlantedRow:
        """The row, on which these rules must fire."""
        return replace(self, expected_rules=rules)

    def forbidding(self, *rules: str) -> PlantedRow:
        """The row, on which none of these rules may fire."""
        return replace(self, forbidden_rules=rules)

    def rejected(self, *reasons: str) -> PlantedRow:
        """The row, quarantined with exactly these reasons in this order."""
        return replace(self, expected_reasons=reasons)


def print_moment(moment: datetime) -> str:
    """ISO 8601 in UTC with a `Z`, to the millisecond where that is exact."""
    precision = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
