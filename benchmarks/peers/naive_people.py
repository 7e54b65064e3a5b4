"""Customers against the blacklist in PySpark: a join for each way to match."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

from benchmarks.peers.rules import MISSING_TEXTS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from benchmarks.peers.task import Task

_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})


@F.udf(StringType())
def name_key(name: str | None) -> str | None:
    """The words of a name without case, marks and punctuation, sorted."""
    bare = (c for c in unicodedata.normalize("NFKD", name or "") if not unicodedata.combining(c))
    plain = "".join(bare).casefold().translate(_PLAIN)
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return " ".join(sorted(words)) or None


def read_customers(spark: SparkSession, task: Task) -> DataFrame:
    """One row a customer: customer_id, email, phone, born, name_key."""
    newest = Window.partitionBy("customer_id").orderBy(
        F.coalesce("updated_at", "created_at").desc_nulls_last()
    )
    rows = spark.read.parquet(str(task.customers)).withColumn("place", F.row_number().over(newest))
    return rows.where("place = 1").select("customer_id", *_identity())


def read_matches(spark: SparkSession, task: Task, customers: DataFrame) -> DataFrame:
    """Every match of a customer and an entry, with its place in the order and the entry's dates."""
    entries = spark.read.parquet(str(task.blacklist)).select(
        "blacklist_id",
        _present("customer_id").alias("listed_id"),
        *(column.alias(f"listed_{name}") for name, column in _named_identity()),
        F.coalesce(_present("reason"), F.lit("unspecified")).alias("reason"),
        "listed_at",
        "expires_at",
    )
    by_id = entries.where("listed_id is not null").withColumn("customer_id", F.col("listed_id"))
    found = [
        _match(by_id, 1, "customer_id"),
        _match(customers.join(entries, F.col("email") == F.col("listed_email")), 2, "email"),
        _match(customers.join(entries, F.col("phone") == F.col("listed_phone")), 3, "phone"),
        _near(customers.join(entries, F.col("born") == F.col("listed_born")), 10),
        _near(customers.join(entries, _is_unborn_pair()), 5),
    ]
    every = found[0]
    for one in found[1:]:
        every = every.unionByName(one)
    return every


def _is_unborn_pair() -> Column:
    """A birth date is unknown, both have two words, and the lengths can be within 5 %."""
    unknown = F.col("born").isNull() | F.col("listed_born").isNull()
    longer, apart = _longer(), F.abs(F.length("name_key") - F.length("listed_name_key"))
    words = F.col("name_key").contains(" ") & F.col("listed_name_key").contains(" ")
    return unknown & words & (apart * 100 <= longer * 5)


def _near(pairs: DataFrame, percent: int) -> DataFrame:
    edits = F.levenshtein("name_key", "listed_name_key")
    judged = pairs.withColumn("edits", edits).withColumn("longer", _longer())
    near = judged.where(F.col("edits") * 100 <= F.col("longer") * percent)
    return _match(near, 4, "name", 1 - F.col("edits") / F.col("longer"))


def _longer() -> Column:
    return F.greatest(F.length("name_key"), F.length("listed_name_key"))


def _match(pairs: DataFrame, place: int, kind: str, similarity: Column | None = None) -> DataFrame:
    return pairs.select(
        "customer_id",
        "blacklist_id",
        "reason",
        "listed_at",
        "expires_at",
        F.lit(place).alias("place"),
        F.lit(kind).alias("match_type"),
        (F.lit(1.0) if similarity is None else similarity).alias("similarity"),
    )


def _identity() -> list[Column]:
    return [column.alias(name) for name, column in _named_identity()]


def _named_identity() -> list[tuple[str, Column]]:
    phone = _present("phone")
    digits = F.regexp_replace(phone, "[^0-9]", "")
    others = F.replace(digits, F.substring(digits, 1, 1), F.lit(""))
    is_number = (F.length(digits) >= 7) & (F.length(others) > 0)  # noqa: PLR2004 - of the contract
    plus = F.when(phone.startswith("+"), F.lit("+")).otherwise(F.lit(""))
    return [
        ("email", F.lower(_present("email"))),
        ("phone", F.when(is_number, F.concat(plus, digits))),
        ("born", F.col("date_of_birth")),
        ("name_key", name_key(_present("full_name"))),
    ]


def _present(name: str) -> Column:
    text = F.trim(F.col(name))
    return F.when(~F.upper(text).isin(*MISSING_TEXTS), text)
