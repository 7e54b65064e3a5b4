"""Raw transactions as literals, and what cleansing makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.batches import Batches
from fraudlake.cleansing import reject_reasons
from fraudlake.fx import FxRates, covered_stretches
from fraudlake.input_tables import BLACKLIST, CUSTOMERS
from fraudlake.pipeline import cleanse_batches
from fraudlake.tables import RATE, BatchInputs, transaction_schema
from tests.frames import BOOK, DAY, SETTINGS, Literal, frame

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NOON = f"{DAY}T12:00:00Z"
RATES = f"rate_date date, currency string, usd_per_unit {RATE.simpleString()}"


def cleansed(
    spark: SparkSession,
    *rows: Literal,
    carry: tuple[str, ...] = (),
    accepted: tuple[tuple[str, str], ...] = (),
) -> DataFrame:
    """The rows after cleansing, with their `reject_reasons`; only EUR has a rate, of that date."""
    cleansing = replace(SETTINGS.cleansing, carry=carry)
    settings = replace(SETTINGS, cleansing=cleansing)
    rates = frame(spark, RATES, {"rate_date": DAY, "currency": "EUR", "usd_per_unit": "1.1"})
    earlier = ({"customer_id": one, "transaction_id": other} for one, other in accepted)
    read = frame(spark, transaction_schema(carry), *rows)
    inputs = BatchInputs(
        transactions=read.withColumn("batch_at", F.lit(0)),
        customers=frame(spark, ", ".join(f"{name} string" for name in CUSTOMERS.columns)),
        blacklist=frame(spark, ", ".join(f"{name} string" for name in BLACKLIST.columns)),
        fx=FxRates(rates, covered_stretches(rates, settings.fx)),
    )
    ids = frame(spark, "customer_id string, transaction_id string", *earlier)
    judged = cleanse_batches(
        inputs,
        ids.withColumn("batch_at", F.lit(-1)),
        replace(BOOK, settings=settings),
        Batches((DAY,)),
    )
    return judged.withColumn("reject_reasons", reject_reasons())


def transaction(label: str, **changed: object) -> Literal:
    """10 USD of c1 at noon of the batch date; the label is the merchant, which is never judged."""
    usual = {"transaction_id": f"t of {label}", "customer_id": "c1", "transaction_ts": NOON}
    return {**usual, "amount": "10", "currency": "USD", "merchant_id": label, **changed}


def at(days: int, clock: str) -> Literal:
    return {"transaction_ts": f"{DAY + timedelta(days)}T{clock}"}
