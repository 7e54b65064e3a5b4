"""Small inputs written for a test, and the tables of a lake read back as plain rows.

Reading goes through pyarrow, not through Spark: what a test sees is what the files hold.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from fraudlake.input_tables import TRANSACTIONS
from fraudlake.rules.file import default_rule_file, read_rule_file
from fraudlake.scorer import ScoreRequest, ScoreResult, score
from fraudlake.sources import InputPaths
from fraudlake.tables import OUTPUT_TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from pyspark.sql import SparkSession

    from fraudlake.lake import Lake
    from fraudlake.rules.book import RuleBook
    from fraudlake.runs import Manifest

Row = dict[str, Any]
Texts = dict[str, str]
COLUMNS = TRANSACTIONS.columns


@dataclass(frozen=True)
class Inputs:
    """The four input tables of a test below one folder."""

    root: Path

    @property
    def paths(self) -> InputPaths:
        """The folders, as a request names them."""
        tables = ("transactions", "customers", "blacklist", "fx_rates")
        return InputPaths(*(self.root / name for name in tables))

    def write(
        self,
        name: str,
        rows: Iterable[Mapping[str, str]],
        columns: Sequence[str] | None = None,
    ) -> Path:
        """Write a CSV file; its columns are those named, else those of the first row."""
        rows = list(rows)
        header = list(columns or rows[0])
        path = self._made(name)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([row.get(column, "") for column in header] for row in rows)
        return path

    def write_parquet(
        self, name: str, rows: Iterable[Mapping[str, str]], columns: Sequence[str]
    ) -> Path:
        """Write the same texts as Parquet; what is empty is null."""
        rows = list(rows)
        values = {column: [row.get(column) or None for row in rows] for column in columns}
        table = pa.table({column: pa.array(texts, pa.string()) for column, texts in values.items()})
        pq.write_table(table, self._made(name))
        return self.root / name

    def write_transactions(
        self, day: str, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS
    ) -> Path:
        """Write the one file of a partition."""
        return self.write(f"transactions/ingest_date={day}/part-0.csv", rows, columns)

    def write_rates(self, *rates: tuple[str, str, str]) -> Path:
        """Write fx_rates: date, currency, USD per unit."""
        columns = ("rate_date", "currency", "usd_per_unit")
        return self.write("fx_rates/rates.csv", [dict(zip(columns, r, strict=True)) for r in rates])

    def _made(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def transaction(transaction_id: str, customer_id: str, moment: str, **others: str) -> Texts:
    """One raw transaction of 10.00 USD, unless said otherwise."""
    named = {"transaction_id": transaction_id, "customer_id": customer_id, "transaction_ts": moment}
    return {**named, "amount": "10.00", "currency": "USD", **others}


def book_with(folder: Path, settings: str) -> RuleBook:
    """The default rules with other settings, written as a YAML mapping."""
    rules = default_rule_file().read_text(encoding="utf-8").partition("\nrules:")[2]
    file = folder / "rules.yaml"
    file.write_text(f"settings: {settings}\nrules:{rules}", encoding="utf-8")
    return read_rule_file(file)


def score_days(  # noqa: PLR0913  a request, as a test says it
    spark: SparkSession,
    inputs: Inputs,
    lake: Lake,
    first: str,
    last: str | None = None,
    *,
    book: RuleBook | None = None,
    now: Callable[[], datetime] | None = None,
) -> ScoreResult:
    """Score one date, or every date from `first` to `last`."""
    request = ScoreRequest(
        paths=inputs.paths,
        lake=lake,
        book=book or read_rule_file(),
        first=date.fromisoformat(first),
        last=date.fromisoformat(last or first),
        is_backfill=last is not None,
    )
    return score(spark, request, now=now) if now else score(spark, request)


def table(lake: Lake, manifest: Manifest, name: str) -> list[Row]:
    """The rows that a run wrote to a table, in a fixed order; times in UTC."""
    files = manifest.outputs[name]["files"]
    return in_order(row for file in files for row in _rows(lake, file))


def _rows(lake: Lake, file: str) -> list[Row]:
    with lake.storage.open(file) as stream:
        found: list[Row] = pq.ParquetFile(stream).read().to_pylist()
    return found


def tables(lake: Lake, manifest: Manifest) -> dict[str, list[Row]]:
    """All five tables of a run."""
    return {name: table(lake, manifest, name) for name in OUTPUT_TABLES}


def here(lake: Lake) -> Path:
    """The folder of a lake on this machine."""
    assert isinstance(lake.root, Path)
    return lake.root


def in_order(rows: Iterable[Row]) -> list[Row]:
    """The rows in an order that depends on nothing but their values."""
    return sorted(rows, key=lambda row: repr(sorted(row.items())))


def by_id(rows: Iterable[Row]) -> dict[str, Row]:
    """Transactions by their id, which must be there once."""
    rows = list(rows)
    found: dict[str, Row] = {row["transaction_id"]: row for row in rows}
    assert len(found) == len(rows), "an id is there more than once"
    return found
