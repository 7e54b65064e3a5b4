"""Reads CSV as Hive's OpenCSVSerDe does: by line, by position, everything text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def csv_rows(text: str, settings: Mapping[str, str], width: int) -> Iterator[list[str | None]]:
    """The rows of a CSV object with `width` columns each.

    Cells that a line has too many are dropped, missing ones are null. A line break always ends a
    row, also within quotes.
    """
    marks = Marks(
        settings.get("separatorChar", ","),
        settings.get("quoteChar", '"'),
        settings.get("escapeChar", "\\"),
    )
    header = int(settings.get("skip.header.line.count", "0"))
    for line in islice(_lines(text), header, None):
        cells = marks.split(line)[:width]
        yield cells + [None] * (width - len(cells))


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


@dataclass(frozen=True)
class Marks:
    """The characters that structure a line."""

    separator: str
    quote: str
    escape: str

    def split(self, line: str) -> list[str | None]:
        """The cells of a line."""
        if self.quote not in line and self.escape not in line:
            return list(line.split(self.separator))
        return list(self._cells(line))

    def _cells(self, line: str) -> Iterator[str]:
        cell, inside, place = "", False, 0
        while place < len(line):
            here, after = line[place], line[place + 1 : place + 2]
            if inside and here in (self.escape, self.quote) and self._escapes(here, after):
                cell, place = cell + after, place + 1
            elif here == self.quote:
                inside = not inside
            elif here == self.separator and not inside:
                yield cell
                cell = ""
            elif here != self.escape:
                cell += here
            place += 1
        yield cell

    def _escapes(self, here: str, after: str) -> bool:
        """Whether a mark within quotes stands for the character after it.

        The escape does before a quote or another escape, a quote before a quote.
        """
        return after == self.quote or (here == self.escape and after == self.escape)
