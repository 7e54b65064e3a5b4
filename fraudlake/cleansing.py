"""Raw transactions become typed rows, each with every reason to set it aside.

Nothing is dropped: a row is accepted when no reason holds, and quarantined with its raw text
otherwise. The frame that goes from function to function has one row for each row read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql import types as t

from fraudlake.input_tables import TRANSACTIONS
from fraudlake.tables import AMOUNT
from fraudlake.text import trimmed
from fraudlake.timestamps import parsed_timestamp, utc_date

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches
    from fraudlake.settings import CleansingSettings

_CURRENCY = "^[A-Z]{3}$"
_AMOUNT_PATTERN = r"^[+-]?0*[0-9]{1,12}(\.[0-9]+)?$"
_FIRST_MICROS, _LAST_MICROS = -62_135_596_800_000_000, 253_402_300_799_999_999  # 0001 to 9999
_TEXT_COLUMNS = ("transaction_id", "customer_id", "merchant_id", "channel", "country")
REJECT_REASONS = (
    "MALFORMED_ROW",
    "MISSING_TRANSACTION_ID",
    "MISSING_CUSTOMER_ID",
    "INVALID_TIMESTAMP",
    "FUTURE_TIMESTAMP",
    "TOO_LATE",
    "INVALID_AMOUNT",
    "REFUND_OR_REVERSAL",
    "ZERO_AMOUNT",
    "INVALID_CURRENCY",
    "NO_FX_RATE",
    "DUPLICATE_TRANSACTION",
)


@dataclass(frozen=True)
class Cleansed:
    """All rows of batches after cleansing: each of them as a narrow row, the accepted ones whole.

    Attributes:
        narrow: one row for each row read (`narrow_rows`), repeats marked.
        accepted: the accepted rows (`filter_accepted`); may be read anew for each use.
    """

    narrow: DataFrame
    accepted: DataFrame

    @property
    def quarantined(self) -> DataFrame:
        """The rows that are set aside (`filter_quarantined`)."""
        return filter_quarantined(self.narrow)


def raw_columns(carry: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of transactions that are kept: those of the contract, and the carried ones."""
    return (*TRANSACTIONS.columns, *carry)


def with_typed_values(raw: DataFrame, carry: tuple[str, ...]) -> DataFrame:
    """Raw values (`transaction_schema` and `batch_at`) as typed columns.

    A value that cannot be typed is null; other columns stay. The raw texts are kept in `raw`, in
    the order of their names, and null where the typed values give back the same texts. `raw_line`
    is not null for a malformed CSV line.
    """
    typed = {name: trimmed(F.col(name)) for name in (*_TEXT_COLUMNS, *carry)}
    typed["transaction_ts"] = _typed_moment(raw.schema["transaction_ts"])
    typed["amount"] = _typed_amount(raw.schema["amount"])
    typed["currency"] = parsed_currency(F.col("currency"))
    names = sorted(raw_columns(carry))
    differs = (_differs(raw.schema[name], typed[name]) for name in names)
    says_more = reduce(lambda one, other: one | other, differs)
    texts = F.struct(*(F.col(name).cast("string").alias(name) for name in names))
    return raw.select(
        *(name for name in raw.columns if name not in typed),
        F.when(says_more, texts).alias("raw"),
        *(column.alias(name) for name, column in typed.items()),
    )


def _typed_moment(field: t.StructField) -> Column:
    column = F.col(field.name)
    if isinstance(field.dataType, t.TimestampType):
        return F.when(_is_in_calendar(column), column)
    return parsed_timestamp(trimmed(column))


def _typed_amount(field: t.StructField) -> Column:
    column = F.col(field.name)
    return column.cast(AMOUNT) if _is_decimal(field) else parsed_amount(trimmed(column))


def _differs(field: t.StructField, typed: Column) -> Column:
    """Whether the raw text of a value may differ from that of its typed value."""
    if _is_decimal(field):
        return F.lit(field.dataType != AMOUNT)
    is_typed = isinstance(field.dataType, t.TimestampType)
    if field.name in ("transaction_ts", "amount") and not is_typed:
        return F.lit(True)
    return ~typed.eqNullSafe(F.col(field.name))


def _is_in_calendar(moment: Column) -> Column:
    return F.unix_micros(moment).between(_FIRST_MICROS, _LAST_MICROS)


def _is_decimal(field: t.StructField) -> bool:
    return isinstance(field.dataType, t.DecimalType)


def raw_text(name: str) -> Column:
    """The text of a value as it was read."""
    kept, typed = F.col(f"raw.{name}"), F.col(name).cast("string")
    return F.when(F.col("raw").isNotNull(), kept).otherwise(typed)


def parsed_amount(text: Column) -> Column:
    """Digits with an optional sign and fraction, rounded half up to 4 decimals; null if not so.

    At most 12 digits before the point, leading zeros aside. No exponent, no separator, no NaN.
    """
    return F.when(text.rlike(_AMOUNT_PATTERN), text.cast(AMOUNT))


def parsed_currency(text: Column) -> Column:
    """Three ASCII letters in upper case; null if not so."""
    code = F.upper(trimmed(text))
    # Most are, and a pattern is dear.
    return F.when((code == "USD") | code.rlike(_CURRENCY), code)


def with_reject_mask(rows: DataFrame, batches: Batches, settings: CleansingSettings) -> DataFrame:
    """Add `reject_mask` to typed and converted rows: a bit for each reason that holds.

    Bits stand in the order of REJECT_REASONS; that of DUPLICATE_TRANSACTION comes later.
    """
    holds = _reasons_that_hold(batches, settings)
    bits = [F.when(condition, bit_of(reason)).otherwise(0) for reason, condition in holds.items()]
    others = reduce(lambda one, other: one + other, bits)
    is_malformed = F.col("raw_line").isNotNull()
    mask = F.when(is_malformed, bit_of("MALFORMED_ROW")).otherwise(others)
    return rows.withColumn("reject_mask", mask)


def bit_of(reason: str) -> Column:
    """The bit of a reason in `reject_mask`."""
    return F.lit(1 << REJECT_REASONS.index(reason))


def reasons_of(mask: int) -> list[str]:
    """The reasons in a `reject_mask`, in the order of the contract."""
    return [one for at, one in enumerate(REJECT_REASONS) if mask & (1 << at)]


def _reasons_that_hold(batches: Batches, settings: CleansingSettings) -> dict[str, Column]:
    """Each reason that a row can have by itself, in the order in which they are listed."""
    moment, amount = F.col("transaction_ts"), F.col("amount")
    # Written out: Spark asks the calendar for each row otherwise.
    ahead = timedelta(hours=24 + settings.future_hours) // timedelta(microseconds=1)
    latest = batches.value_at([midnight + ahead for midnight in batches.starts_micros()])
    oldest = batches.value_at(
        [day - timedelta(days=settings.too_late_days) for day in batches.dates]
    )
    can_have_rate = F.col("currency").isNotNull() & moment.isNotNull()
    does_not_fit = (amount > 0) & F.col("fx_rate").isNotNull() & F.col("amount_usd").isNull()
    return {
        "MISSING_TRANSACTION_ID": F.col("transaction_id").isNull(),
        "MISSING_CUSTOMER_ID": F.col("customer_id").isNull(),
        "INVALID_TIMESTAMP": moment.isNull(),
        "FUTURE_TIMESTAMP": F.unix_micros(moment) > latest,
        "TOO_LATE": utc_date(moment) < oldest,
        "INVALID_AMOUNT": amount.isNull() | does_not_fit,
        "REFUND_OR_REVERSAL": amount < 0,
        "ZERO_AMOUNT": amount == 0,
        "INVALID_CURRENCY": F.col("currency").isNull(),
        "NO_FX_RATE": can_have_rate & ~F.col("has_fx_rate"),
    }


def narrow_rows(judged: DataFrame, carry: tuple[str, ...]) -> DataFrame:
    """Of judged rows what batches and customers are summed up from, and all of the rejected ones.

    Out: batch_at, id_hash, customer_id, transaction_ts, cents, foreign_rate_date (of the rate,
    null for USD), reject_mask, and `rejected`: raw text and raw_line where a reason holds.
    """
    texts = F.struct(*(raw_text(name).alias(name) for name in raw_columns(carry)), "raw_line")
    return judged.select(
        *("batch_at", "id_hash", "customer_id", "transaction_ts", "cents"),
        F.when(F.col("currency") != "USD", F.col("fx_rate_date")).alias("foreign_rate_date"),
        "reject_mask",
        F.when(F.col("reject_mask") != 0, texts).alias("rejected"),
    )


def filter_accepted(judged: DataFrame) -> DataFrame:
    """The rows that no reason sets aside, with their typed columns only."""
    return judged.where("reject_mask = 0").drop("raw", "raw_line", "reject_mask", "has_fx_rate")


def filter_quarantined(narrow: DataFrame) -> DataFrame:
    """The rows that are set aside (`quarantine_schema`, and `batch_at`)."""
    reasons = reject_reasons().alias("reject_reasons")
    return narrow.where("reject_mask != 0").select("batch_at", "rejected.*", reasons)


def reject_reasons() -> Column:
    """The reasons in `reject_mask`, in the order of the contract; an empty array without any."""
    named = [
        F.when(F.col("reject_mask").bitwiseAND(bit_of(one)) != 0, F.lit(one))
        for one in REJECT_REASONS
    ]
    return F.array_compact(F.array(*named))
