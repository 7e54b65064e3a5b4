"""The day on which rows are planted: who acts, when, and how an unremarkable row looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from fraudlake.sample_data.planted_row import PlantedRow, print_moment
from fraudlake.sample_data.streams import open_stream

if TYPE_CHECKING:
    import numpy as np

    from fraudlake.sample_data.plan import SamplePlan
    from fraudlake.sample_data.rates import RateTable

Cast = Mapping[str, tuple[str, ...]]

# Planting keeps away from midnight; what crosses it is planted on purpose.
FIRST_SECOND = 600
LAST_SECOND = 85_200


@dataclass
class PlantingDay:
    """One ingest date of the sample, seen by the functions that plant rows.

    `cast` names the customers reserved for each label; `index` counts days from 0.
    """

    plan: SamplePlan
    index: int
    cast: Cast
    rates: RateTable
    rng: np.random.Generator = field(init=False)
    _numbers: count[int] = field(init=False, default_factory=count)

    def __post_init__(self) -> None:
        """Open the random stream of this day."""
        self.rng = open_stream(self.plan.seed, "planting", self.index)

    @property
    def today(self) -> date:
        """The ingest date."""
        return self.plan.dates[self.index]

    @property
    def tomorrow(self) -> date | None:
        """The next ingest date; none on the last day."""
        return None if self.index + 1 == self.plan.days else self.today + timedelta(days=1)

    @property
    def midnight(self) -> datetime:
        """00:00 UTC at the start of the day."""
        return datetime(self.today.year, self.today.month, self.today.day, tzinfo=UTC)

    def spread(self, instances: int, seconds: int = 0) -> list[datetime]:
        """Starts of `instances` events of `seconds` each, spread over the day, none overlapping."""
        width = (LAST_SECOND - FIRST_SECOND) * 1000 // instances
        room = max(1, width - seconds * 1000)
        jitter = self.rng.integers(0, room, instances).tolist()
        offsets = [FIRST_SECOND * 1000 + i * width + extra for i, extra in enumerate(jitter)]
        return [self.midnight + timedelta(milliseconds=offset) for offset in offsets]

    def actor(self, label: str, number: int) -> str:
        """The customer that plays event `number` of the day; all of the label take turns."""
        names = self.cast[label]
        return names[(self.index + number) % len(names)]

    def actors_of_the_day(self, label: str, every: int) -> tuple[str, ...]:
        """The customers of a label that act on this day only, then again `every` days later."""
        return self.cast[label][self.index % every :: every]

    def small_amount(self) -> str:
        """An amount in USD that no rule minds."""
        return f"{int(self.rng.integers(500, 9_000)) / 100:.2f}"

    def amount_between(self, low_usd: int, high_usd: int) -> str:
        """An amount in USD with cents, at least `low_usd` and below `high_usd`."""
        return f"{int(self.rng.integers(low_usd * 100, high_usd * 100)) / 100:.2f}"

    def open_merchant(self) -> str:
        """A merchant where nobody else pays."""
        return f"M9{self.index:03d}{next(self._numbers):07d}"

    def row(self, label: str, customer_id: str, moment: datetime) -> PlantedRow:
        """A small online payment in USD, to be changed into what the label needs."""
        number = next(self._numbers)
        merchant = f"M{int(self.rng.integers(1, 200)):06d}"
        # Ordinary ids of the day have eight digits that do not start with 9.
        name = f"T{self.today:%Y%m%d}9{number:07d}"
        text = print_moment(moment)
        values = (name, customer_id, text, self.small_amount(), "USD", merchant, "online", "US")
        return PlantedRow(label, self.today, moment, values)

    def rows(self, label: str, instances: int) -> list[PlantedRow]:
        """Unremarkable rows of the label's customers in turn, spread over the day."""
        moments = self.spread(instances)
        return [self.row(label, self.actor(label, n), at) for n, at in enumerate(moments)]


Plant = Callable[[PlantingDay, int], list[PlantedRow]]


@dataclass(frozen=True)
class Planting:
    """How a label is planted: `plant(day, events)` returns the rows of that many events.

    `rows_each` are the rows of one event, `actors` the fewest customers the label needs.
    """

    plant: Plant
    rows_each: int = 1
    actors: int = 1
