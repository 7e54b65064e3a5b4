"""A written sample as the tests look at it: its truth, its raw lines, its tables."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fraudlake.sample_data import SamplePlan, SampleSummary, write_sample_data

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, str]

# As few rows a day as a plan may have: planted ones weigh most here.
SMALL = SamplePlan(transactions=3_500, customers=1_200, days=7, blacklist_entries=80)
# Many rows of each customer and label on one day.
DENSE = SamplePlan(transactions=24_000, customers=400, days=1)


@dataclass(frozen=True)
class Sample:
    """A written sample: where, how it was asked for, and its truth."""

    root: Path
    plan: SamplePlan
    summary: SampleSummary

    def table(self, pattern: str) -> list[Row]:
        """The rows of every CSV file that the pattern finds."""
        rows: list[Row] = []
        for path in sorted(self.root.glob(pattern)):
            with path.open(encoding="utf-8", newline="") as file:
                rows.extend(csv.DictReader(file))
        return rows

    @cached_property
    def truth(self) -> list[Row]:
        return self.table("truth/planted.csv")

    def labelled(self, label: str) -> list[Row]:
        """The planted rows of a label: their truth, and their values where they are whole."""
        return [
            {**dict(zip(self.header, self.fields(row), strict=False)), **row}
            for row in self.truth
            if row["label"] == label
        ]

    @property
    def header(self) -> list[str]:
        return next(iter(self._lines.values()))[0].split(",")

    def fields(self, row: Row) -> list[str]:
        """The raw fields on the line that the truth points at."""
        return next(csv.reader([self._lines[row["file"]][int(row["line"]) - 1]]))

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        paths = sorted(self.root.glob("transactions/*/*.csv"))
        return {str(path.relative_to(self.root)): _split(path) for path in paths}


def _split(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def make_sample(root: Path, plan: SamplePlan) -> Sample:
    return Sample(root, plan, write_sample_data(root, plan))
