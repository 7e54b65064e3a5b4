"""Which files the batches of a command touch, and whether these can be read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.errors import InputError, SchemaError
from fraudlake.input_tables import BLACKLIST, CUSTOMERS, FX_RATES, TRANSACTIONS, InputTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from fraudlake.files import InputFile, TableFiles
    from fraudlake.tabular import TableReader

PARTITIONED_BY = {
    TRANSACTIONS: "ingest_date",
    CUSTOMERS: "snapshot_date",
    BLACKLIST: "snapshot_date",
    FX_RATES: None,
}


def files_used(
    tables: dict[str, TableFiles], first: date, last: date
) -> list[tuple[InputTable, list[InputFile]]]:
    """The files that the batches can touch: broken ones elsewhere do not stop them."""
    transactions = tables["transactions"]
    in_range = [
        file
        for day, files in transactions.by_date.items()
        if day is None or first <= day <= last
        for file in files
    ]
    used = [(TRANSACTIONS, in_range), (FX_RATES, tables["fx_rates"].by_date[None])]
    for table in (CUSTOMERS, BLACKLIST):
        files = tables[table.name]
        days = {files.newest_until(day) for day in (first, last)}
        days |= {day for day in files.dates if first <= day <= last}
        _check_filled(table, files, days)
        used.append((table, [file for day in days for file in files.by_date[day]]))
    return used


def _check_filled(table: InputTable, files: TableFiles, days: set[date | None]) -> None:
    """A snapshot without a file is none that was delivered: nobody is struck off by it."""
    empty = sorted(f"{day}" for day in days if not files.by_date[day])
    if empty:
        raise InputError(
            f"{table.name}: {files.root} has a partition {PARTITIONED_BY[table]}={empty[0]} "
            "without a file; deliver the snapshot, or remove the folder"
        )


def check_columns(
    used: Sequence[tuple[InputTable, list[InputFile]]], carry: tuple[str, ...], reader: TableReader
) -> None:
    """Raise SchemaError with everything that the files' headers show to be wrong."""
    problems: list[str] = []
    carried: set[str] = set()
    for table, files in used:
        for file in files:
            try:
                columns = reader.check(file, table)
            except InputError as error:
                problems += error.problems
                continue
            carried |= set(columns) & set(carry) if table is TRANSACTIONS else set()
    missing = [name for name in carry if name not in carried]
    if missing and used[0][1] and not problems:
        problems.append(
            f"transactions: no file has the carried column {', '.join(missing)}; "
            "correct settings.cleansing.carry in the rule file"
        )
    if problems:
        raise SchemaError(problems)
