from __future__ import annotations

import gzip
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fraudlake.errors import InputError, SchemaError
from fraudlake.files import InputFile, find_table
from fraudlake.headers import check_encoding, file_columns, nanosecond_columns, parquet_layout
from fraudlake.input_tables import CUSTOMERS, FX_RATES, TRANSACTIONS

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "transaction_id,customer_id,transaction_ts,amount,currency"


def put(path: Path, content: bytes | str = HEADER + "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def described(path: Path, content: bytes | str) -> InputFile:
    return find_table(put(path, content), TRANSACTIONS, None).by_date[None][0]


def test_partitions_are_found_by_their_dates(tmp_path: Path) -> None:
    for name in ("ingest_date=2025-01-07/a.csv", "ingest_date=2025-01-06/hour=1/b.csv"):
        put(tmp_path / name)
    found = find_table(tmp_path, TRANSACTIONS, "ingest_date")
    assert found.is_partitioned
    assert found.dates == [date(2025, 1, 6), date(2025, 1, 7)]
    assert [one.name for one in found.by_date[date(2025, 1, 6)]] == [
        "ingest_date=2025-01-06/hour=1/b.csv"
    ]


def test_a_partition_without_files_is_a_date_without_rows(tmp_path: Path) -> None:
    (tmp_path / "ingest_date=2025-01-06").mkdir()
    assert find_table(tmp_path, TRANSACTIONS, "ingest_date").by_date == {date(2025, 1, 6): []}


def test_a_folder_without_partitions_is_one_table(tmp_path: Path) -> None:
    put(tmp_path / "b.csv")
    put(tmp_path / "sub" / "a.csv")
    found = find_table(tmp_path, TRANSACTIONS, "ingest_date")
    assert not found.is_partitioned
    assert [one.name for one in found.by_date[None]] == ["b.csv", "sub/a.csv"]
    assert found.newest_until(date(2025, 1, 6)) is None


def test_a_single_file_is_a_table(tmp_path: Path) -> None:
    file = described(tmp_path / "one.csv", "abc")
    assert (file.name, file.size, file.kind) == ("one.csv", 3, "csv")


def test_hidden_and_underscored_files_are_no_data(tmp_path: Path) -> None:
    for name in ("_SUCCESS", ".a.csv.crc", "_temporary/b.csv", "c.csv"):
        put(tmp_path / name)
    found = find_table(tmp_path, TRANSACTIONS, "ingest_date")
    assert [one.name for one in found.by_date[None]] == ["c.csv"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2025-01-31", "2025-01-20"), ("2025-01-20", "2025-01-20"), ("2025-01-19", "2025-01-10")],
)
def test_the_snapshot_of_a_batch_is_the_newest_on_or_before_it(
    tmp_path: Path, day: str, expected: str
) -> None:
    for snapshot in ("2025-01-10", "2025-01-20", "2025-02-01"):
        put(tmp_path / f"snapshot_date={snapshot}/a.csv")
    found = find_table(tmp_path, CUSTOMERS, "snapshot_date")
    assert found.newest_until(date.fromisoformat(day)) == date.fromisoformat(expected)


def test_without_an_earlier_snapshot_the_oldest_is_used(tmp_path: Path) -> None:
    for snapshot in ("2025-01-10", "2025-01-20"):
        put(tmp_path / f"snapshot_date={snapshot}/a.csv")
    found = find_table(tmp_path, CUSTOMERS, "snapshot_date")
    assert found.newest_until(date(2024, 12, 31)) == date(2025, 1, 10)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"transactions: .*nowhere is not there; name a folder"):
        find_table(tmp_path / "nowhere", TRANSACTIONS, "ingest_date")


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    put(tmp_path / "_SUCCESS", b"")
    with pytest.raises(InputError, match=r"transactions: .* is empty; name a folder with CSV"):
        find_table(tmp_path, TRANSACTIONS, "ingest_date")


def test_loose_files_beside_partitions_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "ingest_date=2025-01-06/a.csv")
    put(tmp_path / "loose.csv")
    put(tmp_path / "other" / "more.csv")
    with pytest.raises(InputError, match=r"beside them, loose\.csv and 1 more; move the loose"):
        find_table(tmp_path, TRANSACTIONS, "ingest_date")


@pytest.mark.parametrize("wrong", ["2025-02-30", "20250106", "2025-1-6", "yesterday", ""])
def test_a_partition_with_a_wrong_date_is_refused(tmp_path: Path, wrong: str) -> None:
    put(tmp_path / f"ingest_date={wrong}/a.csv")
    with pytest.raises(InputError, match=r"ingest_date=.* is not named ingest_date=YYYY-MM-DD"):
        find_table(tmp_path, TRANSACTIONS, "ingest_date")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.PARQUET", b"", "parquet"),
        ("a.pq", b"", "parquet"),
        ("a.csv", b"PAR1", "csv"),
        ("a.csv.gz", b"", "csv"),
        ("part-0000", b"PAR1....", "parquet"),
        ("part-0000", b"a,b", "csv"),
    ],
)
def test_the_kind_is_told_by_the_name_else_by_the_first_bytes(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    assert described(tmp_path / name, content).kind == kind


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n",
        f"\ufeff{HEADER}\r\n",
        f"\n  \n{HEADER}\n",
        '"transaction_id", "customer_id" ,transaction_ts,"amount", currency\n'.replace(', "', ',"'),
        HEADER,
    ],
    ids=["plain", "byte-order mark and CRLF", "blank lines first", "quoted", "no line end"],
)
def test_the_header_of_a_csv_is_read(tmp_path: Path, content: str) -> None:
    file = described(tmp_path / "a.csv", content)
    assert file_columns(file, TRANSACTIONS) == TRANSACTIONS.required


def test_a_missing_column_is_said_with_those_found(tmp_path: Path) -> None:
    file = described(tmp_path / "a.csv", "transaction_id,customer_id,transaction_ts,currency\n")
    with pytest.raises(SchemaError) as caught:
        file_columns(file, TRANSACTIONS)
    assert str(caught.value) == (
        f"transactions: {tmp_path / 'a.csv'} lacks the column amount; "
        "found the columns transaction_id, customer_id, transaction_ts, currency"
    )


def test_a_misspelt_column_gets_a_hint(tmp_path: Path) -> None:
    file = described(tmp_path / "a.csv", HEADER.replace("amount", "ammount"))
    with pytest.raises(SchemaError, match=r"the column amount \(is 'ammount' meant\?\)"):
        file_columns(file, TRANSACTIONS)


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    file = described(tmp_path / "a.csv", f"{HEADER},amount\n")
    with pytest.raises(SchemaError, match=r"has the column amount twice; remove one"):
        file_columns(file, TRANSACTIONS)


def test_a_column_that_nobody_reads_may_be_there_twice(tmp_path: Path) -> None:
    file = described(tmp_path / "a.csv", f"{HEADER},note,note\n")
    assert file_columns(file, TRANSACTIONS)[-2:] == ("note", "note")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"\n\n"),
        ("a.csv", b"\xef\xbb\xbf"),
        ("a.csv.gz", gzip.compress(b"")),
    ],
    ids=["0 bytes", "blank lines", "byte-order mark", "gzip of nothing"],
)
def test_a_file_without_a_header_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    file = described(tmp_path / name, content)
    with pytest.raises(
        InputError, match=r"a\.csv(\.gz)? is empty, it has not even a header; deliver"
    ):
        file_columns(file, FX_RATES)


def test_latin_1_is_refused_with_its_line(tmp_path: Path) -> None:
    text = f"{HEADER}\nT1,C1,2025-01-06T00:00,1,USD\nT2,Jos\u00e9 Secret,2025-01-06T00:00,1,USD\n"
    file = described(tmp_path / "a.csv", text.encode("latin-1"))
    with pytest.raises(InputError, match=r"a\.csv, line 3: not UTF-8 \(byte 0xe9\); ") as caught:
        check_encoding(file)
    assert "Secret" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    file = described(tmp_path / "a.csv", ("\ufeff" + HEADER).encode(encoding))
    with pytest.raises(InputError, match=r"line 1: not UTF-8 .* looks like UTF-16, convert"):
        file_columns(file, TRANSACTIONS)


def test_a_letter_across_two_chunks_is_no_mistake(tmp_path: Path) -> None:
    text = b"a" * ((1 << 20) - 1) + "\u00e9".encode() + b"\n"
    check_encoding(described(tmp_path / "a.csv", text))


def test_a_letter_cut_off_at_the_end_is_refused(tmp_path: Path) -> None:
    file = described(tmp_path / "a.csv", "a\n\u00e9".encode()[:-1])
    with pytest.raises(InputError, match=r"line 2: not UTF-8 \(byte 0xc3\)"):
        check_encoding(file)


def test_gzip_cut_off_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(HEADER.encode() + b"\nT1,C1,2025-01-06T00:00,1,USD\n" * 50)
    file = described(tmp_path / "a.csv.gz", whole[:-12])
    with pytest.raises(InputError, match=r"a\.csv\.gz cannot be read: .*; deliver it again"):
        check_encoding(file)


def test_gzip_damaged_in_the_middle_is_refused(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(HEADER.encode() + bytes(range(65, 91)) * 50))
    whole[20:40] = b"\xff" * 20
    with pytest.raises(InputError, match=r"a\.csv\.gz cannot be read: .*; deliver it again"):
        file_columns(described(tmp_path / "a.csv.gz", bytes(whole)), TRANSACTIONS)


def parquet(path: Path, **columns: pa.Array) -> InputFile:
    pq.write_table(pa.table(columns), path)
    return find_table(path, TRANSACTIONS, None).by_date[None][0]


def test_parquet_without_a_column_is_refused(tmp_path: Path) -> None:
    file = parquet(tmp_path / "a.parquet", transaction_id=pa.array(["T1"]))
    with pytest.raises(SchemaError, match=r"lacks the column customer_id, .*found the columns tra"):
        file_columns(file, TRANSACTIONS)


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    file = described(tmp_path / "a.parquet", HEADER)
    with pytest.raises(InputError, match=r"a\.parquet is not readable as Parquet, perhaps cut"):
        file_columns(file, TRANSACTIONS)


def test_parquet_cut_off_is_refused(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", transaction_id=pa.array(["T1"]))
    whole = (tmp_path / "a.parquet").read_bytes()
    file = described(tmp_path / "b.parquet", whole[:-20])
    with pytest.raises(InputError, match=r"b\.parquet is not readable as Parquet, perhaps cut off"):
        file_columns(file, TRANSACTIONS)


def test_nanosecond_columns_are_told(tmp_path: Path) -> None:
    types = {"one": pa.timestamp("ns"), "two": pa.timestamp("us"), "three": pa.int64()}
    columns = {name: pa.array([0], kind) for name, kind in types.items()}
    file = parquet(tmp_path / "a.parquet", **columns)
    assert nanosecond_columns(file) == {"one"}
    assert parquet_layout(file) == "one timestamp[ns]\ntwo timestamp[us]\nthree int64"


def test_a_packed_file_under_another_name_is_refused(tmp_path: Path) -> None:
    file = described(tmp_path / "a.csv", gzip.compress(f"{HEADER}\nT1,C1".encode()))
    with pytest.raises(InputError, match=r"a\.csv is packed with gzip; name it \.csv\.gz"):
        file_columns(file, TRANSACTIONS)


def test_a_row_that_stands_where_the_header_should_be_is_not_quoted(tmp_path: Path) -> None:
    row = "C1,Ann Miller,ann@example.com,+4912345678,1980-02-03,DE,,"
    file = find_table(put(tmp_path / "a.csv", f"{row}\n"), CUSTOMERS, None).by_date[None][0]
    with pytest.raises(SchemaError, match="is the header missing") as caught:
        file_columns(file, CUSTOMERS)
    assert not any(word in str(caught.value) for word in ("Ann", "ann@", "4912", "1980"))


def test_a_header_that_holds_more_than_names_is_shown_without_it(tmp_path: Path) -> None:
    header = "customer_ids,full_name,email,ann@example.com"
    file = find_table(put(tmp_path / "a.csv", f"{header}\n"), CUSTOMERS, None).by_date[None][0]
    with pytest.raises(SchemaError, match=r"is 'customer_ids' meant.*email, \(not a name\)"):
        file_columns(file, CUSTOMERS)
