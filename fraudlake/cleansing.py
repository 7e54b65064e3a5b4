"""Raw transactions become typed rows, each with every reason to set it aside.

Nothing is dropped: a row is accepted when no reason holds, and quarantined with its raw text
otherwise. The frame that goes from function to function has one row for each row read.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake.input_tables import TRANSACTIONS
from fraudlake.tables import AMOUNT
from fraudlake.text import trimmed
from fraudlake.timestamps import parsed_timestamp

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fraudlake.settings import CleansingSettings

_AMOUNT_PATTERN = r"^[+-]?0*[0-9]{1,12}(\.[0-9]+)?$"
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


def raw_columns(carry: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of transactions that are kept: those of the contract, and the carried ones."""
    return (*TRANSACTIONS.columns, *carry)


def with_typed_values(raw: DataFrame, carry: tuple[str, ...]) -> DataFrame:
    """Raw text (`transaction_schema`) as typed columns, the raw text beside them in `raw`.

    A value that cannot be typed is null. `raw_line` is not null for a malformed CSV line.
    """
    texts = {name: trimmed(F.col(name)) for name in (*_TEXT_COLUMNS, *carry)}
    return raw.select(
        F.struct(*raw_columns(carry)).alias("raw"),
        "raw_line",
        *(column.alias(name) for name, column in texts.items()),
        parsed_timestamp(trimmed(F.col("transaction_ts"))).alias("transaction_ts"),
        parsed_amount(trimmed(F.col("amount"))).alias("amount"),
        parsed_currency(F.col("currency")).alias("currency"),
    )


def parsed_amount(text: Column) -> Column:
    """Digits with an optional sign and fraction, rounded half up to 4 decimals; null if not so.

    At most 12 digits before the point, leading zeros aside. No exponent, no separator, no NaN.
    """
    return F.when(text.rlike(_AMOUNT_PATTERN), text.cast(AMOUNT))


def parsed_currency(text: Column) -> Column:
    """Three ASCII letters in upper case; null if not so."""
    code = F.upper(trimmed(text))
    return F.when(code.rlike("^[A-Z]{3}$"), code)


def with_reject_reasons(rows: DataFrame, batch: date, settings: CleansingSettings) -> DataFrame:
    """Add `reject_reasons`, all but DUPLICATE_TRANSACTION, to typed and converted rows."""
    holds = _reasons_that_hold(batch, settings)
    named = [F.when(condition, F.lit(reason)) for reason, condition in holds.items()]
    other_reasons = F.array_compact(F.array(*named))
    malformed = F.array(F.lit("MALFORMED_ROW"))
    is_malformed = F.col("raw_line").isNotNull()
    return rows.withColumn(
        "reject_reasons", F.when(is_malformed, malformed).otherwise(other_reasons)
    )


def _reasons_that_hold(batch: date, settings: CleansingSettings) -> dict[str, Column]:
    """Each reason that a row can have by itself, in the order in which they are listed."""
    moment, amount = F.col("transaction_ts"), F.col("amount")
    latest = datetime.combine(batch, time(tzinfo=UTC)) + timedelta(
        days=1, hours=settings.future_hours
    )
    oldest = batch - timedelta(days=settings.too_late_days)
    can_have_rate = F.col("currency").isNotNull() & moment.isNotNull()
    does_not_fit = (amount > 0) & F.col("fx_rate").isNotNull() & F.col("amount_usd").isNull()
    return {
        "MISSING_TRANSACTION_ID": F.col("transaction_id").isNull(),
        "MISSING_CUSTOMER_ID": F.col("customer_id").isNull(),
        "INVALID_TIMESTAMP": moment.isNull(),
        "FUTURE_TIMESTAMP": moment > F.lit(latest),
        "TOO_LATE": F.to_date(moment) < F.lit(oldest),
        "INVALID_AMOUNT": amount.isNull() | does_not_fit,
        "REFUND_OR_REVERSAL": amount < 0,
        "ZERO_AMOUNT": amount == 0,
        "INVALID_CURRENCY": F.col("currency").isNull(),
        "NO_FX_RATE": can_have_rate & ~F.col("has_fx_rate"),
    }


def with_duplicates_rejected(
    rows: DataFrame, accepted_ids: DataFrame, carry: tuple[str, ...]
) -> DataFrame:
    """Give every repeat of a transaction the reason DUPLICATE_TRANSACTION.

    Of the rows without another reason that share customer_id and transaction_id the first stays:
    by time, amount, currency, then the other columns in name order; none stays when
    `accepted_ids` (customer_id, transaction_id of earlier batches) has the pair. Rows come out
    partitioned by customer_id, which the windows after this build on.
    """
    earlier = accepted_ids.select("customer_id", "transaction_id", F.lit(True).alias("is_earlier"))
    both = rows.unionByName(earlier, allowMissingColumns=True).repartition("customer_id")
    same_id = Window.partitionBy("customer_id", "transaction_id")
    position = F.row_number().over(same_id.orderBy(*_order_of_repeats(carry)))
    is_repeat = (F.size("reject_reasons") == 0) & (F.col("position") > 1)
    reasons = F.when(is_repeat, F.array(F.lit("DUPLICATE_TRANSACTION")))
    return (
        both.withColumn("position", position)
        .withColumn("reject_reasons", F.coalesce(reasons, F.col("reject_reasons")))
        .where("is_earlier is null")
        .withColumn("raw", F.when(F.size("reject_reasons") > 0, F.col("raw")))
        .drop("position", "is_earlier")
    )


def _order_of_repeats(carry: tuple[str, ...]) -> list[Column]:
    # What an earlier batch accepted comes first; rows with a reason of their own come last, so
    # that they never push out a good one. The raw text decides last which of two otherwise equal
    # rows is kept, so that reruns agree.
    others = sorted((*TRANSACTIONS.optional, *carry))
    raw = [f"raw.{name}" for name in sorted(raw_columns(carry))]
    columns = ["transaction_ts", "amount", "currency", *others, *raw]
    is_rejected = F.size("reject_reasons") > 0
    by_columns = [F.col(name).asc_nulls_first() for name in columns]
    return [F.col("is_earlier").asc_nulls_last(), is_rejected.asc(), *by_columns]


def filter_accepted(cleansed: DataFrame) -> DataFrame:
    """The rows that no reason sets aside, with their typed columns only."""
    accepted = cleansed.where(F.size("reject_reasons") == 0)
    return accepted.drop("raw", "raw_line", "reject_reasons", "has_fx_rate")


def filter_quarantined(cleansed: DataFrame) -> DataFrame:
    """The rows that are set aside (`quarantine_schema`)."""
    rejected = cleansed.where(F.size("reject_reasons") > 0)
    return rejected.select("raw.*", "raw_line", "reject_reasons")
