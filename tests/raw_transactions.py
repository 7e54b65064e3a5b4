"""Raw transactions as literals, and what cleansing makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.batches import Batches
from fraudlake.cleansing import Cleansed, narrow_rows
from fraudlake.fx import FxRates, Rate, covered_stretches
from fraudlake.kept import KeptFrames
from fraudlake.pipeline import judged_rows, sound_rows, typed_rows
from fraudlake.repeats import Judged, filter_by_hash, with_id_hash, without_repeats
from fraudlake.tables import transaction_schema
from tests.frames import BOOK, DAY, SETTINGS, Literal, frame

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.rules.book import RuleBook

NOON = f"{DAY}T12:00:00Z"


def cleansed(
    spark: SparkSession,
    *rows: Literal,
    carry: tuple[str, ...] = (),
    accepted: tuple[tuple[str, str], ...] = (),
) -> Cleansed:
    """The rows after cleansing; only EUR has a rate, of that date."""
    cleansing = replace(SETTINGS.cleansing, carry=carry)
    settings = replace(SETTINGS, cleansing=cleansing)
    rates = [Rate(DAY, "EUR", Decimal("1.1"))]
    earlier = ({"customer_id": one, "transaction_id": other} for one, other in accepted)
    read = frame(spark, transaction_schema(carry), *rows)
    fx = FxRates(rates, covered_stretches(rates, settings.fx))
    ids = frame(spark, "customer_id string, transaction_id string", *earlier)
    accepted_ids = ids.withColumn("batch_at", F.lit(-1))
    book = replace(BOOK, settings=settings)
    opened = (read.withColumn("batch_at", F.lit(0)), fx)
    return cleansed_rows(opened, accepted_ids, book, Batches((DAY,)), KeptFrames())


def cleansed_rows(
    opened: tuple[DataFrame, FxRates],
    accepted_ids: DataFrame,
    book: RuleBook,
    batches: Batches,
    kept: KeptFrames,
) -> Cleansed:
    """The rows after cleansing, as a pass over text makes them of `Sources.transactions_at`."""
    raw, fx = opened
    typed = typed_rows(with_id_hash(raw), book)
    judged = kept.keep(judged_rows(typed, fx, book, batches))
    rows = Judged(
        kept.keep(narrow_rows(judged, book.settings.cleansing.carry)),
        sound_rows(typed, fx, book, batches),
        partial(filter_by_hash, judged),
    )
    return without_repeats(rows, accepted_ids, book.settings.cleansing, kept.keep)


def reasons_of_rows(rows: Cleansed) -> DataFrame:
    """merchant_id and reject_reasons of every row, accepted (none) and quarantined."""
    none = F.array().cast("array<string>").alias("reject_reasons")
    accepted = rows.accepted.select("merchant_id", none)
    return accepted.unionByName(rows.quarantined.select("merchant_id", "reject_reasons"))


def transaction(label: str, **changed: object) -> Literal:
    """10 USD of c1 at noon of the batch date; the label is the merchant, which is never judged."""
    usual = {"transaction_id": f"t of {label}", "customer_id": "c1", "transaction_ts": NOON}
    return {**usual, "amount": "10", "currency": "USD", "merchant_id": label, **changed}


def at(days: int, clock: str) -> Literal:
    return {"transaction_ts": f"{DAY + timedelta(days)}T{clock}"}
