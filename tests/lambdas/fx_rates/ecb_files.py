"""Builds files as the ECB publishes them, of a few days and currencies."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from fraudlake.ecb import Rate, parse_rates

if TYPE_CHECKING:
    from collections.abc import Mapping

    Days = Mapping[str, Mapping[str, str]]


def days(*names: str, jpy: str = "180.0") -> Days:
    """Days with the same rates of the dollar and the yen."""
    return {name: {"USD": "1.20", "JPY": jpy} for name in names}


def ecb_lines(file: Days) -> list[str]:
    """Units per euro by day and currency as lines; the days in the order given."""
    currencies = list(dict.fromkeys(currency for cells in file.values() for currency in cells))
    rows = [[day, *(cells.get(name, "N/A") for name in currencies)] for day, cells in file.items()]
    return [",".join([*row, ""]) for row in [["Date", *currencies], *rows]]


def ecb_zip(file: Days) -> bytes:
    return zipped(**{"eurofxref.csv": "\n".join(ecb_lines(file))})


def zipped(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


def ecb_rates(file: Days) -> list[Rate]:
    """The rates of such a file, in the order of its days."""
    return list(parse_rates(ecb_lines(file)))


def rate(day: str, currency: str, usd_per_unit: str) -> Rate:
    return Rate(date.fromisoformat(day), currency, Decimal(usd_per_unit))
