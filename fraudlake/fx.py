"""Conversion to USD that fails closed: no rate, no amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake.exact import cents_of, usd
from fraudlake.tables import RATE
from fraudlake.text import trimmed
from fraudlake.timestamps import utc_date

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from fraudlake.batches import Batches
    from fraudlake.settings import FxSettings, Settings

_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_NO_RATE = ("N/A", "NA", "NULL", "NONE", "-")


@dataclass(frozen=True)
class FxRates:
    """Typed rates, and the stretches of dates that they cover (`covered_stretches`).

    Without these, a foreign transaction that is too late counts as one without a rate.
    """

    rates: DataFrame
    covered: DataFrame | None


def typed_rates(rates: DataFrame) -> DataFrame:
    """Raw fx_rates as (rate_date, currency, usd_per_unit); null where a text is none of these.

    Empty and `N/A` rates are no rates and are left out.
    """
    rate = trimmed(F.col("usd_per_unit"))
    return (
        rates.where(rate.isNotNull() & ~F.upper(rate).isin(*_NO_RATE))
        .select(
            F.substring(trimmed(F.col("rate_date")), 1, 10).cast("date").alias("rate_date"),
            F.upper(trimmed(F.col("currency"))).alias("currency"),
            F.when(rate.rlike(_NUMBER), rate.cast(RATE)).alias("usd_per_unit"),
        )
        .distinct()
    )


def doubtful_rates(rates: DataFrame) -> DataFrame:
    """Rates that stop a run that can use them: (rate_date, currency, problem), the dateless too."""
    rate = F.col("usd_per_unit")
    problem = (
        F.when(F.max("rate_date").isNull() | F.max("currency").isNull(), "lacks a date or currency")
        .when(F.count(F.lit(1)) > F.count(rate), "is not a number of at most 8.10 digits")
        .when(F.min(rate) <= 0, "is not above zero")
        .when(F.count_distinct(rate) > 1, "has two different values")
    )
    grouped = rates.groupBy("rate_date", "currency").agg(problem.alias("problem"))
    return grouped.where("problem is not null")


def covered_stretches(rates: DataFrame, fx: FxSettings) -> DataFrame:
    """The stretches of dates on which a currency has a fresh rate: `covered_from`, `covered_to`.

    Rows too late to be converted need only to know whether there was a rate on their date; a
    handful of stretches a currency tells it for all of history.
    """
    before = F.lag("rate_date").over(Window.partitionBy("currency").orderBy("rate_date"))
    starts = F.when(F.col("rate_date") <= F.date_add(before, fx.max_age_days + 1), 0).otherwise(1)
    running = Window.partitionBy("currency").orderBy("rate_date")
    numbered = rates.withColumn("starts", starts).withColumn("part", F.sum("starts").over(running))
    last = F.date_add(F.max("rate_date"), fx.max_age_days).alias("covered_to")
    stretches = numbered.groupBy("currency", "part")
    return stretches.agg(F.min("rate_date").alias("covered_from"), last).drop("part")


def with_usd(
    transactions: DataFrame, rates: FxRates, batches: Batches, settings: Settings
) -> DataFrame:
    """Add fx_rate, fx_rate_date, cents, amount_usd and has_fx_rate to typed transactions.

    The rate is the newest on or before both the transaction's UTC date and the batch date, and at
    most `max_age_days` older than the transaction's date. USD is 1 on its own date. Transactions
    that are too late for the batch only learn whether there was a rate.
    """
    day, batch = utc_date(F.col("transaction_ts")), batches.date_at()
    is_usd = F.col("currency") == "USD"
    oldest = F.date_sub(batch, settings.cleansing.too_late_days)
    by_date = F.broadcast(_rates_by_date(rates.rates, batches, settings))
    # Nothing is looked up for a null: most rows are in USD, and hardly any is too late.
    looked_up = transactions.withColumn("fx_on", F.when(~is_usd, F.least(day, batch)))
    joined = looked_up.join(by_date, ["currency", "fx_on"], how="left")
    was_covered = F.lit(False)
    if rates.covered is not None:
        late_currency = F.when(~is_usd & (day < oldest), F.col("currency"))
        joined = _with_stretch(joined, late_currency, rates.covered)
        was_covered = F.col("covered_from").isNotNull()
    is_fresh = F.col("rate_date") >= F.date_sub(day, settings.fx.max_age_days)
    one = F.lit(Decimal(1)).cast(RATE)
    cents = cents_of(F.col("amount"), F.col("fx_rate"), is_usd)
    return (
        joined.withColumn("fx_rate", F.when(is_usd, one).when(is_fresh, F.col("usd_per_unit")))
        .withColumn("fx_rate_date", F.when(is_usd, day).when(is_fresh, F.col("rate_date")))
        .withColumn("cents", cents)
        .withColumn("amount_usd", usd(F.col("cents")))
        .withColumn("has_fx_rate", F.col("fx_rate").isNotNull() | was_covered)
        .drop("fx_on", "rate_date", "usd_per_unit", "covered_from")
    )


def _with_stretch(transactions: DataFrame, currency: Column, covered: DataFrame) -> DataFrame:
    """Add covered_from: the start of the stretch of a currency that the date lies in, or null."""
    stretches = covered.withColumnRenamed("currency", "covered_currency")
    is_in = utc_date(F.col("transaction_ts")).between(F.col("covered_from"), F.col("covered_to"))
    is_met = (currency == F.col("covered_currency")) & is_in
    met = transactions.join(F.broadcast(stretches), is_met, how="left")
    return met.drop("covered_currency", "covered_to")


def usable_from(batch: date, settings: Settings) -> date:
    """The oldest rate date that an accepted transaction of the batch can be converted with."""
    reach = settings.cleansing.too_late_days + settings.fx.max_age_days
    return batch - timedelta(days=reach)


def _rates_by_date(rates: DataFrame, batches: Batches, settings: Settings) -> DataFrame:
    """The rate in force on each date on which an acceptable transaction can look for one."""
    usable = rates.where(
        F.col("rate_date").between(usable_from(batches.first, settings), batches.last)
    )
    ahead = F.lead("rate_date").over(Window.partitionBy("currency").orderBy("rate_date"))
    fresh_until = F.date_add("rate_date", settings.fx.max_age_days)
    last_day = F.least(fresh_until, F.date_sub(ahead, 1), F.lit(batches.last))
    return usable.withColumn("last_day", last_day).select(
        "currency",
        "rate_date",
        "usd_per_unit",
        F.explode(F.sequence("rate_date", "last_day")).alias("fx_on"),
    )
