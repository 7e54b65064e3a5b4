from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F

from fraudlake.cleansing import with_typed_values
from fraudlake.errors import SchemaError
from fraudlake.files import find_table
from fraudlake.input_tables import CUSTOMERS, TRANSACTIONS
from fraudlake.tabular import empty_frame, read_input

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

HEADER = "transaction_id,customer_id,transaction_ts,amount,currency,country"
LINE = "T1,C1,2025-01-06T10:20:30Z,12.50,EUR,DE"
AT_TEN = datetime(2025, 1, 6, 10, 20, 30)  # noqa: DTZ001  what a file without a zone holds
Row = dict[str, Any]


def quoted(line: str) -> str:
    return ",".join(f'"{one}"' for one in line.split(","))


def rows(spark: SparkSession, root: Path, *extra: str) -> list[Row]:
    """The rows of all files below a folder, as text, by transaction_id."""
    files = find_table(root, TRANSACTIONS, None).by_date[None]
    found = read_input(spark, files, TRANSACTIONS, extra).collect()
    return sorted((row.asDict() for row in found), key=lambda row: str(row["transaction_id"]))


def read(spark: SparkSession, path: Path, content: str | bytes) -> list[Row]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return rows(spark, path)


def read_lines(spark: SparkSession, folder: Path, *lines: str) -> list[Row]:
    return read(spark, folder / "a.csv", "\n".join([HEADER, *lines]) + "\n")


def parquet(path: Path, **columns: pa.Array) -> None:
    """A Parquet file of one row or more: what is not named is as in LINE."""
    length = len(next(iter(columns.values()))) if columns else 1
    texts = dict(zip(HEADER.split(","), LINE.split(","), strict=True))
    usual = {name: pa.array([text] * length) for name, text in texts.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(usual | columns), path)


def typed(spark: SparkSession, path: Path, column: str) -> list[Any]:
    """The values of a column as cleansing takes them, in the order of the file."""
    files = find_table(path, TRANSACTIONS, None).by_date[None]
    found = [
        _typed(read_input(spark, files, TRANSACTIONS, keep=keep), column)
        for keep in ((), ("transaction_ts", "amount"))
    ]
    assert found[0] == found[1], "values that stay typed mean what their text means"
    return found[0]


def _typed(raw: DataFrame, column: str) -> list[Any]:
    kept = with_typed_values(raw.withColumn("batch_at", F.lit(0)), ()).coalesce(1)
    return [row[0] for row in kept.selectExpr(f"cast({column} as string)").collect()]


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{LINE}\n",
        f"\ufeff{HEADER}\n{LINE}\n",
        f"{HEADER}\r\n{LINE}\r\n",
        f"\n{HEADER}\n\n   \n{LINE}\n\n\n",
        f"{HEADER}\n{LINE}",
        f"{quoted(HEADER)}\n{quoted(LINE)}\n",
        gzip.compress(f"{HEADER}\n{LINE}\n".encode()),
    ],
    ids=["plain", "byte-order mark", "CRLF", "blank lines", "no line end", "all quoted", "gzip"],
)
def test_one_row_however_the_csv_is_written(
    spark: SparkSession, tmp_path: Path, content: str | bytes
) -> None:
    name = "a.csv.gz" if isinstance(content, bytes) else "a.csv"
    (row,) = read(spark, tmp_path / name, content)
    wanted = dict(zip(HEADER.split(","), LINE.split(","), strict=True))
    assert row == {**wanted, "merchant_id": None, "channel": None, "raw_line": None}


def test_quotes_keep_commas_and_doubled_quotes(spark: SparkSession, tmp_path: Path) -> None:
    lines = ['T1,"C,1",x,1,USD,"say ""hi"""', "T2,C\\,x,1,USD,it's"]
    found = [(one["customer_id"], one["country"]) for one in read_lines(spark, tmp_path, *lines)]
    assert found == [("C,1", 'say "hi"'), ("C\\", "it's")]


@pytest.mark.parametrize("line", ["T2,C2,x,1,USD", "T2,C2,x,1,USD,DE,more", "T2"])
def test_a_ragged_line_is_kept_as_it_is(spark: SparkSession, tmp_path: Path, line: str) -> None:
    ragged, whole = read_lines(spark, tmp_path, LINE, line)[::-1]
    if whole["raw_line"] is not None:
        ragged, whole = whole, ragged
    assert whole["raw_line"] is None
    assert ragged["raw_line"] == line
    assert all(value is None for name, value in ragged.items() if name != "raw_line")


def test_a_line_of_only_commas_is_a_row_without_values(spark: SparkSession, tmp_path: Path) -> None:
    (row,) = read_lines(spark, tmp_path, ",,,,,")
    assert set(row.values()) == {None}


def test_control_characters_and_nul_stay_in_their_fields(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = ["T\x001,C\x07\x1b1,x,1,USD,D\u2028E", "\x00T2,C2,x,1,USD,DE", "#T3,C3,x,1,USD,DE"]
    found = read_lines(spark, tmp_path, *lines)
    assert {one["raw_line"] for one in found} == {None}
    assert {one["transaction_id"] for one in found} == {"T\x001", "\x00T2", "#T3"}
    assert {one["customer_id"] for one in found} == {"C\x07\x1b1", "C2", "C3"}


def test_files_may_differ_in_columns_order_and_format(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{LINE}\n", encoding="utf-8")
    other = "amount,currency,note,transaction_ts,customer_id,transaction_id\n9,USD,n,x,C2,T2\n"
    (tmp_path / "b.csv").write_text(other, encoding="utf-8")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(f"{HEADER}\nT3,C3,x,3,USD,FR\n".encode()))
    parquet(tmp_path / "d.parquet", transaction_id=pa.array(["T4"]), amount=pa.array([4]))
    parquet(tmp_path / "e.parquet", transaction_id=pa.array(["T5"]), amount=pa.array([5.5]))
    found = [
        (one["transaction_id"], one["amount"], one["country"], one["note"])
        for one in rows(spark, tmp_path, "note")
    ]
    assert found == [
        ("T1", "12.50", "DE", None),
        ("T2", "9", None, "n"),
        ("T3", "3", "FR", None),
        ("T4", "4", "DE", None),
        ("T5", "5.5", "DE", None),
    ]


def test_folders_within_a_partition_are_only_folders(spark: SparkSession, tmp_path: Path) -> None:
    for at, name in enumerate(("a.csv", "hour=1/b.csv", "hour=2/country=FR/c.csv")):
        path = tmp_path / "ingest_date=2025-01-06" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEADER}\n{LINE.replace('T1', f'T{at}')}\n", encoding="utf-8")
    assert [(one["transaction_id"], one["country"]) for one in rows(spark, tmp_path)] == [
        ("T0", "DE"),
        ("T1", "DE"),
        ("T2", "DE"),
    ]


@pytest.mark.parametrize(
    "folder", ["with space", "a[b]", "{x}", "50%20", "caf\u00e9", "a:b", "a,b"]
)
def test_a_folder_may_have_any_name(spark: SparkSession, tmp_path: Path, folder: str) -> None:
    (row,) = read(spark, tmp_path / folder / "a.csv", f"{HEADER}\n{LINE}\n")
    assert row["transaction_id"] == "T1"
    parquet(tmp_path / folder / "b.parquet", transaction_id=pa.array(["T2"]))
    assert [one["transaction_id"] for one in rows(spark, tmp_path / folder)] == ["T1", "T2"]


def test_customers_may_have_line_breaks_in_quotes(spark: SparkSession, tmp_path: Path) -> None:
    text = 'customer_id,full_name,colour\nC1,"Ann\nB.",red\nC2,"x, ""y""",\n   \nC3,z,green\n'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    files = find_table(tmp_path, CUSTOMERS, None).by_date[None]
    found = read_input(spark, files, CUSTOMERS, all_columns=True)
    names = found.select("customer_id", "full_name", "colour", "raw_line").orderBy("customer_id")
    assert [tuple(row) for row in names.collect()] == [
        ("C1", "Ann\nB.", "red", None),
        ("C2", 'x, "y"', None, None),
        ("C3", "z", "green", None),
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([AT_TEN], pa.timestamp("s")), "2025-01-06 10:20:30"),
        (pa.array([AT_TEN], pa.timestamp("ms")), "2025-01-06 10:20:30"),
        (pa.array([AT_TEN], pa.timestamp("us")), "2025-01-06 10:20:30"),
        (pa.array([AT_TEN], pa.timestamp("ns")), "2025-01-06 10:20:30"),
        (pa.array([1736158830123456789], pa.timestamp("ns", "UTC")), "2025-01-06 10:20:30.123456"),
        (pa.array([-1], pa.timestamp("ns")), "1969-12-31 23:59:59.999999"),
        (
            pa.array([AT_TEN.replace(tzinfo=UTC)], pa.timestamp("us", "Asia/Kathmandu")),
            "2025-01-06 10:20:30",
        ),
        (pa.array(["2025-01-06T10:20:30.5-02:00"]), "2025-01-06 12:20:30.5"),
    ],
    ids=["s", "ms", "us", "ns", "ns with zone", "ns before 1970", "us with zone", "text"],
)
def test_typed_times_of_parquet_are_utc(
    spark: SparkSession, tmp_path: Path, values: pa.Array, expected: str
) -> None:
    parquet(tmp_path / "a.parquet", transaction_ts=values)
    assert typed(spark, tmp_path / "a.parquet", "transaction_ts") == [expected]


def test_times_as_96_bits_are_read(spark: SparkSession, tmp_path: Path) -> None:
    names = dict(zip(HEADER.split(","), LINE.split(","), strict=True))
    columns = {name: pa.array([text]) for name, text in names.items()}
    columns["transaction_ts"] = pa.array([AT_TEN], pa.timestamp("us"))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path, use_deprecated_int96_timestamps=True)
    assert typed(spark, path, "transaction_ts") == ["2025-01-06 10:20:30"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([12.5, 1e7, 1e-4, 123456789.25, -3.0]), "12.5 10000000 0.0001 123456789.25 -3"),
        (pa.array([12.5, 19.99], pa.float32()), "12.5 19.99"),
        (pa.array([Decimal("12.345678")], pa.decimal128(20, 6)), "12.3457"),
        (pa.array([12, 999999999999], pa.int64()), "12 999999999999"),
        (pa.array([7], pa.uint64()), "7"),
        (pa.array(["12.50", "007"]), "12.50 7"),
    ],
    ids=["double", "float", "decimal", "int64", "uint64", "text"],
)
def test_typed_amounts_of_parquet_are_their_values(
    spark: SparkSession, tmp_path: Path, values: pa.Array, expected: str
) -> None:
    parquet(tmp_path / "a.parquet", amount=values)
    found = [Decimal(one) for one in typed(spark, tmp_path / "a.parquet", "amount")]
    assert found == [Decimal(one) for one in expected.split()]


def test_not_a_number_and_infinity_are_no_amounts(spark: SparkSession, tmp_path: Path) -> None:
    values = [float("nan"), float("inf"), float("-inf"), None, 1e300]
    parquet(tmp_path / "a.parquet", amount=pa.array(values))
    assert typed(spark, tmp_path / "a.parquet", "amount") == [None] * 5


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([12345678901], pa.int64()), "12345678901"),
        (pa.array(["C1"]).dictionary_encode(), "C1"),
        (pa.array(["C1"], pa.large_string()), "C1"),
        (pa.array([b"C1"], pa.binary()), "C1"),
        (pa.array([date(2025, 1, 6)]), "2025-01-06"),
        (pa.array([None], pa.null()), None),
    ],
    ids=["integer", "dictionary", "large text", "bytes", "date", "nothing but nulls"],
)
def test_typed_ids_of_parquet_become_text(
    spark: SparkSession, tmp_path: Path, values: pa.Array, expected: str | None
) -> None:
    parquet(tmp_path / "a.parquet", customer_id=values)
    assert [one["customer_id"] for one in rows(spark, tmp_path)] == [expected]


def test_nested_columns_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", customer_id=pa.array([["C1"]]))
    with pytest.raises(SchemaError, match=r"a\.parquet: column customer_id is array<string>; del"):
        rows(spark, tmp_path)


def test_nested_columns_that_nobody_asks_for_are_ignored(
    spark: SparkSession, tmp_path: Path
) -> None:
    parquet(tmp_path / "a.parquet", tags=pa.array([["a", "b"]]))
    assert rows(spark, tmp_path)[0]["transaction_id"] == "T1"


def test_other_columns_may_have_any_name(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,Email,email,raw_line,position\nC1,X,a@b.example,r,chief\n")
    files = find_table(path, CUSTOMERS, None).by_date[None]
    row = read_input(spark, files, CUSTOMERS, all_columns=True).collect()[0]
    assert (row["email"], row["position"], row["raw_line"]) == ("a@b.example", "chief", None)


def test_no_files_are_no_rows(spark: SparkSession) -> None:
    found = read_input(spark, [], TRANSACTIONS, ("note",))
    assert found.columns == [*TRANSACTIONS.columns, "note", "raw_line"]
    assert found.columns == empty_frame(spark, found.columns).columns
    assert found.collect() == []
