"""The currency rates as a source: read once, doubts told to the batches that they concern."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import starmap
from typing import TYPE_CHECKING

from fraudlake import fx
from fraudlake.errors import InputError
from fraudlake.input_tables import FX_RATES

if TYPE_CHECKING:
    from datetime import date

    from fraudlake.files import InputFile, TableFiles
    from fraudlake.settings import Settings
    from fraudlake.tabular import TableReader

_SHOWN_PROBLEMS = 10


@dataclass(frozen=True)
class FxSource:
    """All rates that were delivered, and what is doubtful about them."""

    root: str
    files: list[InputFile]
    rates: fx.FxRates
    doubts: list[tuple[date | None, str | None, str]]

    def rates_for(self, batch: date, settings: Settings) -> fx.FxRates:
        """The rates, if none that the batch can use is doubtful; InputError otherwise."""
        found = self.problems_of(batch, settings)
        if found:
            first = fx.usable_from(batch, settings)
            more = len(found) - _SHOWN_PROBLEMS
            rest = [f"and {more} more"] if more > 0 else []
            advice = f"correct the rates that batch {batch} can use ({first} to {batch})"
            raise InputError([*found[:_SHOWN_PROBLEMS], *rest, advice])
        return self.rates

    def problems_of(self, batch: date, settings: Settings) -> list[str]:
        """What is doubtful of the rates that a batch can use."""
        first = fx.usable_from(batch, settings)
        return [
            f"fx_rates: {self.root}: {currency or 'a row'} on {day or 'no date'} {problem}"
            for day, currency, problem in self.doubts
            if day is None or first <= day <= batch
        ]


def open_fx(
    reader: TableReader, root: str, files: TableFiles, settings: Settings, span: tuple[date, date]
) -> FxSource:
    """Read the rates that the batches of `span` (first and last date) can use, and judge them all.

    Raises InputError when a line has not the header's number of fields.
    """
    found = files.by_date[None]
    lines = fx.typed_rates(reader.read(found, FX_RATES)).toPandas()
    if lines["is_ragged"].any():
        raise InputError(
            f"fx_rates: {root} has a line whose number of fields is not that of its header; "
            "deliver rate_date, currency and usd_per_unit on every line"
        )
    rates = list(dict.fromkeys(starmap(fx.Rate, lines[[*fx.Rate._fields]].itertuples(index=False))))
    first = fx.usable_from(span[0], settings)
    usable = [one for one in rates if one.rate_date and first <= one.rate_date <= span[1]]
    opened = fx.FxRates(usable, fx.covered_stretches(rates, settings.fx))
    return FxSource(root, found, opened, fx.doubtful_rates(rates))
