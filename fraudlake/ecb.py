"""Turns the euro reference rates of the European Central Bank into the table fx_rates.

The ECB publishes units of a currency per euro, one column a currency; fx_rates wants US dollars
per unit, one row a currency and day. Imports the standard library only: a Lambda carries it.

Source: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/
(eurofxref-hist.zip with all days since 1999, eurofxref.zip with the newest day).
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from math import floor
from typing import IO, TYPE_CHECKING

from fraudlake.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DECIMALS = 10
UNPACKED_MOST = 32 * 2**20  # bytes; the history of 27 years has 2 million
MISSING = frozenset({"", "N/A"})
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
HOW_TO_GET = "Import a CSV, zip or gzip file of the ECB's euro reference rates unchanged"


@dataclass(frozen=True, order=True, slots=True)
class Rate:
    """US dollars for one unit of a currency on a day, half up to 10 decimals."""

    rate_date: date
    currency: str
    usd_per_unit: Decimal


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """What an import wrote: numbers of days, currencies and rates, date range, files by year."""

    days: int
    currencies: int
    rates: int
    first: date
    last: date
    files: tuple[Path, ...]


def import_rates(
    path: Path, out: Path, first: date | None = None, last: date | None = None
) -> ImportSummary:
    """Write the rates of an ECB file as `out/fx_rates_<year>.csv`, a file a year.

    The same input gives the same bytes. A file is replaced as a whole: a range that starts or
    ends within a year leaves the rest of that year out.

    Args:
        path: the ECB's file: CSV, or its zip or gzip.
        out: folder to write to, made when it is not there.
        first: first day to write, None for the first of the file.
        last: last day to write, None for the last of the file.

    Raises:
        InputError: the file is not what the ECB publishes, or has no rate in the range.
    """
    found = sorted(parse_rates(open_rates_file(path)))
    start, end = first or date.min, last or date.max
    rates = [rate for rate in found if start <= rate.rate_date <= end]
    if not rates:
        raise InputError(_nothing_to_import(path, found, first, last))
    out.mkdir(parents=True, exist_ok=True)
    by_year = groupby(rates, key=lambda rate: rate.rate_date.year)
    return _summary(rates, tuple(_write_year(out, year, group) for year, group in by_year))


def open_rates_file(path: Path) -> Iterator[str]:
    """Return the lines of a rates file: plain, gzip or zip, told apart by their first bytes.

    Raises:
        InputError: the file cannot be read or unpacked, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). {HOW_TO_GET}") from error
    return unpack_lines(data, str(path))


def unpack_lines(data: bytes, name: str) -> Iterator[str]:
    """Return the lines in the bytes of a rates file; `name` is for errors.

    Raises:
        InputError: the bytes cannot be unpacked, are not UTF-8, or have over `UNPACKED_MOST` bytes.
    """
    try:
        with _opened(data, name) as unpacked:
            content = unpacked.read(UNPACKED_MOST + 1)
        if len(content) > UNPACKED_MOST:
            raise InputError(f"{name}: more than {UNPACKED_MOST} bytes unpacked. {HOW_TO_GET}")
        return iter(content.decode("utf-8-sig").splitlines())
    except (OSError, EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(f"{name}: broken, or not UTF-8 ({error}). {HOW_TO_GET}") from error


def parse_rates(lines: Iterable[str]) -> Iterator[Rate]:
    """Turn the ECB's wide layout into rates, the days in the order of the lines.

    The layout: a header `Date,USD,JPY,...`, a line a day with units per euro; blanks around cells
    and a comma at the end are allowed; an empty cell or `N/A` is no rate. A rate is USD per euro /
    units per euro; the euro itself is USD per euro. A day without a dollar rate gives no rates.

    Raises:
        InputError: another layout, a date or rate that does not parse, a date twice.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    currencies = _currencies(*next(numbered, (1, "")))
    lines_by_date: dict[date, int] = {}
    for number, line in numbered:
        day, *cells = _cells(line)
        rate_date = _new_date(number, day, lines_by_date)
        by_currency = _cells_by_currency(number, cells, currencies)
        yield from _rates_of_day(number, rate_date, by_currency)


def rates_text(rates: Iterable[Rate]) -> str:
    r"""Return rates as the CSV text of fx_rates: header, exactly 10 decimals, `\n` line ends."""
    rows = (f"{rate.rate_date},{rate.currency},{rate.usd_per_unit:.10f}\n" for rate in rates)
    return "rate_date,currency,usd_per_unit\n" + "".join(rows)


def _currencies(number: int, header: str) -> list[str]:
    title, *currencies = _cells(header.removeprefix("\ufeff"))
    named = currencies[:-1] if currencies[-1:] == [""] else currencies  # lines end with a comma
    codes = {currency for currency in named if re.fullmatch("[A-Z]{3}", currency)} - {"EUR"}
    if title != "Date" or not named or len(codes) < len(named):
        raise _error(number, f"expected the header Date,USD,JPY,... and found {header[:60]!r}")
    if "USD" not in codes:
        raise _error(number, "there is no column USD, and without it no rate to the dollar")
    return currencies


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split(",")]


def _cells_by_currency(number: int, cells: list[str], currencies: list[str]) -> dict[str, str]:
    if len(cells) != len(currencies):
        raise _error(number, f"{len(cells)} cells after the date, {len(currencies)} in the header")
    return dict(zip(currencies, cells, strict=True))


def _new_date(number: int, text: str, lines_by_date: dict[date, int]) -> date:
    day = _date(number, text)
    if day in lines_by_date:
        raise _error(number, f"the date {day} was on line {lines_by_date[day]} already")
    lines_by_date[day] = number
    return day


def _date(number: int, text: str) -> date:
    iso = text
    match text.split(" "):
        case [day, month, year] if month in MONTHS:  # how the file of one day writes it
            iso = f"{year}-{MONTHS.index(month) + 1:02}-{day:0>2}"
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", iso):
        with suppress(ValueError):  # no such day, said below
            return date.fromisoformat(iso)
    raise _error(number, f"{text!r} is no date such as 2026-11-23 or 23 November 2026")


def _rates_of_day(number: int, day: date, cells: dict[str, str]) -> Iterator[Rate]:
    given = [(currency, cell) for currency, cell in cells.items() if cell not in MISSING]
    per_euro = {currency: _per_euro(number, currency, cell) for currency, cell in given}
    if "USD" in per_euro:
        for currency, units in {"EUR": Decimal(1), **per_euro}.items():
            yield Rate(day, currency, _usd_per_unit(number, currency, per_euro["USD"], units))


def _per_euro(number: int, currency: str, cell: str) -> Decimal:
    if not currency:
        raise _error(number, f"{cell!r} is in a column without a name")
    if not re.fullmatch(r"[0-9]+([.][0-9]+)?", cell) or not Decimal(cell):
        raise _error(number, f"{cell!r} in column {currency} is no positive number")
    return Decimal(cell)


def _usd_per_unit(number: int, currency: str, usd: Decimal, units: Decimal) -> Decimal:
    # Exact: a Decimal quotient would be rounded once before it is rounded to 10 decimals.
    scaled = Fraction(usd) / Fraction(units) * 10**DECIMALS
    rate = Decimal(floor(scaled + Fraction(1, 2))).scaleb(-DECIMALS)
    if not 0 < rate < 10**8:  # usd_per_unit is decimal(18,10)
        raise _error(number, f"{units} {currency} and {usd} USD per euro do not fit decimal(18,10)")
    return rate


def _error(number: int, problem: str) -> InputError:
    return InputError(f"ECB rates, line {number}: {problem}. {HOW_TO_GET}")


def _opened(data: bytes, name: str) -> IO[bytes] | gzip.GzipFile:
    if data.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=io.BytesIO(data))
    if not data.startswith(b"PK\x03\x04"):
        return io.BytesIO(data)
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = archive.infolist()
    if len(members) != 1:
        raise InputError(f"{name}: {len(members)} files in the zip, expected 1. {HOW_TO_GET}")
    if members[0].compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise InputError(f"{name}: a zip that is not deflated. {HOW_TO_GET}")
    return archive.open(members[0])


def _nothing_to_import(path: Path, found: list[Rate], first: date | None, last: date | None) -> str:
    asked = f"from {first or 'the start'} to {last or 'the end'}"
    held = f"it has {found[0].rate_date} to {found[-1].rate_date}" if found else "it has none"
    return f"{path}: no rates {asked}; {held}. {HOW_TO_GET}"


def _write_year(out: Path, year: int, rates: Iterable[Rate]) -> Path:
    target = out / f"fx_rates_{year}.csv"
    partial = out / f".{target.name}.partial"  # hidden: readers of the folder pass over it
    partial.write_bytes(rates_text(rates).encode())
    return partial.replace(target)


def _summary(rates: list[Rate], files: tuple[Path, ...]) -> ImportSummary:
    return ImportSummary(
        days=len({rate.rate_date for rate in rates}),
        currencies=len({rate.currency for rate in rates}),
        rates=len(rates),
        first=rates[0].rate_date,
        last=rates[-1].rate_date,
        files=files,
    )
