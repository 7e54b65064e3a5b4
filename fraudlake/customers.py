"""The customers table: one row a customer, and which customers a batch names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake.identity import clean_text
from fraudlake.input_tables import CUSTOMERS
from fraudlake.text import trimmed
from fraudlake.timestamps import parsed_timestamp
from fraudlake.vectorised import mapped_text

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def clean_key(customer_id: str) -> Column:
    """Customer numbers cleaned like every text of customers and blacklist, so that they meet."""
    return mapped_text(clean_text, customer_id)


def deduplicated_customers(customers: DataFrame) -> DataFrame:
    """One row a customer_key (the cleaned customer_id), with `duplicates`: the rows it replaces.

    The newest updated_at wins, else created_at, missing ones last, then the greatest row by all
    columns as text in name order. Rows without a customer_id name nobody and are left out.
    """
    texts = [trimmed(F.col(name)).alias(name) for name in customers.columns]
    keyed = customers.select(*texts).withColumn("customer_key", clean_key("customer_id"))
    same_customer = Window.partitionBy("customer_key")
    duplicates = F.count(F.lit(1)).over(same_customer) - 1
    position = F.row_number().over(same_customer.orderBy(*_newest_first(customers.columns)))
    return (
        keyed.where("customer_key is not null")
        .withColumn("duplicates", duplicates)
        .withColumn("position", position)
        .where("position = 1")
        .select("customer_key", *CUSTOMERS.columns, "duplicates")
    )


def customers_named(cleansed: DataFrame) -> DataFrame:
    """Every customer that a row of the batch names, quarantined rows included.

    Columns customer_id (as the transactions write it) and customer_key (cleaned).
    """
    named = cleansed.where("customer_id is not null").select("customer_id").distinct()
    return named.withColumn("customer_key", clean_key("customer_id"))


def _newest_first(columns: list[str]) -> list[Column]:
    moment = F.coalesce(_moment("updated_at"), _moment("created_at"))
    # Only of customers that are there twice: to read a time costs more than all else here.
    return [
        F.when(F.col("duplicates") > 0, moment).desc_nulls_last(),
        *(F.col(name).desc_nulls_last() for name in sorted(columns)),
    ]


def _moment(name: str) -> Column:
    """A point in time, or a bare date as its midnight."""
    text = F.col(name)
    is_date = text.rlike("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    return F.coalesce(parsed_timestamp(text), F.when(is_date, text.cast("timestamp")))
