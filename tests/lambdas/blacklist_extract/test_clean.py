"""Which rows are entries, what is said of the others, and what the written CSV never holds."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fraudlake.identity import clean_date, clean_email, clean_phone, clean_text
from fraudlake.input_tables import BLACKLIST
from lambdas.blacklist_extract.clean import DATES, CleanedRows, cleaned_rows
from lambdas.blacklist_extract.read import _append, _start_file
from tests.lambdas.blacklist_extract.deployed import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedRandom

    import pandas as pd

    from tests.lambdas.blacklist_extract.deployed import Deployed, Row

    RawRow = tuple[str | bytes | None, ...]

NAMES_NOBODY = {"blacklist_id": " B9 ", "full_name": "n/a", "email": "-", "phone": "12-34 56"}
COMMON = ["", " ", "-", "N/A", "C1", "Ana Lima", "A@B", "+49 30 1234567", "1111111", "unknown"]
DAYS = ["31/12/2024", "2024-12-31T23:00-05", "0000-00-00", "20240101", "soon", "01 Feb 2024"]
VALUES = st.none() | st.sampled_from(COMMON + DAYS) | st.text(max_size=12) | st.binary(max_size=6)
NASTY = st.none() | st.text(alphabet=',"\\\r\n\x00\x85\u2028 aJ\u030c\u0130\u0316', max_size=6)
PROPERTY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # to make a failing table smaller takes minutes
)
ROWS = st.lists(st.tuples(*[VALUES | NASTY] * len(BLACKLIST.columns)), max_size=5)


def raw_row(**values: str | bytes | None) -> RawRow:
    return tuple(values.get(column) for column in BLACKLIST.columns)


def columns_of(frame: pd.DataFrame, *columns: str) -> list[tuple[str | None, ...]]:
    return list(frame[list(columns)].itertuples(index=False, name=None))


def as_day(raw: str | None) -> str | None:
    day = clean_date(raw)
    return day.isoformat() if day else None


def cleaner_of(column: str) -> Callable[[str | None], str | None]:
    if column in DATES:
        return as_day
    return {"email": clean_email, "phone": clean_phone}.get(column, clean_text)


def written(cleaned: CleanedRows) -> str:
    """The entries as the file that goes to the bucket."""
    file = cast("BufferedRandom", BytesIO())
    _start_file(file, BLACKLIST.columns)
    _append(file, cleaned.entries)
    file.seek(0)
    return file.read().decode()


@pytest.mark.parametrize(
    "identity",
    [{"customer_id": "C1"}, {"email": "a@b"}, {"phone": "1234567"}, {"full_name": "Ana"}],
)
def test_each_identity_alone_makes_an_entry(identity: dict[str, str]) -> None:
    assert len(cleaned_rows([raw_row(**identity)]).entries) == 1


def test_no_other_column_makes_an_entry() -> None:
    others = set(BLACKLIST.columns) - {"customer_id", "email", "phone", "full_name"}
    cleaned = cleaned_rows([raw_row(**dict.fromkeys(others, "2024-12-31"))])
    assert (len(cleaned.entries), len(cleaned.rejects)) == (0, 1)


def test_an_entry_without_a_reason_is_unspecified() -> None:
    rows = [raw_row(customer_id="C1", reason=reason) for reason in ("stolen", None, " ", "N/A")]
    reasons = columns_of(cleaned_rows(rows).entries, "reason")
    assert reasons == [("stolen",), ("unspecified",), ("unspecified",), ("unspecified",)]


def test_the_newest_day_is_that_of_an_entry() -> None:
    rows = [
        raw_row(customer_id="C1", listed_at="31/12/2023"),
        raw_row(customer_id="C2", listed_at="9 Jan 2024"),
        raw_row(customer_id="C3", listed_at="soon"),
        raw_row(listed_at="2025-01-01"),
    ]
    assert cleaned_rows(rows).newest_listed_at == "2024-01-09"
    assert cleaned_rows(rows[2:]).newest_listed_at is None


def test_unparsed_dates_are_counted_by_column_rejects_included() -> None:
    rows = [
        raw_row(customer_id="C1", date_of_birth="0000-00-00", listed_at="soon"),
        raw_row(customer_id="C2", date_of_birth="N/A", listed_at="31/12/2024"),
        raw_row(listed_at="32/12/2024"),
    ]
    counted = cleaned_rows(rows).dates_unparsed
    assert counted == {"date_of_birth": 1, "listed_at": 2, "expires_at": 0}


def test_rows_that_name_nobody_are_set_aside_as_they_were(deployed: Deployed) -> None:
    raw = {**NAMES_NOBODY, "listed_at": "31/12/2024", "reason": ' a "b",\r\n\\c\x00\U0001f47b'}
    deployed.insert(raw, {"customer_id": "C1"})
    manifest = deployed.call()["manifest"]
    assert rejects_of(deployed, manifest) == [
        {**dict.fromkeys(BLACKLIST.columns), **raw, "reject_reason": "NO_IDENTITY"}
    ]
    assert manifest["rejects_key"] == (
        f"control/blacklist/snapshot_date=2025-01-31/{manifest['extract_id']}/rejects.csv"
    )
    assert [row["customer_id"] for row in deployed.entries()] == ["C1"]


@pytest.mark.parametrize("line_break", ["\r", "\n", "\r\n"])
def test_a_reject_with_a_line_break_is_still_one_row(deployed: Deployed, line_break: str) -> None:
    deployed.insert({"reason": f"a{line_break}b", "source": "list"}, {"customer_id": "C1"})
    [reject] = rejects_of(deployed, deployed.call()["manifest"])
    assert (reject["reason"], reject["source"]) == (f"a{line_break}b", "list")


def rejects_of(deployed: Deployed, manifest: Row) -> list[Row]:
    return read_csv(deployed.text(manifest["rejects_key"]))


def test_the_manifest_counts_what_was_read(deployed: Deployed) -> None:
    deployed.insert(
        {"customer_id": "C1", "listed_at": "31/12/2024", "expires_at": "never"},
        {"customer_id": "C2", "listed_at": "0000-00-00", "date_of_birth": "?"},
        {"customer_id": " ", "listed_at": "soon"},
    )
    manifest = deployed.call()["manifest"]
    assert manifest["rows"] == {"read": 3, "entries": 2, "rejects": 1}
    assert manifest["newest_listed_at"] == "2024-12-31"
    assert manifest["dates_unparsed"] == {"date_of_birth": 1, "listed_at": 2, "expires_at": 1}


@PROPERTY
@given(ROWS)
def test_each_row_is_an_entry_or_a_reject_and_each_value_its_own_cleaning(
    rows: list[RawRow],
) -> None:
    texts = [
        [value.decode(errors="replace") if isinstance(value, bytes) else value for value in row]
        for row in rows
    ]
    cleaners = [cleaner_of(column) for column in BLACKLIST.columns]
    clean = [[by(v) for by, v in zip(cleaners, row, strict=True)] for row in texts]
    entries = [(*one[:6], one[6] or "unspecified", *one[7:]) for one in clean if any(one[1:5])]
    nobody = [tuple(raw) for raw, one in zip(texts, clean, strict=True) if not any(one[1:5])]
    cleaned = cleaned_rows(rows)
    assert columns_of(cleaned.entries, *BLACKLIST.columns) == entries
    assert columns_of(cleaned.rejects, *BLACKLIST.columns) == nobody


@PROPERTY
@given(ROWS)
def test_the_csv_has_one_line_an_entry_and_reads_back(rows: list[RawRow]) -> None:
    cleaned = cleaned_rows(rows)
    text = written(cleaned)
    assert len(text.splitlines()) == 1 + len(cleaned.entries)
    assert not {"\\", "\r", "\x00"} & set(text)
    header, *values = csv.reader(StringIO(text, newline=""))
    assert tuple(header) == BLACKLIST.columns
    entries = columns_of(cleaned.entries, *BLACKLIST.columns)
    assert values == [[value or "" for value in row] for row in entries]


@PROPERTY
@given(ROWS)
def test_scoring_cleans_what_was_written_and_changes_nothing(rows: list[RawRow]) -> None:
    for row in read_csv(written(cleaned_rows(rows))):
        assert {column: cleaner_of(column)(value) for column, value in row.items()} == row


@pytest.mark.parametrize("letter", ["J\u030c", "H\u0331", "\u0130\u0316", "\u03aa\u0301", "\u1e9e"])
def test_an_email_of_rare_capitals_is_clean_at_once(letter: str) -> None:
    email = clean_email(f"{letter}@x")
    assert clean_email(email) == email
