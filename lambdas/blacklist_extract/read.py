"""Reads and cleans the whole table into two CSV files, again from the start when it breaks off."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from time import sleep
from typing import TYPE_CHECKING, Literal

from fraudlake.input_tables import BLACKLIST
from lambdas.blacklist_extract.clean import DATES, REJECT_COLUMNS, cleaned_rows
from lambdas.blacklist_extract.source import SourceUnavailableError, read_chunks
from lambdas.json_logs import log_event
from lambdas.objects import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedRandom

    import pandas as pd

    from lambdas.blacklist_extract.clean import CleanedRows
    from lambdas.blacklist_extract.settings import DatabaseSettings
    from lambdas.mysql import Login


@dataclass
class Totals:
    """What was read: entries, rejects, dates that cannot be read by column, newest listing.

    `sha256` and `size` (bytes) are those of the file of entries.
    """

    entries: int = 0
    rejects: int = 0
    dates_unparsed: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(DATES, 0)))
    newest_listed_at: str | None = None
    sha256: str = ""
    size: int = 0

    def add(self, chunk: CleanedRows) -> None:
        """Count a chunk in."""
        self.entries += len(chunk.entries)
        self.rejects += len(chunk.rejects)
        self.dates_unparsed.update(chunk.dates_unparsed)
        newest = [day for day in (self.newest_listed_at, chunk.newest_listed_at) if day]
        self.newest_listed_at = max(newest, default=None)


def read_table(
    settings: DatabaseSettings,
    new_login: Callable[[DatabaseSettings], Login],
    entries: BufferedRandom,
    rejects: BufferedRandom,
) -> Totals:
    """Fill the files with the cleaned entries and the rejects of src_blacklist.

    A server that cannot be reached or breaks off is tried again, with a fresh login, from the
    first row; the pause doubles each time. Raises SourceUnavailableError after the last attempt.
    """
    for attempt in range(1, settings.attempts):
        try:
            return _read_once(settings, new_login(settings), entries, rejects)
        except SourceUnavailableError as error:
            pause = settings.pause_seconds * 2 ** (attempt - 1)
            log_event("source_unavailable", problem=str(error), attempt=attempt, pause=pause)
            sleep(pause)
    try:
        return _read_once(settings, new_login(settings), entries, rejects)
    except SourceUnavailableError as error:
        raise SourceUnavailableError(
            f"{error}; attempts made: {settings.attempts}. The earlier snapshot stays "
            "in force; see the server, the network between, and DB_TIMEOUT_SECONDS"
        ) from error


def _read_once(
    settings: DatabaseSettings, login: Login, entries: BufferedRandom, rejects: BufferedRandom
) -> Totals:
    _start_file(entries, BLACKLIST.columns)
    _start_file(rejects, REJECT_COLUMNS)
    totals = Totals()
    with closing(read_chunks(settings, login)) as chunks:
        for rows in chunks:
            chunk = cleaned_rows(rows)
            _append(entries, chunk.entries)
            _append(rejects, chunk.rejects, quoting=csv.QUOTE_ALL)  # a lone \r would go unquoted
            totals.add(chunk)
            log_event("rows_read", entries=totals.entries, rejects=totals.rejects)
    totals.size = entries.tell()
    totals.sha256 = sha256_of(entries)
    return totals


def _start_file(file: BufferedRandom, columns: tuple[str, ...]) -> None:
    file.seek(0)
    file.truncate()
    file.write((",".join(columns) + "\n").encode())


def _append(
    file: BufferedRandom, rows: pd.DataFrame, quoting: Literal[0, 1] = csv.QUOTE_MINIMAL
) -> None:
    text = rows.to_csv(index=False, header=False, lineterminator="\n", quoting=quoting)
    file.write(text.encode())
