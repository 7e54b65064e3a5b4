"""Values as Athena writes them; and an engine that reaches nothing but its tables."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from fraudlake.local.athena import engine as athena_engine
from fraudlake.local.athena.engine import Engine
from fraudlake.local.athena.failures import QueryFailed
from fraudlake.local.athena.values import csv_text, double_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def engine() -> Iterator[Engine]:
    with closing(Engine()) as opened:
        opened.lock()
        yield opened


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (100.0, "100.0"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (0.1 + 0.2, "0.30000000000000004"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_a_double_is_written_as_java_does(value: float, text: str) -> None:
    assert double_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("TRUE", "true"),
        ("1.50::DECIMAL(18,2)", "1.50"),
        ("0.1::FLOAT", "0.1"),
        ("DATE '2025-01-31'", "2025-01-31"),
        ("TIMESTAMP '2025-01-31 10:00:00.0012'", "2025-01-31 10:00:00.001"),
        ("[1, NULL]", "[1, null]"),
        ("{'a': 1, 'b': {'c': ['x']}}", "{a=1, b={c=[x]}}"),
        ("MAP {'a': TRUE, 'b': NULL}", "{a=true, b=null}"),
        ("[1.5::DOUBLE, 1e7]", "[1.5, 1.0E7]"),
        ("'a'::BLOB", "61"),
        ("'ab'::BLOB", "61 62"),
        ("NULL", None),
    ],
)
def test_a_value_is_written_as_athena_does(engine: Engine, value: str, text: str | None) -> None:
    assert engine.answer(f"SELECT {value}").rows == ((text,),)


def test_an_object_of_an_answer_quotes_all_but_nulls() -> None:
    told = csv_text(["a", "b"], [('say "no"', None), ("", "1,2")])

    assert told == '"a","b"\n"say ""no""",\n"","1,2"\n'


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/written'",
        "ATTACH '{folder}/database'",
        "EXPORT DATABASE '{folder}/all'",
        "INSTALL httpfs",
        "LOAD '{file}'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_directories = ['{folder}']",
        "SELECT * FROM outside",
    ],
)
def test_the_engine_reaches_no_file_and_no_variable(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    """Were a query translated wrongly, this is what would still hold."""
    monkeypatch.setattr(athena_engine, "outside", pa.table({"a": ["secret"]}), raising=False)
    (tmp_path / "file").write_text("secret")

    with pytest.raises(QueryFailed) as failed:
        engine.answer(sql.format(file=tmp_path / "file", folder=tmp_path))
    assert "secret" not in failed.value.reason
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
