"""The scoring job's reading: frames of the catalog where every reader agrees, else the files."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import pytest

from fraudlake.errors import InputError, RunError, SchemaError
from fraudlake.files import TableFiles, find_table
from fraudlake.input_tables import BLACKLIST, CUSTOMERS, FX_RATES, TRANSACTIONS, InputTable
from fraudlake.sources import check_complete
from fraudlake.tabular import read_input
from glue_jobs.catalog import Catalog, CatalogReader, check_registered, is_plain_line

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

HEADER = ",".join(TRANSACTIONS.columns)
ROW = "T1,C1,2025-01-06T00:00:00Z,1.00,USD,M1,online,US"
DAY = "ingest_date=2025-01-06"


@dataclass
class PositionalCatalog:
    """Of a catalog, what the reader asks: columns, partitions, and rows read by position."""

    spark: SparkSession
    root: Path
    registered: set[date] = field(default_factory=set)
    lost_rows: int = 0
    asked: list[tuple[str, str] | None] = field(default_factory=list)

    @property
    def context(self) -> Any:  # noqa: ANN401 - stands for a GlueContext
        return type("Context", (), {"spark_session": self.spark})

    def columns(self, table: InputTable) -> tuple[str, ...]:
        return table.columns

    def partition_dates(self, table: InputTable) -> set[date]:  # noqa: ARG002 - as Catalog has it
        return self.registered

    def frame(self, table: InputTable, partition: tuple[str, str] | None) -> DataFrame:
        self.asked.append(partition)
        folder = self.root / "=".join(partition) if partition else self.root
        rows = [row for file in sorted(folder.glob("*.csv")) for row in _rows(file)]
        kept = rows[self.lost_rows :]
        schema = ", ".join(f"{name} string" for name in table.columns)
        return self.spark.createDataFrame(kept, schema)


def _rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))[1:]


@dataclass
class Bucket:
    """A table's files, and both ways to read them."""

    catalog: PositionalCatalog
    table: InputTable = TRANSACTIONS

    def write(self, name: str, content: str | bytes) -> None:
        path = self.catalog.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    @property
    def reader(self) -> CatalogReader:
        return CatalogReader(cast("Catalog", self.catalog))

    @property
    def files(self) -> TableFiles:
        return find_table(self.catalog.root, self.table, "ingest_date")

    def read(self) -> list[dict[str, Any]]:
        files = self.files.by_date[date(2025, 1, 6)]
        return [one.asDict() for one in self.reader.read(files, self.table).collect()]

    def read_by_path(self) -> list[dict[str, Any]]:
        files = self.files.by_date[date(2025, 1, 6)]
        rows = read_input(self.catalog.spark, files, self.table)
        return [one.asDict() for one in rows.collect()]


@pytest.fixture
def bucket(spark: SparkSession, tmp_path: Path) -> Bucket:
    return Bucket(PositionalCatalog(spark, tmp_path))


def test_a_plain_partition_comes_from_the_catalog_as_the_files_hold_it(bucket: Bucket) -> None:
    refund = 'T2,C1,2025-01-06T00:00:00Z,-1.00,USD,,"a, b",'
    bucket.write(f"{DAY}/part-0.csv", f"\ufeff{HEADER}\n{ROW}\n{refund}\n")
    assert bucket.read() == bucket.read_by_path()
    assert bucket.catalog.asked == [("ingest_date", "2025-01-06")]
    assert bucket.read()[1]["merchant_id"] is None
    assert bucket.read()[1]["channel"] == "a, b"


@pytest.mark.parametrize(
    "line",
    [
        "T2,C1,2025-01-06T00:00:00Z,1.00,USD,M1,online",
        f"{ROW},more",
        "T2,C1,2025-01-06T00:00:00Z,1.00,USD,back\\slash,online,US",
        'T2,C1,2025-01-06T00:00:00Z,1.00,USD,"say ""hi""",online,US',
        'T2,C1,2025-01-06T00:00:00Z,1.00,USD,in"side,online,US',
        'T2,C1,2025-01-06T00:00:00Z,1.00,USD, "blank",online,US',
        "",
    ],
    ids=[
        "short",
        "long",
        "backslash",
        "doubled quote",
        "quote inside",
        "blank first",
        "blank line",
    ],
)
def test_a_line_that_readers_take_differently_has_its_partition_read_by_path(
    bucket: Bucket, line: str
) -> None:
    bucket.write(f"{DAY}/part-0.csv", f"{HEADER}\n{ROW}\n{line}\n")
    assert bucket.read() == bucket.read_by_path()
    assert bucket.catalog.asked == []


def test_a_file_in_a_folder_of_its_own_is_read_by_path(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/late/part-0.csv", f"{HEADER}\n{ROW}\n")
    assert len(bucket.read()) == 1
    assert bucket.catalog.asked == []


def test_names_that_look_like_patterns_are_names(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/export[1].csv", f"{HEADER}\n{ROW}\n")
    assert [one["transaction_id"] for one in bucket.read()] == ["T1"]


def test_the_reader_knows_how_many_rows_the_files_hold(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/part-0.csv", f"{HEADER}\n{ROW}\n{ROW}\n")
    bucket.write(f"{DAY}/part-1.csv", f"{HEADER}\n{ROW}\n")
    files, reader = bucket.files.by_date[date(2025, 1, 6)], bucket.reader
    reader.read(files, TRANSACTIONS)
    assert reader.expected_rows(files) == 3
    assert reader.expected_rows(files[:1]) is None


def test_bytes_that_are_no_utf8_are_told_with_their_line(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/part-0.csv", f"{HEADER}\n{ROW}\n".encode() + b"T\xe9,C1,,1,USD,,,\n")
    with pytest.raises(InputError, match=r"part-0\.csv, line 3: not UTF-8 \(byte 0xe9\)"):
        bucket.read()


def test_a_header_in_another_order_is_refused(bucket: Bucket) -> None:
    turned = HEADER.replace("transaction_id,customer_id", "customer_id,transaction_id")
    bucket.write(f"{DAY}/part-0.csv", f"{turned}\n{ROW}\n")
    with pytest.raises(SchemaError, match="by position, as transaction_id, customer_id"):
        bucket.read()


def test_what_is_no_csv_is_refused(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/part-0.parquet", b"PAR1")
    with pytest.raises(InputError, match="is no CSV; the catalog's table is of CSV"):
        bucket.read()


def test_a_table_without_partitions_is_read_whole(spark: SparkSession, tmp_path: Path) -> None:
    bucket = Bucket(PositionalCatalog(spark, tmp_path), FX_RATES)
    bucket.write("2025.csv", "rate_date,currency,usd_per_unit\n2025-01-06,EUR,1.04\n")
    files = find_table(tmp_path, FX_RATES, None).by_date[None]
    assert bucket.reader.read(files, FX_RATES).count() == 1
    assert bucket.catalog.asked == [None]


def test_a_frame_without_columns_is_a_table_without_rows(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.write(f"{DAY}/part-0.csv", f"{HEADER}\n")
    no_columns = bucket.catalog.spark.range(1).select()
    monkeypatch.setattr(bucket.catalog, "frame", lambda *_: no_columns)
    assert bucket.read() == []


PLAIN = ["a,b", ",", '"a, b",c', "é,日", ' a ,"b c"']
ODD = [
    *("a", "a,b,c", 'a,"b', 'a,b"c', 'a,"b""c"', 'a,""', "a\\,b", '"a" ,b'),
    *('a,"b"\u2028', 'a,"b"\u0085', 'a,"b\x00"', "a\r,b"),
]


def test_plain_lines_are_those_that_every_reader_takes_alike(spark: SparkSession) -> None:
    lines = spark.createDataFrame([(one,) for one in (*PLAIN, *ODD)], "line string")
    judged = lines.select("line", is_plain_line(lines["line"], 2).alias("plain")).collect()
    assert [one["line"] for one in judged if one["plain"]] == PLAIN
    for one in PLAIN:
        assert len(next(csv.reader(io.StringIO(one)))) == 2


def registered(bucket: Bucket, *days: int) -> None:
    bucket.catalog.registered = {date(2025, 1, day) for day in days}


def checked(bucket: Bucket, *days: int) -> None:
    tables = dict.fromkeys(("transactions", "customers", "blacklist"), bucket.files)
    dates = [date(2025, 1, day) for day in days]
    check_registered(cast("Catalog", bucket.catalog), tables, dates)


def test_bucket_and_catalog_that_agree_pass(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/part-0.csv", f"{HEADER}\n")
    registered(bucket, 6)
    checked(bucket, 6)


def test_a_partition_of_the_bucket_alone_is_told_by_its_name(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/part-0.csv", f"{HEADER}\n")
    registered(bucket, 5)
    with pytest.raises(InputError, match=f"{DAY}, which the catalog does not know; run the craw"):
        checked(bucket, 6)


@pytest.mark.parametrize("left", ["", "_SUCCESS"])
def test_a_partition_that_lost_its_objects_is_told_by_its_name(bucket: Bucket, left: str) -> None:
    for day in (6, 8):
        bucket.write(f"ingest_date=2025-01-0{day}/part-0.csv", f"{HEADER}\n")
    if left:
        bucket.write(f"ingest_date=2025-01-07/{left}", "")
    registered(bucket, 6, 7, 8)
    with pytest.raises(InputError, match=r"ingest_date=2025-01-07, but .* has no object there"):
        checked(bucket, 6, 8)


def test_partitions_that_are_all_empty_are_told(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/_SUCCESS", "")
    with pytest.raises(InputError, match=r"customers: .* has no file in any snapshot_date= folder"):
        checked(bucket, 6)


def test_files_outside_of_partitions_are_refused(bucket: Bucket) -> None:
    bucket.write("part-0.csv", f"{HEADER}\n")
    with pytest.raises(InputError, match="files beside ingest_date= folders; move them"):
        checked(bucket, 6)


def test_tables_are_named(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/part-0.csv", f"{HEADER}\n")
    with pytest.raises(InputError) as caught:
        checked(bucket, 6)
    named = [one.split(":")[0] for one in caught.value.problems]
    assert named == [one.name for one in (TRANSACTIONS, CUSTOMERS, BLACKLIST)]


def test_rows_that_the_catalog_lost_stop_the_run(bucket: Bucket) -> None:
    bucket.write(f"{DAY}/part-0.csv", f"{HEADER}\n{ROW}\n{ROW}\n")
    bucket.catalog.lost_rows = 1
    files, reader = bucket.files.by_date[date(2025, 1, 6)], bucket.reader
    rows = reader.read(files, TRANSACTIONS).count()
    with pytest.raises(RunError, match=r"transactions: 1 rows were read .* which hold 2; nothing"):
        check_complete(reader, "transactions", files, rows)
