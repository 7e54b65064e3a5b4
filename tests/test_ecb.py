from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraudlake.ecb import Rate, open_rates_file, parse_rates, rates_text
from fraudlake.errors import InputError

# Twelve unchanged days of the ECB's euro foreign exchange reference rates.
HISTORY = Path(__file__).parent / "fixtures" / "ecb" / "eurofxref-hist.csv"


def rates_of(*lines: str) -> dict[str, str]:
    return {rate.currency: str(rate.usd_per_unit) for rate in parse_rates(lines)}


@pytest.mark.parametrize(
    ("day", "currency", "expected"),
    [
        ("2026-04-13", "EUR", "1.1684000000"),
        ("2026-04-13", "USD", "1.0000000000"),
        ("2026-04-13", "JPY", "0.0062564926"),
        ("2026-04-13", "GBP", "1.3420937766"),
        ("2025-12-31", "BGN", "0.6007771756"),
        ("2022-03-01", "RUB", "0.0095238095"),
        ("2005-01-03", "TRY", "0.7441873278"),
        ("1999-01-04", "TRL", "0.0000031668"),
    ],
)
def test_rates_of_real_days(day: str, currency: str, expected: str) -> None:
    rates = {(str(r.rate_date), r.currency): r for r in parse_rates(open_rates_file(HISTORY))}
    assert f"{rates[day, currency].usd_per_unit:f}" == expected


def test_a_currency_has_no_rate_on_days_with_not_available() -> None:
    held = {(str(r.rate_date), r.currency) for r in parse_rates(open_rates_file(HISTORY))}
    assert ("2022-03-01", "RUB") in held
    assert ("2022-03-02", "RUB") not in held
    assert ("2004-12-31", "TRY") not in held


@pytest.mark.parametrize("cell", ["N/A", "", "  ", " N/A "])
def test_an_empty_or_not_available_cell_is_no_rate(cell: str) -> None:
    rates = rates_of("Date,USD,JPY,GBP,", f"2026-01-02,1.2,{cell},0.8,")
    assert rates == {"EUR": "1.2000000000", "USD": "1.0000000000", "GBP": "1.5000000000"}


def test_an_empty_last_cell_is_no_rate() -> None:
    assert rates_of("Date,USD,JPY", "2026-01-02,1.2,").keys() == {"EUR", "USD"}


@pytest.mark.parametrize("usd", ["N/A", ""])
def test_a_day_without_a_dollar_rate_gives_no_rates(usd: str) -> None:
    assert rates_of("Date,USD,JPY,", f"2026-01-02,{usd},183.94,") == {}


def test_the_file_of_one_day_has_blanks_and_long_dates() -> None:
    lines = ["Date, USD, JPY, ", "3 November 2026, 1.1721, 183.94, "]
    assert list(parse_rates(lines)) == [
        Rate(date(2026, 11, 3), "EUR", Decimal("1.1721")),
        Rate(date(2026, 11, 3), "USD", Decimal(1)),
        Rate(date(2026, 11, 3), "JPY", Decimal("0.0063721866")),
    ]


def test_newest_first_and_oldest_first_give_the_same_rates() -> None:
    header, *days = open_rates_file(HISTORY)
    assert sorted(parse_rates([header, *days])) == sorted(parse_rates([header, *reversed(days)]))


def test_blank_lines_and_a_byte_order_mark_are_no_fault() -> None:
    assert rates_of("\ufeffDate,USD,", "", "2026-01-02,1.2,", "  ").keys() == {"EUR", "USD"}


@pytest.mark.parametrize(
    ("usd", "expected"),
    [
        ("1.00000000005", "1.0000000001"),
        ("1.00000000015", "1.0000000002"),
        ("1.00000000004999999999", "1.0000000000"),
        # 36 digits: a quotient rounded to 28 digits first would be rounded up.
        ("1.00000000004999999999999999999999999", "1.0000000000"),
    ],
)
def test_rates_are_rounded_half_up_once(usd: str, expected: str) -> None:
    assert rates_of("Date,USD", f"2026-01-02,{usd}")["EUR"] == expected


@given(
    usd=st.decimals("0.5", "2", places=4),
    units=st.decimals("0.0001", "2000000", places=4),
)
def test_a_rate_is_the_quotient_half_up(usd: Decimal, units: Decimal) -> None:
    precise = Context(prec=200)
    expected = precise.divide(usd, units).quantize(
        Decimal("1e-10"), rounding=ROUND_HALF_UP, context=precise
    )
    assert Decimal(rates_of("Date,USD,XXX", f"2026-01-02,{usd},{units}")["XXX"]) == expected


@pytest.mark.parametrize(
    "header",
    ["rate_date,currency,usd_per_unit", "Date", "Date,", "Date,USD,yen", "Date,USD,,JPY",
     "Date,USD,USD", "Date,USD,EUR", "Day,USD,JPY", "<html>"],
)  # fmt: skip
def test_another_layout_is_refused(header: str) -> None:
    with pytest.raises(InputError, match=r"line 1: expected the header Date,USD,.*unchanged"):
        list(parse_rates([header, "2026-01-02,1.2,3"]))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(InputError, match=r"line 1: expected the header .* found ''"):
        list(parse_rates([]))


def test_a_file_without_dollar_column_is_refused() -> None:
    with pytest.raises(InputError, match="line 1: there is no column USD"):
        list(parse_rates(["Date,JPY,GBP,", "2026-01-02,183.94,0.87,"]))


@pytest.mark.parametrize("line", ["2026-01-02,1.2", "2026-01-02,1.2,3,4,5", "2026-01-02"])
def test_a_line_of_another_width_is_refused(line: str) -> None:
    with pytest.raises(InputError, match=r"line 2: \d cells after the date, 3 in the header"):
        list(parse_rates(["Date,USD,JPY,", line]))


def test_a_rate_in_the_column_without_name_is_refused() -> None:
    with pytest.raises(InputError, match="line 2: '7' is in a column without a name"):
        list(parse_rates(["Date,USD,", "2026-01-02,1.2,7"]))


@pytest.mark.parametrize(
    "day",
    ["", "02/01/2026", "2026-02-30", "20260102", "2026-W01-5", "2 Brumaire 2026",
     "31 November 2026", "2 January 26", "2 January 2026 CET", "x January 2026"],
)  # fmt: skip
def test_a_date_that_does_not_parse_is_refused(day: str) -> None:
    with pytest.raises(InputError, match=r"line 3: '.*' is no date such as 2026-11-23"):
        list(parse_rates(["Date,USD,JPY", "2026-01-05,1.2,3", f"{day},1.2,3"]))


@pytest.mark.parametrize(
    "cell", ["0", "0.0000", "-1.2", "+1.2", "NaN", "Infinity", "1e3", "1_000", "1.", ".5", "1 2"]
)
def test_a_rate_that_is_no_positive_number_is_refused(cell: str) -> None:
    with pytest.raises(InputError, match=r"line 2: '.*' in column JPY is no positive number"):
        list(parse_rates(["Date,USD,JPY", f"2026-01-02,1.2,{cell}"]))


@pytest.mark.parametrize("units", ["1000000000000", "0.00000001"])
def test_a_rate_outside_the_column_type_is_refused(units: str) -> None:
    with pytest.raises(InputError, match=r"line 2: .* do not fit decimal\(18,10\)"):
        list(parse_rates(["Date,USD,XXX", f"2026-01-02,1.2,{units}"]))


def test_the_same_date_twice_is_refused_with_both_lines() -> None:
    lines = ["Date,USD,", "2026-01-02,1.2,", "", "2 January 2026,1.2,"]
    with pytest.raises(InputError, match="line 4: the date 2026-01-02 was on line 2 already"):
        list(parse_rates(lines))


def test_small_rates_are_written_without_an_exponent() -> None:
    rate = Rate(date(1999, 1, 4), "TRL", Decimal("0.0000000001"))
    assert rates_text([rate]).splitlines()[1] == "1999-01-04,TRL,0.0000000001"


def test_the_module_needs_the_standard_library_only() -> None:
    # -S leaves the installed packages out.
    code = "import fraudlake.ecb"
    root = Path(__file__).parents[1]
    run = subprocess.run([sys.executable, "-S", "-c", code], cwd=root, check=False)
    assert run.returncode == 0
