"""The one grammar of points in time, shared by transactions, customers and the blacklist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column

# YYYY-MM-DD, T or one space, HH:MM[:SS[.f..]], optional Z or offset (HH, HHMM or HH:MM). The year
# 0000 is no year of the calendar, and offsets end at 18:00.
TIMESTAMP_PATTERN = (
    r"^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"(Z|[+-](0[0-9]|1[0-7])(:?[0-5][0-9])?|[+-]18(:?00)?)?$"
)
_MICROS_A_DAY = 86_400_000_000
_TO_MINUTES = len("YYYY-MM-DDTHH:MM")


def parsed_timestamp(text: Column) -> Column:
    """The UTC moment of a trimmed text, cut to microseconds; null when it is no such moment.

    Needs a session in UTC without ANSI mode, where Spark's cast refuses a moment that does not
    exist (February 30, 24:00, second 60) with null.
    """
    return F.when(text.rlike(TIMESTAMP_PATTERN), _with_seconds(text).cast("timestamp"))


def utc_date(moment: Column) -> Column:
    """The UTC date of a moment: `to_date` in a session in UTC, by whole numbers alone."""
    micros = F.unix_micros(moment)
    midnight = micros - F.pmod(micros, F.lit(_MICROS_A_DAY))
    return F.date_from_unix_date(F.call_function("div", midnight, F.lit(_MICROS_A_DAY)).cast("int"))


def _with_seconds(text: Column) -> Column:
    """Spark's cast takes an offset only behind seconds."""
    has_seconds = F.substring(text, _TO_MINUTES + 1, 1) == ":"
    minutes = F.substring(text, 1, _TO_MINUTES)
    rest = F.substring(text, _TO_MINUTES + 1, 1_000)
    return F.when(has_seconds, text).otherwise(F.concat(minutes, F.lit(":00"), rest))
