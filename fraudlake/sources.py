"""The inputs of a command: found, checked before any work, and opened batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import Observation
from pyspark.sql import functions as F

from fraudlake import blacklist, customers
from fraudlake.changes import changes_since
from fraudlake.errors import InputError, RunError
from fraudlake.files import InputFile, TableFiles, find_table
from fraudlake.fx_source import FxSource, open_fx
from fraudlake.input_tables import BLACKLIST, CUSTOMERS
from fraudlake.kept import KeptFrames
from fraudlake.session import fit_to_input, unpacked_bytes
from fraudlake.source_files import PARTITIONED_BY, check_columns, files_used
from fraudlake.tabular import FileReader
from fraudlake.transactions import TransactionSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from pyspark.sql import Column, DataFrame, SparkSession

    from fraudlake.batches import Batches
    from fraudlake.fx import FxRates
    from fraudlake.places import Place
    from fraudlake.rules.book import RuleBook
    from fraudlake.settings import Settings
    from fraudlake.tabular import TableReader


@dataclass(frozen=True)
class InputPaths:
    """Where the four input tables lie: a folder or a file each."""

    transactions: Place
    customers: Place
    blacklist: Place
    fx_rates: Place


@dataclass(frozen=True)
class Snapshot:
    """A customers or blacklist table in use: the frame, its files, facts for the manifest."""

    rows: DataFrame
    kept: KeptFrames
    files: list[InputFile]
    facts: dict[str, Any]


@dataclass
class Sources:
    """The inputs of one command; each snapshot is read once, however many batches use it."""

    spark: SparkSession
    reader: TableReader
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

    def transactions_at(self, batches: Batches) -> tuple[DataFrame, FxRates]:
        """The raw rows of batches, and the rates that convert them."""
        rates = [self.fx_rates.rates_for(day, self.book.settings) for day in batches.dates]
        return self.transactions.rows_of(batches), rates[-1]

    def people_at(self, batch: date) -> tuple[DataFrame, DataFrame]:
        """The customers and the blacklist of a batch, read as they are asked for."""
        return self.customers_at(batch).rows, self.blacklist_at(batch).rows

    def can_be_scored_together(self, first: date, batch: date) -> bool:
        """Whether a batch uses the snapshots of another one, and rates that are not in doubt."""
        tables = (self.customers, self.blacklist)
        is_same = all(one.newest_until(first) == one.newest_until(batch) for one in tables)
        return is_same and not self.fx_rates.problems_of(batch, self.book.settings)

    def files_of(self, batch: date) -> dict[str, list[InputFile]]:
        """Every input file of a batch, by table."""
        return {
            "transactions": self.transactions.files_of(batch),
            "customers": self.customers_at(batch).files,
            "blacklist": self.blacklist_at(batch).files,
            "fx_rates": self.fx_rates.files,
        }

    def check_complete(self, batch: date, rows: int) -> None:
        """Raise RunError when the rows read of a batch are not those that its files hold."""
        check_complete(self.reader, "transactions", self.transactions.files_of(batch), rows)

    def check_unchanged(self, batch: date) -> None:
        """Raise RunError when a file of a batch came, changed or went since it was found."""
        changed = [
            f"{table}: {name} {change}"
            for table, files in self.files_of(batch).items()
            for name, change in changes_since(files)
        ]
        if changed:
            raise RunError(
                f"batch {batch} was changed while it was scored, nothing is committed: "
                f"{'; '.join(changed[:10])}; score it again"
            )

    def _snapshot(
        self, name: str, day: date | None, opener: Callable[[date | None], Snapshot]
    ) -> Snapshot:
        if (name, day) not in self._opened:
            for key in [key for key in self._opened if key[0] == name]:
                self._opened.pop(key).kept.release()
            self._opened[name, day] = opener(day)
        return self._opened[name, day]

    def _open_customers(self, day: date | None) -> Snapshot:
        files = self.customers.by_date[day]
        counts, raw = _counted(self.reader.read(files, CUSTOMERS, all_columns=True))
        kept = KeptFrames()
        rows = kept.keep(customers.deduplicated_customers(raw.drop("raw_line")))
        total = F.coalesce(F.sum("duplicates"), F.lit(0))
        row = rows.agg(total.alias("duplicates")).first()
        check_complete(self.reader, "customers", files, counts.get["rows"])
        _check_ragged("customers", self.paths.customers, counts.get, self.book.settings)
        facts = {**_snapshot_facts(day), **counts.get, "duplicates": row[0] if row else 0}
        return Snapshot(rows, kept, files, facts)

    def _open_blacklist(self, day: date | None) -> Snapshot:
        files = self.blacklist.by_date[day]
        counts, raw = _counted(self.reader.read(files, BLACKLIST))
        whole = raw.where("raw_line is null").drop("raw_line")
        kept = KeptFrames()
        rows = kept.keep(blacklist.cleaned_entries(whole))
        quality = rows.agg(
            F.count_if(~F.col("is_usable")).alias("set_aside"),
            F.coalesce(F.sum("dates_unparsed"), F.lit(0)).alias("dates_unparsed"),
        ).first()
        check_complete(self.reader, "blacklist", files, counts.get["rows"])
        _check_ragged("blacklist", self.paths.blacklist, counts.get, self.book.settings)
        found = quality.asDict() if quality else {}
        return Snapshot(rows, kept, files, {**_snapshot_facts(day), **counts.get, **found})


def open_sources(
    spark: SparkSession, paths: InputPaths, book: RuleBook, first: date, last: date
) -> Sources:
    """Find the inputs of the batches from `first` to `last`, and check them before any work.

    Raises InputError or SchemaError with every problem that the files' names and headers show.
    """
    return open_found(spark, paths, book, first, last, tables=find_tables(paths))


def open_found(  # noqa: PLR0913 - as `open_sources`, and the tables
    spark: SparkSession,
    paths: InputPaths,
    book: RuleBook,
    first: date,
    last: date,
    *,
    tables: dict[str, TableFiles],
) -> Sources:
    """`open_sources` for tables whose files are found already."""
    return open_tables(spark, paths, tables, book, (first, last), FileReader(spark))


def open_tables(  # noqa: PLR0913, PLR0917 - all that inputs consist of
    spark: SparkSession,
    paths: InputPaths,
    tables: dict[str, TableFiles],
    book: RuleBook,
    span: tuple[date, date],
    reader: TableReader,
) -> Sources:
    """Open tables whose files are found, for the batches from the first to the last of `span`.

    Raises as `open_sources` does.
    """
    carry = book.settings.cleansing.carry
    used = files_used(tables, *span)
    check_columns(used, carry, reader)
    fit_to_input(spark, sum(unpacked_bytes(file) for _, files in used[1:] for file in files))
    transactions = TransactionSource(reader, tables["transactions"], carry)
    if not transactions.files.is_partitioned:
        transactions.part_by_timestamp()
    return Sources(
        spark=spark,
        reader=reader,
        paths=paths,
        book=book,
        transactions=transactions,
        customers=tables["customers"],
        blacklist=tables["blacklist"],
        fx_rates=open_fx(reader, str(paths.fx_rates), tables["fx_rates"], book.settings, span),
    )


def find_tables(paths: InputPaths) -> dict[str, TableFiles]:
    """The files of the four tables. Raises InputError with every problem of all of them."""
    found: dict[str, TableFiles] = {}
    problems: list[str] = []
    for table, partition in PARTITIONED_BY.items():
        try:
            found[table.name] = find_table(getattr(paths, table.name), table, partition)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def _counted(raw: DataFrame) -> tuple[Observation, DataFrame]:
    counts = Observation()
    rows: Column = F.count(F.lit(1)).alias("rows")
    return counts, raw.observe(counts, rows, F.count("raw_line").alias("malformed"))


def _snapshot_facts(day: date | None) -> dict[str, Any]:
    return {"snapshot_date": day.isoformat() if day else None}


def _check_ragged(table: str, root: Place, counts: dict[str, int], settings: Settings) -> None:
    allowed = settings.cleansing.malformed_share
    if counts["malformed"] > allowed * counts["rows"]:
        raise InputError(
            f"{table}: {root} has {counts['malformed']} malformed lines of {counts['rows']}, "
            f"more than {allowed:.2%}; check its separator and quotes, and deliver it again"
        )


def check_complete(reader: TableReader, table: str, files: Sequence[InputFile], rows: int) -> None:
    """Raise RunError when files gave more or fewer rows than they hold, as far as is known."""
    expected = reader.expected_rows(files)
    if expected is not None and rows != expected:
        raise RunError(
            f"{table}: {rows} rows were read from {files[0].where} and the files beside it, "
            f"which hold {expected}; nothing is committed. See whether the crawler registered "
            "the partition as the table has it"
        )
