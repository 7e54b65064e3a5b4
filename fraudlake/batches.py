"""The batches that are scored together, and how their rows tell them apart.

Frames carry `batch_at`: the position of a row's batch among them, from 0; earlier batches count
down from -1, the newest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column


@dataclass(frozen=True)
class Batches:
    """The dates of batches that are scored together, oldest first."""

    dates: tuple[date, ...]

    def __len__(self) -> int:
        """How many batches there are."""
        return len(self.dates)

    @property
    def first(self) -> date:
        """The oldest batch date."""
        return self.dates[0]

    @property
    def last(self) -> date:
        """The newest batch date."""
        return self.dates[-1]

    def date_at(self, at: Column | None = None) -> Column:
        """The batch date of a row."""
        return self.value_at(self.dates, at)

    def value_at(self, values: Sequence[Any], at: Column | None = None) -> Column:
        """The value that belongs to a row's batch, of one value for each batch."""
        position = F.col("batch_at") if at is None else at
        if len(values) == 1:
            return F.lit(values[0])
        return F.element_at(F.array(*(F.lit(one) for one in values)), position + 1)

    def position_of(self, day: Column) -> Column:
        """The `batch_at` that belongs to a batch date, null for any other date."""
        dates = F.array(*(F.lit(one) for one in self.dates))
        found = F.call_function("array_position", dates, day)  # from 1, 0 for none
        return F.when(found > 0, found - 1).cast("int")

    def starts_micros(self) -> list[int]:
        """Midnight before each batch date, in microseconds since 1970."""
        return [micros(datetime.combine(day, time(tzinfo=UTC))) for day in self.dates]


def micros(moment: datetime) -> int:
    """A UTC moment in microseconds since 1970, exact."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
