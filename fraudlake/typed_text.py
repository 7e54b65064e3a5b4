"""Typed values as text that reads back as the same value."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as t

_PLAIN_PLACES = 6  # Spark writes smaller decimals with an exponent


def says_all(field: t.StructField) -> bool:
    """Whether a value says all that its text would say: times, decimals of few places."""
    kind = field.dataType
    if isinstance(kind, t.DecimalType):
        return 0 <= kind.scale <= _PLAIN_PLACES
    return isinstance(kind, t.TimestampType)


def as_text(field: t.StructField, nanoseconds: frozenset[str]) -> Column:
    """The text of a column; `nanoseconds` names those whose numbers are times in nanoseconds."""
    column = F.col(f"`{field.name}`")
    # Arrow also calls the 96-bit times of older Spark nanoseconds; Spark reads them as times.
    if field.name in nanoseconds and isinstance(field.dataType, t.LongType):
        # In whole numbers: as a double, nanoseconds of our days would be off by some 100.
        column = F.expr(f"timestamp_micros((`{field.name}` - pmod(`{field.name}`, 1000)) div 1000)")
    text = column.cast("string")
    if isinstance(field.dataType, t.FractionalType):
        return F.when(text.contains("E"), _without_exponent(text)).otherwise(text)
    return text


def _without_exponent(text: Column) -> Column:
    """1.0E7 as 10000000.0...; numbers beyond 20 digits stay as they are."""
    plain = F.translate(F.format_number(text.cast("decimal(38,18)"), 18), ",", "")
    return F.coalesce(plain, text)
