"""What Athena's SerDes make of objects: Parquet by name, CSV by place, JSON by line."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fraudlake.local.athena.catalog import Table
from fraudlake.local.athena.failures import QueryFailed
from fraudlake.local.athena.formats import OPEN_CSV, OPENX_JSON, PARQUET, read_rows
from fraudlake.local.athena.kinds import catalog_type
from fraudlake.local.athena.objects import StoredObject

if TYPE_CHECKING:
    from pathlib import Path


def table(serde: str, columns: dict[str, str], **settings: str) -> Table:
    return Table(
        database="d",
        name="t",
        columns={name: catalog_type(kind) for name, kind in columns.items()},
        partition_keys={},
        location="s3://b/t/",
        serde=serde,
        settings=settings,
    )


def read(path: Path, of: Table, asked: set[str] | None = None) -> list[dict[str, Any]]:
    stored = StoredObject("b", f"t/{path.name}", path.stat().st_size, '"etag"')
    found: list[dict[str, Any]] = read_rows(path, stored, of, asked or set()).table.to_pylist()
    return found


def text(tmp_path: Path, content: str, name: str = "part") -> Path:
    path = tmp_path / name
    path.write_text(content, newline="")
    return path


def csv(tmp_path: Path, content: str, **settings: str) -> list[tuple[Any, ...]]:
    of = table(OPEN_CSV, dict.fromkeys("abc", "string"), **settings)
    return [tuple(one.values()) for one in read(text(tmp_path, content), of)]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("1,2,3", ("1", "2", "3")),
        (",,", ("", "", "")),
        ("1,2", ("1", "2", None)),
        ("1,2,3,4", ("1", "2", "3")),
        ('"1,1",2,"3"', ("1,1", "2", "3")),
        ('"say ""no""",2,3', ('say "no"', "2", "3")),
        (r'"say \"no\"",2,3', ('say "no"', "2", "3")),
        (r'"a\\b",2,3', (r"a\b", "2", "3")),
        (r"a\b,2,3", ("ab", "2", "3")),
        ("Ø,\u2028,3", ("Ø", "\u2028", "3")),
    ],
)
def test_a_line_of_csv_is_read_by_place(
    tmp_path: Path, line: str, cells: tuple[str | None, ...]
) -> None:
    assert csv(tmp_path, f"{line}\n") == [cells]


def test_a_header_is_skipped_as_often_as_the_table_says(tmp_path: Path) -> None:
    content = "a,b,c\r\n1,2,3\r\n4,5,6"

    assert csv(tmp_path, content, **{"skip.header.line.count": "1"}) == [
        ("1", "2", "3"),
        ("4", "5", "6"),
    ]


def test_a_line_break_ends_a_row_within_quotes_too(tmp_path: Path) -> None:
    assert csv(tmp_path, '"1\n2",x,y\n') == [("1", None, None), ("2,x,y", None, None)]


def test_csv_has_the_marks_that_the_table_says(tmp_path: Path) -> None:
    assert csv(tmp_path, "'1;1';2;3\n", separatorChar=";", quoteChar="'") == [("1;1", "2", "3")]


def test_csv_with_other_columns_than_text_is_not_played(tmp_path: Path) -> None:
    with pytest.raises(QueryFailed, match="OpenCSVSerDe with columns that are not text"):
        read(text(tmp_path, "1\n"), table(OPEN_CSV, {"a": "int"}))


def test_what_is_zipped_by_its_name_is_unzipped(tmp_path: Path) -> None:
    path = tmp_path / "part.gz"
    path.write_bytes(gzip.compress(b"1,2,3\n"))

    assert read(path, table(OPEN_CSV, {"a": "string"})) == [{"a": "1"}]


COLUMNS = {
    "id": "string",
    "n": "bigint",
    "x": "double",
    "is_y": "boolean",
    "facts": "map<string,bigint>",
    "list": "array<struct<a:string,b:int>>",
    "settings": "string",
}


def json(tmp_path: Path, content: str, **settings: str) -> list[dict[str, Any]]:
    return read(text(tmp_path, content), table(OPENX_JSON, COLUMNS, **settings))


def test_a_record_of_json_is_read_by_its_keys(tmp_path: Path) -> None:
    line = (
        '{"n": 5, "x": 1, "is_y": true, "facts": {"HIGH": 1}, "list": [{"b": 2}], "id": "Ø\u2028",'
        ' "settings": {"rules": [], "a": "ä"}, "unknown": 1}'
    )
    assert json(tmp_path, line, **{"case.insensitive": "false"}) == [
        {
            "id": "Ø\u2028",
            "n": 5,
            "x": 1.0,
            "is_y": True,
            "facts": [("HIGH", 1)],
            "list": [{"a": None, "b": 2}],
            "settings": '{"rules":[],"a":"ä"}',
        }
    ]


def test_keys_lose_their_capitals_unless_the_table_says_otherwise(tmp_path: Path) -> None:
    [found] = json(tmp_path, '{"ID": "a", "facts": {"HIGH": 1}}')

    assert (found["id"], found["facts"]) == ("a", [("high", 1)])


def test_a_missing_key_and_a_null_are_null(tmp_path: Path) -> None:
    found = json(tmp_path, '{"n": null}\n{}\n')

    assert [set(one.values()) for one in found] == [{None}, {None}]


@pytest.mark.parametrize("line", ['{"n": 1', "[1]", "no", '{"n": 1}{"n": 2}'])
def test_a_line_that_is_no_record_fails_the_query(tmp_path: Path, line: str) -> None:
    with pytest.raises(QueryFailed, match=r"^HIVE_CURSOR_ERROR: Row is not a valid JSON Object"):
        json(tmp_path, f'{{"n": 1}}\n{line}\n')


def test_a_line_that_is_no_record_is_nulls_when_the_table_forgives(tmp_path: Path) -> None:
    found = json(tmp_path, 'no\n{"n": 2}\n', **{"ignore.malformed.json": "true"})

    assert [one["n"] for one in found] == [None, 2]


@pytest.mark.parametrize(
    "record",
    ['{"n": "x"}', '{"n": 1.5}', '{"n": true}', '{"facts": [1]}', '{"list": {}}', '{"is_y": 1}'],
)
def test_a_value_of_another_type_fails_the_query(tmp_path: Path, record: str) -> None:
    with pytest.raises(QueryFailed, match=r"^HIVE_BAD_DATA: "):
        json(tmp_path, record)


def parquet(tmp_path: Path, **columns: pa.Array) -> Path:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_is_read_by_name_whatever_its_order(tmp_path: Path) -> None:
    path = parquet(
        tmp_path, B=pa.array([1], pa.int32()), unknown=pa.array(["x"]), a=pa.array(["y"])
    )
    of = table(PARQUET, {"a": "string", "b": "bigint", "c": "decimal(18,2)"})

    assert read(path, of) == [{"a": "y", "b": 1, "c": None}]


def test_times_are_utc_and_rounded_to_milliseconds(tmp_path: Path) -> None:
    moment = datetime(2025, 1, 31, 12, 0, 0, 999500, tzinfo=UTC)
    of = table(PARQUET, {"a": "timestamp", "b": "timestamp", "c": "timestamp", "d": "date"})
    path = parquet(
        tmp_path,
        a=pa.array([moment], pa.timestamp("us", "UTC")),
        b=pa.array([moment.replace(microsecond=999499)], pa.timestamp("ns", "UTC")),
        c=pa.array([moment.replace(tzinfo=None, microsecond=1000)], pa.timestamp("ms")),
        d=pa.array([date(2025, 1, 31)]),
    )
    [found] = read(path, of)

    assert [str(one) for one in found.values()] == [
        "2025-01-31 12:00:01",
        "2025-01-31 12:00:00.999000",
        "2025-01-31 12:00:00.001000",
        "2025-01-31",
    ]


@pytest.mark.parametrize(
    ("stored", "declared"),
    [
        (pa.array(["5"]), "bigint"),
        (pa.array([5]), "string"),
        (pa.array([5]), "double"),
        (pa.array([2**40]), "int"),
        (pa.array([5.0]), "decimal(18,2)"),
        (pa.array([Decimal("1.234")]), "decimal(18,2)"),
        (pa.array(["2025-01-31"]), "date"),
        (pa.array(["2025-01-31"]), "timestamp"),
        (pa.array([["a"]]), "string"),
    ],
)
def test_parquet_of_another_type_fails_the_query(
    tmp_path: Path, stored: pa.Array, declared: str
) -> None:
    with pytest.raises(
        QueryFailed, match=r"^HIVE_BAD_DATA: Field a's type .* is incompatible with"
    ):
        read(parquet(tmp_path, a=stored), table(PARQUET, {"a": declared}))


def test_parquet_counts_as_scanned_by_the_columns_that_are_asked_for(tmp_path: Path) -> None:
    path = parquet(tmp_path, a=pa.array(["x" * 1000]), s=pa.array([{"b": 1}]))
    stored = StoredObject("b", "t/part.parquet", path.stat().st_size, '"etag"')
    of = table(PARQUET, {"a": "string", "s": "struct<b:bigint>"})
    scanned = {
        name: read_rows(path, stored, of, asked).scanned_bytes
        for name, asked in {"none": set(), "s": {"s"}, "a": {"a"}, "both": {"a", "s"}}.items()
    }

    assert scanned["none"] == 0
    assert 0 < scanned["s"] < scanned["a"]
    assert scanned["both"] == scanned["a"] + scanned["s"]


def test_text_counts_as_scanned_in_full(tmp_path: Path) -> None:
    stored = StoredObject("b", "t/part", 6, '"etag"')

    of = table(OPEN_CSV, {"a": "string"})
    assert read_rows(text(tmp_path, "1,2,3\n"), stored, of, set()).scanned_bytes == 6


def test_an_unknown_serde_is_not_played(tmp_path: Path) -> None:
    with pytest.raises(QueryFailed, match=r"the SerDe org\.example\.Orc of the table t"):
        read(text(tmp_path, ""), table("org.example.Orc", {"a": "string"}))
