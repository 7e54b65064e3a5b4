"""Reads the raw CSV inputs (section 2) as Arrow tables of text, nothing inferred."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pyarrow as pa

from .spec_text import WHITE_SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

TRANSACTIONS = (
    "transaction_id",
    "customer_id",
    "transaction_ts",
    "amount",
    "currency",
    "merchant_id",
    "channel",
    "country",
)
CUSTOMERS = (
    "customer_id",
    "full_name",
    "email",
    "phone",
    "date_of_birth",
    "country",
    "created_at",
    "updated_at",
)
BLACKLIST = (
    "blacklist_id",
    "customer_id",
    "full_name",
    "email",
    "phone",
    "date_of_birth",
    "reason",
    "source",
    "listed_at",
    "expires_at",
)
FX_RATES = ("rate_date", "currency", "usd_per_unit")
REQUIRED = {TRANSACTIONS: TRANSACTIONS[:5], CUSTOMERS: CUSTOMERS[:1], FX_RATES: FX_RATES}

Row = dict[str, str | None]


class StoppedBySpecError(Exception):
    """The contract says that this run must stop and commit nothing."""


def read_transactions(root: Path, batch_date: date) -> pa.Table:
    """The rows of one batch: the eight text columns and raw_line (only for malformed lines)."""
    rows: list[Row] = []
    for file in _csv_files(root / f"ingest_date={batch_date}"):
        rows.extend(_transaction_rows(file))
    _stop_when_mostly_malformed(rows)
    return _text_table(rows, (*TRANSACTIONS, "raw_line"))


def read_records(folder: Path, columns: tuple[str, ...]) -> pa.Table:
    """All rows of a folder of CSV files whose quoted fields may hold line breaks."""
    rows: list[Row] = []
    for file in _csv_files(folder):
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            lines = (fields for fields in csv.reader(stream) if fields)
            header = _checked_header(next(lines, None), columns, file)
            rows.extend(_row(header, fields, columns) for fields in lines)
    return _text_table(rows, columns)


def snapshot_folder(root: Path, batch_date: date) -> Path:
    """The newest snapshot on or before the batch date, else the oldest, else the folder itself."""
    snapshots = sorted(root.glob("snapshot_date=????-??-??"))
    known = [path for path in snapshots if path.name <= f"snapshot_date={batch_date}"]
    return known[-1] if known else snapshots[0] if snapshots else root


def has_partition(root: Path, batch_date: date) -> bool:
    """Whether the transactions hold this batch, were it without a row."""
    return (root / f"ingest_date={batch_date}").is_dir()


def _csv_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.csv") if path.name[0] not in "._")


def _transaction_rows(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8-sig", errors="replace", newline=None) as stream:
        lines = (line.rstrip("\n") for line in stream)
        filled = (line for line in lines if line.strip(WHITE_SPACE))
        header = _checked_header(_fields(next(filled, None)), TRANSACTIONS, file)
        for line in filled:
            yield _transaction_row(header, line)


def _transaction_row(header: list[str], line: str) -> Row:
    fields = _fields(line) or []
    if len(fields) != len(header):
        return {"raw_line": line}
    return _row(header, fields, TRANSACTIONS)


def _fields(line: str | None) -> list[str] | None:
    return None if line is None else next(csv.reader([line]))


def _row(header: list[str], fields: list[str], columns: tuple[str, ...]) -> Row:
    given = dict(zip(header, fields, strict=False))
    return {column: given.get(column) or None for column in columns}


def _checked_header(header: list[str] | None, columns: tuple[str, ...], file: Path) -> list[str]:
    found = [name.strip(WHITE_SPACE) for name in header or []]
    missing = set(REQUIRED.get(columns, ())) - set(found)
    if header is not None and missing:
        raise StoppedBySpecError(f"{file} lacks {sorted(missing)}; it has {found}")
    return found


def _stop_when_mostly_malformed(rows: list[Row]) -> None:
    malformed = sum("raw_line" in row for row in rows)
    if malformed * 100 > len(rows):
        raise StoppedBySpecError(f"{malformed} of {len(rows)} lines are malformed: over 1 %")


def _text_table(rows: list[Row], columns: tuple[str, ...]) -> pa.Table:
    values = {column: [row.get(column) for row in rows] for column in columns}
    return pa.table(values, schema=pa.schema([(column, pa.string()) for column in columns]))
