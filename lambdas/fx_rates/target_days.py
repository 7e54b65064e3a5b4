"""Days on which the ECB publishes reference rates: weekdays that are no holiday of TARGET.

TARGET is the euro's payment system. Source: its long-term calendar since 2000; the fewer
holidays of 1999, and the last days of 1999 and 2001, are those of the published history.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

SATURDAY = 5
LONG_TERM_SINCE = 2000  # before, Good Friday and Easter Monday were days like others
ONCE = frozenset({date(1999, 12, 31), date(2001, 12, 31)})  # for the year 2000, and for the cash


def publication_days(first: date, last: date) -> list[date]:
    """Return the publication days from `first` to `last`, both included."""
    days = (first + timedelta(number) for number in range((last - first).days + 1))
    return [day for day in days if is_publication_day(day)]


def is_publication_day(day: date) -> bool:
    """Whether the ECB publishes rates on a day."""
    return day.weekday() < SATURDAY and day not in holidays(day.year)


@cache
def holidays(year: int) -> frozenset[date]:
    """Return the holidays of TARGET in a year."""
    always = {date(year, 1, 1), date(year, 12, 25)} | {day for day in ONCE if day.year == year}
    if year < LONG_TERM_SINCE:
        return frozenset(always)
    easter = easter_sunday(year)
    around_easter = {easter - timedelta(2), easter + timedelta(1)}
    return frozenset(always | around_easter | {date(year, 5, 1), date(year, 12, 26)})


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar, by the anonymous algorithm.

    Source: Nature, 20 April 1876, as in Meeus, Astronomical Algorithms, chapter 8; the letters
    are theirs.
    """
    a = year % 19
    b, c = divmod(year, 100)
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)
