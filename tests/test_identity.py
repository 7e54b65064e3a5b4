"""Cleaning of what identifies a person: the same in the extract and in scoring."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraudlake.identity import clean_date, clean_email, clean_phone, clean_text
from tests.oracle import spec_text

MISSING = ["", "N/A", "n/a", "NA", "na", "NULL", "null", "NONE", "None", "UNKNOWN", "Unknown", "-"]


@pytest.mark.parametrize("clean", [clean_text, clean_email, clean_phone, clean_date])
def test_what_stands_for_nothing_is_missing(clean: type) -> None:
    blank = [" ", "\t\n", "\u2003", "\x00", "\\", " \\ ", " - ", "\uff0d", " n/a\u00a0", None]
    assert [one for one in [*MISSING, *blank] if clean(one) is not None] == []


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Ann Lee", "Ann Lee"),
        ("  Ann \t\u2003 Lee\u00a0", "Ann Lee"),
        ("Ann\x00Lee", "Ann Lee"),
        ("Ann\x7fLee", "Ann Lee"),
        ("Ann\x85Lee", "Ann Lee"),
        ("Ann\x9fLee", "Ann Lee"),
        ("Ann\x1bLee", "Ann Lee"),
        ("O\\'Neil", "O 'Neil"),
        ("\uff21nn", "Ann"),
        ("\ufb01ne", "fine"),
        ("e\u0301", "\u00e9"),
        ("\u2460", "1"),
        ("\uff3c\u0041", "A"),
        ("Ann\u200bLee", "Ann\u200bLee"),
        ("N.A.", "N.A."),
        ("NAN", "NAN"),
        ("--", "--"),
        ("null island", "null island"),
    ],
)
def test_text_is_composed_and_its_white_space_collapsed(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


def test_cleaning_twice_changes_nothing() -> None:
    raw = "\uff21nn\u2003\x00 O\\'Neil \ufb01 e\u0301"
    once = clean_text(raw)
    assert clean_text(once) == once


def test_an_email_is_lower_case() -> None:
    assert clean_email(" Ann.LEE@Example.COM\n") == "ann.lee@example.com"
    assert clean_email("\u00c4@X") == "\u00e4@x"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("+49 (30) 123-456", "+4930123456"),
        ("0049 30 123456", "004930123456"),
        (" +1.555.0100 ", "+15550100"),
        ("\uff0b1555010", "+1555010"),
        ("1234567", "1234567"),
        ("123456", None),
        ("+123456", None),
        ("1111111", None),
        ("+000 000 000", None),
        ("11111112", "11111112"),
        ("49+30123456", "4930123456"),
        ("tel: 1234567", "1234567"),
        ("\u0661\u0662\u0663\u0664\u0665\u0666\u0667", None),
        ("\uff11\uff12\uff13\uff14\uff15\uff16\uff17", "1234567"),
        ("call me", None),
    ],
)
def test_a_phone_is_its_ascii_digits(raw: str, clean: str | None) -> None:
    assert clean_phone(raw) == clean


@pytest.mark.parametrize(
    "raw",
    [
        "2024-12-31",
        " 2024-12-31 ",
        "2024-12-31T23:59:59",
        "2024-12-31 23:59",
        "2024-12-31T23:59:59.999999999Z",
        "2024-12-31 22:00:00-01:59",
        "2025-01-01T01:00:00+01:01",
        "2025-01-01T01:00+0200",
        "2025-01-01 17:59+18",
        "31/12/2024",
        "31-12-2024",
        "31.12.2024",
        "20241231",
        "31 Dec 2024",
        "31 DEC 2024",
        "31\u2003dec\u00a02024",
        "\uff13\uff11/12/2024",
    ],
)
def test_every_form_of_the_last_of_december(raw: str) -> None:
    assert clean_date(raw) == date(2024, 12, 31)


def test_a_day_comes_before_its_month() -> None:
    assert clean_date("01/02/2024") == clean_date("1.2.2024") == date(2024, 2, 1)
    assert clean_date("1 Feb 2024") == date(2024, 2, 1)


@pytest.mark.parametrize(
    "raw",
    [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "2024-02-30",
        "2023-02-29",
        "12/31/2024",
        "31/12/24",
        "31/12-2024",
        "2024/12/31",
        "20241301",
        "31 Dez 2024",
        "31 December 2024",
        "Dec 31 2024",
        "2024-12-31T24:00",
        "2024-12-31T23:60",
        "2024-12-31T23:59:59+18:01",
        "2024-12-31T23:59:59+02:60",
        "2024-12-31x",
        "2024-12",
        "1735603200",
        "\u0662\u0660\u0662\u0664-12-31",
        "0001-01-01T00:00+01:00",
    ],
)
def test_what_is_no_date_is_missing(raw: str) -> None:
    assert clean_date(raw) is None


# What the fast ways for plain ASCII could get wrong, among any other text.
PARTS = [
    *("n", "/", "A", "-", "none", "UNKNOWN", " ", "\t", "\x00", "\x1f", "\x7f", "\x85", "\\"),
    *("+", "1234567", "11", "\uff11", "\uff0b", "\u0661", "\u3000", "\u200b", "\u0301", "e\u0301"),
    *("\uff2e", "\u017f", "\u0131", "\u0130", "\u00df", "\ufb01", "\u2460", "\u1100", "\u1161"),
    *("2024-12-31", "T", "23:30", "Z", "+01:00", "31", ".", "12", "Dec", "2024", "0000"),
]
TEXTS = st.one_of(st.lists(st.sampled_from(PARTS), max_size=8).map("".join), st.text(max_size=12))


@settings(max_examples=1500, deadline=None, derandomize=True, database=None)
@given(TEXTS)
def test_any_text_is_cleaned_as_the_second_implementation_does(raw: str) -> None:
    for clean, expected in (
        (clean_text, spec_text.clean_text),
        (clean_email, spec_text.clean_email),
        (clean_phone, spec_text.clean_phone),
        (clean_date, spec_text.clean_date),
    ):
        assert clean(raw) == expected(raw), clean.__name__
