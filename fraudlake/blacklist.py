"""Matching the customers of a batch against the blacklist: exactly, then by name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake import identity, names
from fraudlake.vectorised import vectorised

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import Column, DataFrame

    from fraudlake.settings import BlacklistSettings

MATCH_TYPES = ("customer_id", "email", "phone", "name")
_EXACT = MATCH_TYPES[:3]
_IDENTITY = "email string, phone string, birth_date date, name_key string, pieces array<string>"
_ENTRY = (
    "blacklist_id string, customer_key string, email string, phone string, birth_date date,"
    " name_key string, pieces array<string>, reason string, listed_at date, expires_at date,"
    " dates_unparsed int, is_usable boolean"
)


def cleaned_entries(blacklist: DataFrame, settings: BlacklistSettings) -> DataFrame:
    """Blacklist entries cleaned: identity, name key and its pieces, dates, and what is wrong.

    `dates_unparsed` counts dates that are there and cannot be read; an entry that has none of
    customer_id, email, phone and full_name is not `is_usable`.
    """
    similarity = settings.similarity_unknown_birth_date

    def cleaned(rows: pd.DataFrame) -> pd.DataFrame:
        return _cleaned_entries(rows, similarity)

    clean = vectorised(cleaned, _ENTRY)
    return blacklist.select(clean(F.struct(*blacklist.columns)).alias("entry")).select("entry.*")


def active_entries(entries: DataFrame, batch: date) -> DataFrame:
    """The usable entries that are listed on the batch date and have not expired."""
    day = F.lit(batch)
    is_listed = F.col("listed_at").isNull() | (F.col("listed_at") <= day)
    is_unexpired = F.col("expires_at").isNull() | (F.col("expires_at") > day)
    return entries.where(F.col("is_usable") & is_listed & is_unexpired)


def best_matches(named: DataFrame, entries: DataFrame, settings: BlacklistSettings) -> DataFrame:
    """The best entry for each customer of `named` that has any; never two rows a customer.

    `named`: customer_id, customer_key and the customer's full_name, email, phone, date_of_birth
    (null when unknown). Out: customer_id, blacklist_id, match_type, similarity, reason.
    Best is the first kind of match that holds, then similarity, then the smallest blacklist_id.
    """
    people = _with_identity(named, settings.similarity_unknown_birth_date)
    listed = F.broadcast(entries)
    found = [_exact_match(people, listed, kind) for kind in _EXACT]
    found += [
        _same_birth_date(people, listed, settings),
        _unknown_birth_date(people, listed, settings),
    ]
    every = found[0]
    for one in found[1:]:
        every = every.unionByName(one)
    best_first = Window.partitionBy("customer_id").orderBy(
        F.col("strength"),
        F.col("similarity").desc(),
        F.col("blacklist_id").asc_nulls_last(),
        F.col("reason"),
    )
    ranked = every.withColumn("position", F.row_number().over(best_first)).where("position = 1")
    return ranked.select("customer_id", "blacklist_id", "match_type", "similarity", "reason")


def _with_identity(named: DataFrame, similarity: Decimal) -> DataFrame:
    def cleaned(rows: pd.DataFrame) -> pd.DataFrame:
        return _cleaned_identity(rows, similarity, names.customer_pieces)

    person = vectorised(cleaned, _IDENTITY)(
        F.struct("full_name", "email", "phone", "date_of_birth")
    )
    return named.select("customer_id", "customer_key", person.alias("person")).select(
        "customer_id", "customer_key", "person.*"
    )


def _exact_match(people: DataFrame, entries: DataFrame, kind: str) -> DataFrame:
    column = "customer_key" if kind == "customer_id" else kind
    matched = people.alias("p").join(
        entries.alias("e"), F.col(f"p.{column}") == F.col(f"e.{column}"), how="inner"
    )
    return _as_matches(matched, kind, F.lit(1.0))


def _same_birth_date(
    people: DataFrame, entries: DataFrame, settings: BlacklistSettings
) -> DataFrame:
    same_day = F.col("p.birth_date") == F.col("e.birth_date")
    pairs = people.alias("p").join(entries.alias("e"), same_day, how="inner")
    return _alike(pairs, settings.similarity_same_birth_date)


def _unknown_birth_date(
    people: DataFrame, entries: DataFrame, settings: BlacklistSettings
) -> DataFrame:
    """Pairs that share a piece of their keys; all that can be alike are among them."""
    left = people.withColumn("piece", F.explode("pieces"))
    right = entries.withColumn("piece", F.explode("pieces"))
    shared = F.col("p.piece") == F.col("e.piece")
    unknown = F.col("p.birth_date").isNull() | F.col("e.birth_date").isNull()
    pairs = left.alias("p").join(F.broadcast(right).alias("e"), shared & unknown, how="inner")
    return _alike(pairs, settings.similarity_unknown_birth_date)


def _alike(pairs: DataFrame, at_least: Decimal) -> DataFrame:
    p, e = F.col("p.name_key"), F.col("e.name_key")
    longer = F.greatest(F.length(p), F.length(e))
    apart = F.levenshtein(p, e)
    # Compared as decimals: 1 - 2/40 must reach 0.95 whatever the floating point says.
    is_alike = F.lit(1 - at_least) * longer >= apart
    return _as_matches(pairs.where(is_alike), "name", 1 - apart / longer)


def _as_matches(pairs: DataFrame, kind: str, similarity: Column) -> DataFrame:
    return pairs.select(
        F.col("p.customer_id").alias("customer_id"),
        F.col("e.blacklist_id").alias("blacklist_id"),
        F.lit(kind).alias("match_type"),
        F.lit(MATCH_TYPES.index(kind)).alias("strength"),
        similarity.alias("similarity"),
        F.col("e.reason").alias("reason"),
    )


def _cleaned_entries(rows: pd.DataFrame, similarity: Decimal) -> pd.DataFrame:
    dates = {name: rows[name].map(identity.clean_date) for name in ("listed_at", "expires_at")}
    person = _cleaned_identity(rows, similarity, names.entry_pieces)
    texts = {name: _cleaned(rows[name]) for name in ("blacklist_id", "customer_id", "reason")}
    cleaned = person.assign(
        blacklist_id=texts["blacklist_id"],
        customer_key=texts["customer_id"],
        reason=texts["reason"].fillna("unspecified"),
        dates_unparsed=_unparsed(rows),
        is_usable=texts["customer_id"].notna()
        | person["email"].notna()
        | person["phone"].notna()
        | _cleaned(rows["full_name"]).notna(),
        **dates,
    )
    return cleaned[[column.split()[0] for column in _ENTRY.split(", ")]]


def _cleaned(texts: pd.Series[str]) -> pd.Series[str]:
    return texts.map(identity.clean_text, na_action="ignore")


def _unparsed(rows: pd.DataFrame) -> pd.Series[int]:
    dates = rows[["date_of_birth", "listed_at", "expires_at"]]
    given = dates.apply(_cleaned).notna()
    parsed = dates.apply(lambda column: column.map(identity.clean_date)).notna()
    return (given & ~parsed).sum(axis=1).astype("int32")


def _cleaned_identity(
    rows: pd.DataFrame, similarity: Decimal, pieces_of: Callable[[str, Decimal], list[str]]
) -> pd.DataFrame:
    keys = [_name_key(name) for name in rows["full_name"]]
    return pd.DataFrame(
        {
            "email": rows["email"].map(identity.clean_email),
            "phone": rows["phone"].map(identity.clean_phone),
            "birth_date": rows["date_of_birth"].map(identity.clean_date),
            "name_key": keys,
            "pieces": [_pieces(key, similarity, pieces_of) for key in keys],
        }
    )


def _name_key(raw: str | None) -> str | None:
    name = identity.clean_text(raw)
    return (names.name_key(name) or None) if name else None


def _pieces(
    key: str | None, similarity: Decimal, pieces_of: Callable[[str, Decimal], list[str]]
) -> list[str]:
    """Without a birth date only names of two words and more are compared."""
    return pieces_of(key, similarity) if key and " " in key else []
