"""The tables that come out: their columns, types; and the bundles that carry frames."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql import types as t

from fraudlake.input_tables import TRANSACTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame


TEXT = t.StringType()
COUNT = t.LongType()
DOUBLE = t.DoubleType()
TIMESTAMP = t.TimestampType()
AMOUNT = t.DecimalType(16, 4)
USD = t.DecimalType(18, 2)
USD_TOTAL = t.DecimalType(28, 2)
RATE = t.DecimalType(18, 10)
CENTS = t.DecimalType(28, 0)
SQUARE_CENTS = t.DecimalType(38, 0)


# Hardly a value of these is there twice: a file's dictionary of them is a search in vain.
SINGULAR = ("transaction_id", "transaction_ts", "amount_zscore", "risk_rank")
MATCH_TYPES = ("customer_id", "email", "phone", "name")  # the better match first

EVIDENCE = t.ArrayType(
    t.StructType(
        [
            t.StructField("rule", TEXT),
            t.StructField("points", t.IntegerType()),
            t.StructField("text", TEXT),
        ]
    )
)


def _schema(**columns: t.DataType) -> t.StructType:
    return t.StructType([t.StructField(name, kind) for name, kind in columns.items()])


def transaction_schema(carry: tuple[str, ...] = ()) -> t.StructType:
    """Transactions as the core takes them: raw text, and `raw_line` of a malformed CSV line."""
    return _schema(**dict.fromkeys((*TRANSACTIONS.columns, *carry, "raw_line"), TEXT))


def condition_schema(carry: tuple[str, ...] = ()) -> t.StructType:
    """The scored columns that a rule's condition, key or measure may name."""
    return _schema(
        transaction_id=TEXT,
        customer_id=TEXT,
        transaction_ts=TIMESTAMP,
        amount=AMOUNT,
        currency=TEXT,
        merchant_id=TEXT,
        channel=TEXT,
        country=TEXT,
        **dict.fromkeys(carry, TEXT),
        amount_usd=USD,
        fx_rate=RATE,
        fx_rate_date=t.DateType(),
        customer_known=t.BooleanType(),
        blacklist_match_type=TEXT,
        baseline_count=COUNT,
        baseline_source=TEXT,
        baseline_mean_usd=DOUBLE,
        baseline_sd_usd=DOUBLE,
        amount_zscore=DOUBLE,
        velocity_count=COUNT,
    )


def scored_schema(carry: tuple[str, ...] = ()) -> t.StructType:
    """One row an accepted transaction: inputs typed, money in USD, features, score and reasons."""
    return t.StructType(
        [
            *condition_schema(carry).fields,
            t.StructField("risk_score", t.IntegerType()),
            t.StructField("risk_category", TEXT),
            t.StructField("risk_rank", DOUBLE),
            t.StructField("risk_reasons", t.ArrayType(TEXT)),
            t.StructField("evidence", EVIDENCE),
            t.StructField("rules_version", TEXT),
        ]
    )


def quarantine_schema(carry: tuple[str, ...] = ()) -> t.StructType:
    """One row a rejected transaction: the raw text, and every reason that holds."""
    return t.StructType(
        [*transaction_schema(carry).fields, t.StructField("reject_reasons", t.ArrayType(TEXT))]
    )


FLAGGED_CUSTOMERS = _schema(
    customer_id=TEXT,
    blacklist_id=TEXT,
    match_type=TEXT,
    similarity=DOUBLE,
    reason=TEXT,
    transaction_count=COUNT,
    total_amount_usd=USD_TOTAL,
)
CUSTOMER_RISK = _schema(
    customer_id=TEXT,
    transaction_count=COUNT,
    total_amount_usd=USD_TOTAL,
    average_amount_usd=DOUBLE,
    max_amount_usd=USD,
    sum_of_squares_cents=SQUARE_CENTS,
    high_risk_count=COUNT,
    medium_risk_count=COUNT,
    max_velocity_count=COUNT,
    max_risk_score=t.IntegerType(),
    risk_category=TEXT,
    first_transaction_ts=TIMESTAMP,
    last_transaction_ts=TIMESTAMP,
)
CUSTOMER_PROFILE = _schema(
    customer_id=TEXT,
    lifetime_transaction_count=COUNT,
    lifetime_total_amount_usd=USD_TOTAL,
    lifetime_average_amount_usd=DOUBLE,
    first_transaction_ts=TIMESTAMP,
    last_transaction_ts=TIMESTAMP,
    baseline_count=COUNT,
    baseline_sum_cents=CENTS,
    baseline_sum_of_squares_cents=SQUARE_CENTS,
)


def shaped(rows: DataFrame, schema: t.StructType, *others: str) -> DataFrame:
    """The columns of a schema in their types, and other columns as they are."""
    columns = [F.col(one.name).cast(one.dataType) for one in schema.fields]
    return rows.select(*columns, *others)


@dataclass(frozen=True)
class Moments:
    """Count, sum (cents) and sum of squares (cents squared) of amounts: exact, and additive."""

    count: int = 0
    sum_cents: int = 0
    sum_of_squares_cents: int = 0

    def __add__(self, other: Moments) -> Moments:
        """The moments of both sets of amounts together."""
        return Moments(
            self.count + other.count,
            self.sum_cents + other.sum_cents,
            self.sum_of_squares_cents + other.sum_of_squares_cents,
        )


@dataclass(frozen=True)
class History:
    """What the features of the batches need of others.

    For each batch: `population`, the moments of all customers over the batches of its baseline,
    and `of_batches`, its own; `scored` are the earlier scored rows that a rule's window can reach.
    """

    population: Sequence[Moments]
    of_batches: Sequence[Moments]
    scored: DataFrame | None = None


@dataclass(frozen=True)
class BatchSummary:
    """The tables by customer."""

    flagged_customers: DataFrame
    customer_risk: DataFrame
    customer_profile: DataFrame


OUTPUT_TABLES = (
    "scored_transactions",
    "quarantine",
    *(one.name for one in fields(BatchSummary)),
)


def table_schema(table: str, carry: tuple[str, ...] = ()) -> t.StructType:
    """The columns of an output table."""
    return {
        "scored_transactions": scored_schema(carry),
        "quarantine": quarantine_schema(carry),
        "flagged_customers": FLAGGED_CUSTOMERS,
        "customer_risk": CUSTOMER_RISK,
        "customer_profile": CUSTOMER_PROFILE,
    }[table]
