"""The inputs of a command: found, checked before any work, and opened batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import Observation
from pyspark.sql import functions as F

from fraudlake import blacklist, customers, fx
from fraudlake.errors import InputError, SchemaError
from fraudlake.files import InputFile, TableFiles, file_columns, find_table
from fraudlake.tables import BLACKLIST, CUSTOMERS, FX_RATES, TRANSACTIONS, BatchInputs, InputTable
from fraudlake.tabular import read_input
from fraudlake.transactions import TransactionSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, SparkSession

    from fraudlake.rules.book import RuleBook
    from fraudlake.settings import Settings

_SHOWN_PROBLEMS = 10


@dataclass(frozen=True)
class InputPaths:
    """Where the four input tables lie: a folder or a file each."""

    transactions: Path
    customers: Path
    blacklist: Path
    fx_rates: Path


@dataclass(frozen=True)
class Snapshot:
    """A customers or blacklist table in use: the frame, its files, facts for the manifest."""

    rows: DataFrame
    files: list[InputFile]
    facts: dict[str, Any]


@dataclass
class Sources:
    """The inputs of one command; each snapshot is read once, however many batches use it."""

    spark: SparkSession
    paths: InputPaths
    book: RuleBook
    transactions: TransactionSource
    customers: TableFiles
    blacklist: TableFiles
    fx_rates: FxSource
    _opened: dict[tuple[str, date | None], Snapshot] = field(default_factory=dict)

    def customers_at(self, batch: date) -> Snapshot:
        """The customers snapshot of a batch, one row a customer."""
        day = self.customers.newest_until(batch)
        return self._snapshot("customers", day, self._open_customers)

    def blacklist_at(self, batch: date) -> Snapshot:
        """The blacklist snapshot of a batch, cleaned."""
        day = self.blacklist.newest_until(batch)
        return self._snapshot("blacklist", day, self._open_blacklist)

    def batch_inputs(self, batch: date) -> BatchInputs:
        """The frames that a batch is scored from."""
        return BatchInputs(
            transactions=self.transactions.rows_of(batch),
            customers=self.customers_at(batch).rows,
            blacklist=self.blacklist_at(batch).rows,
            fx=self.fx_rates.rates_for(batch, self.book.settings),
        )

    def files_of(self, batch: date) -> dict[str, list[InputFile]]:
        """Every input file of a batch, by table."""
        return {
            "transactions": self.transactions.files_of(batch),
            "customers": self.customers_at(batch).files,
            "blacklist": self.blacklist_at(batch).files,
            "fx_rates": self.fx_rates.files,
        }

    def _snapshot(
        self, name: str, day: date | None, opener: Callable[[date | None], Snapshot]
    ) -> Snapshot:
        if (name, day) not in self._opened:
            for key in [key for key in self._opened if key[0] == name]:
                self._opened.pop(key).rows.unpersist()
            self._opened[name, day] = opener(day)
        return self._opened[name, day]

    def _open_customers(self, day: date | None) -> Snapshot:
        files = self.customers.by_date[day]
        counts, raw = _counted(read_input(self.spark, files, CUSTOMERS, all_columns=True))
        rows = customers.deduplicated_customers(raw.drop("raw_line")).persist()
        total = F.coalesce(F.sum("duplicates"), F.lit(0))
        duplicates = rows.agg(total.alias("duplicates")).first()
        _check_ragged("customers", self.paths.customers, counts.get, self.book.settings)
        facts = {**_snapshot_facts(day), **counts.get}
        return Snapshot(rows, files, {**facts, "duplicates": duplicates[0] if duplicates else 0})

    def _open_blacklist(self, day: date | None) -> Snapshot:
        files = self.blacklist.by_date[day]
        counts, raw = _counted(read_input(self.spark, files, BLACKLIST))
        whole = raw.where("raw_line is null").drop("raw_line")
        rows = blacklist.cleaned_entries(whole, self.book.settings.blacklist).persist()
        quality = rows.agg(
            F.count_if(~F.col("is_usable")).alias("set_aside"),
            F.coalesce(F.sum("dates_unparsed"), F.lit(0)).alias("dates_unparsed"),
        ).first()
        _check_ragged("blacklist", self.paths.blacklist, counts.get, self.book.settings)
        found = quality.asDict() if quality else {}
        return Snapshot(rows, files, {**_snapshot_facts(day), **counts.get, **found})


@dataclass(frozen=True)
class FxSource:
    """All rates that were delivered, and what is doubtful about them."""

    root: Path
    files: list[InputFile]
    rates: fx.FxRates
    doubts: list[tuple[date | None, str | None, str]]

    def rates_for(self, batch: date, settings: Settings) -> fx.FxRates:
        """The rates, if none that the batch can use is doubtful; InputError otherwise."""
        first = fx.usable_from(batch, settings)
        found = [
            f"fx_rates: {self.root}: {currency or 'a row'} on {day or 'no date'} {problem}"
            for day, currency, problem in self.doubts
            if day is None or first <= day <= batch
        ]
        if found:
            more = len(found) - _SHOWN_PROBLEMS
            rest = [f"and {more} more"] if more > 0 else []
            advice = f"correct the rates that batch {batch} can use ({first} to {batch})"
            raise InputError([*found[:_SHOWN_PROBLEMS], *rest, advice])
        return self.rates


def open_sources(
    spark: SparkSession, paths: InputPaths, book: RuleBook, first: date, last: date
) -> Sources:
    """Find the inputs of the batches from `first` to `last`, and check them before any work.

    Raises InputError or SchemaError with every problem that the files' names and headers show.
    """
    carry = book.settings.cleansing.carry
    tables = {
        "transactions": find_table(paths.transactions, TRANSACTIONS, "ingest_date"),
        "customers": find_table(paths.customers, CUSTOMERS, "snapshot_date"),
        "blacklist": find_table(paths.blacklist, BLACKLIST, "snapshot_date"),
        "fx_rates": find_table(paths.fx_rates, FX_RATES, None),
    }
    span = (first, last)
    used = _files_used(tables, *span)
    _check_columns(used, carry)
    transactions = TransactionSource(spark, tables["transactions"], carry)
    if not transactions.files.is_partitioned:
        transactions.part_by_timestamp()
    return Sources(
        spark=spark,
        paths=paths,
        book=book,
        transactions=transactions,
        customers=tables["customers"],
        blacklist=tables["blacklist"],
        fx_rates=_open_fx(spark, paths.fx_rates, tables["fx_rates"], book.settings, span),
    )


def _files_used(
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
        used.append((table, [file for day in days for file in files.by_date[day]]))
    return used


def _check_columns(
    used: Sequence[tuple[InputTable, list[InputFile]]], carry: tuple[str, ...]
) -> None:
    problems: list[str] = []
    carried: set[str] = set()
    for table, files in used:
        for file in files:
            try:
                columns = file_columns(file, table)
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


def _open_fx(
    spark: SparkSession, root: Path, files: TableFiles, settings: Settings, span: tuple[date, date]
) -> FxSource:
    found = files.by_date[None]
    raw = read_input(spark, found, FX_RATES)
    rates = fx.typed_rates(raw.where("raw_line is null")).persist()
    ragged = raw.where("raw_line is not null").limit(1).collect()
    if ragged:
        line = ragged[0]["raw_line"]
        raise InputError(f"fx_rates: {root} has a line that is not three fields: {line!r}")
    doubts = [
        (row["rate_date"], row["currency"], row["problem"])
        for row in fx.doubtful_rates(rates).orderBy("rate_date", "currency").collect()
    ]
    first = fx.usable_from(span[0], settings)
    usable = rates.where(F.col("rate_date").between(first, span[1]))
    covered = fx.covered_stretches(rates, settings.fx)
    opened = FxSource(root, found, fx.FxRates(_local(usable), _local(covered)), doubts)
    rates.unpersist()
    return opened


def _local(small: DataFrame) -> DataFrame:
    """A small frame as plain rows: the plans of all batches stay short."""
    return small.sparkSession.createDataFrame(small.collect(), small.schema)


def _counted(raw: DataFrame) -> tuple[Observation, DataFrame]:
    counts = Observation()
    rows: Column = F.count(F.lit(1)).alias("rows")
    return counts, raw.observe(counts, rows, F.count("raw_line").alias("malformed"))


def _snapshot_facts(day: date | None) -> dict[str, Any]:
    return {"snapshot_date": day.isoformat() if day else None}


def _check_ragged(table: str, root: Path, counts: dict[str, int], settings: Settings) -> None:
    allowed = settings.cleansing.malformed_share
    if counts["malformed"] > allowed * counts["rows"]:
        raise InputError(
            f"{table}: {root} has {counts['malformed']} malformed lines of {counts['rows']}, "
            f"more than {allowed:.2%}; check its separator and quotes, and deliver it again"
        )
