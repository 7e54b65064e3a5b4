from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fraudlake.ecb import open_rates_file, parse_rates
from lambdas.fx_rates.target_days import easter_sunday, is_publication_day, publication_days

# Twelve unchanged days of the ECB's euro foreign exchange reference rates.
HISTORY = Path(__file__).parents[2] / "fixtures" / "ecb" / "eurofxref-hist.csv"


@pytest.mark.parametrize(
    "day",
    ["1999-04-04", "2000-04-23", "2008-03-23", "2011-04-24", "2019-04-21", "2024-03-31",
     "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2049-04-18", "2285-03-22"],
)  # fmt: skip
def test_easter_sunday_is_that_of_the_calendar(day: str) -> None:
    assert easter_sunday(int(day[:4])) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "day",
    ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2025-12-25", "2025-12-26",
     "1999-01-01", "1999-12-31", "2001-12-31", "2026-04-11", "2026-04-12"],
)  # fmt: skip
def test_no_rates_are_published_on_holidays_and_weekends(day: str) -> None:
    assert not is_publication_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    "day",
    ["2026-04-02", "2026-04-07", "2026-12-24", "2025-12-31", "2000-12-29", "2026-05-25",
     "1999-04-02", "1999-04-05"],
)  # fmt: skip
def test_rates_are_published_on_other_weekdays_and_on_easter_of_1999(day: str) -> None:
    assert is_publication_day(date.fromisoformat(day))


def test_the_days_of_the_published_file_are_publication_days() -> None:
    days = {rate.rate_date for rate in parse_rates(open_rates_file(HISTORY))}
    assert len(days) == 12
    assert all(is_publication_day(day) for day in days)


def test_a_range_has_both_its_ends() -> None:
    days = publication_days(date(2026, 4, 2), date(2026, 4, 8))
    assert days == [date(2026, 4, 2), date(2026, 4, 7), date(2026, 4, 8)]
    assert publication_days(date(2026, 4, 8), date(2026, 4, 7)) == []
