"""Matching the customers of a batch against the blacklist: exactly, then by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake import identity, names
from fraudlake.tables import MATCH_TYPES
from fraudlake.vectorised import mapped_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from decimal import Decimal

    from pyspark.sql import Column, DataFrame
    from pyspark.sql.window import WindowSpec

    from fraudlake.settings import BlacklistSettings

_PERSON = (
    "email string, phone string, birth_date date, name_key string, meeting_points array<string>"
)
_ENTRY = (
    f"blacklist_id string, customer_key string, reason string, listed_at date, expires_at date,"
    f" dates_unparsed int, is_usable boolean, {_PERSON}"
)


def cleaned_entries(blacklist: DataFrame, settings: BlacklistSettings) -> DataFrame:
    """Blacklist entries cleaned: identity, name key and its pieces, dates, and what is wrong.

    `dates_unparsed` counts dates that are there and cannot be read; an entry that has none of
    customer_id, email, phone and full_name is not `is_usable`.
    """
    similarity = settings.similarity_unknown_birth_date

    def cleaned(rows: pd.DataFrame) -> pd.DataFrame:
        return _cleaned_entries(rows, similarity)

    entry = mapped_rows(cleaned, blacklist.columns, _ENTRY)
    return blacklist.select(entry.alias("entry")).select("entry.*")


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
    left = people.withColumn("point", F.explode("meeting_points")).alias("p")
    right = entries.withColumn("point", F.explode("meeting_points")).alias("e")
    pairs = left.join(F.broadcast(right), F.col("p.point") == F.col("e.point"), how="inner")
    judged = _with_match(pairs, settings).where("match_type is not null")
    position = F.row_number().over(_best_first())
    best = judged.withColumn("position", position).where("position = 1")
    return best.select("customer_id", "blacklist_id", "match_type", "similarity", "reason")


def _best_first() -> WindowSpec:
    strength = F.coalesce(
        *(F.when(F.col("match_type") == kind, at) for at, kind in enumerate(MATCH_TYPES))
    )
    return Window.partitionBy("customer_id").orderBy(
        strength,
        F.col("similarity").desc(),
        F.col("blacklist_id").asc_nulls_last(),
        F.col("reason"),
    )


def _with_identity(named: DataFrame, similarity: Decimal) -> DataFrame:
    def cleaned(rows: pd.DataFrame) -> pd.DataFrame:
        return _cleaned_identity(rows, similarity, names.customer_pieces)

    facts = ["customer_key", "full_name", "email", "phone", "date_of_birth"]
    person = mapped_rows(cleaned, facts, _PERSON)
    with_person = named.select("customer_id", "customer_key", person.alias("person"))
    return with_person.select("customer_id", "customer_key", "person.*")


def _with_match(pairs: DataFrame, settings: BlacklistSettings) -> DataFrame:
    """Judge pairs that share a meeting point: in which way they match, and how closely."""
    shorter_by = F.levenshtein("p.name_key", "e.name_key")
    longer = F.greatest(F.length("p.name_key"), F.length("e.name_key"))
    is_name = _is_same_name(shorter_by, longer, settings)
    exact = [
        (kind, F.col(f"p.{column}") == F.col(f"e.{column}"))
        for kind, column in (
            ("customer_id", "customer_key"),
            ("email", "email"),
            ("phone", "phone"),
        )
    ]
    kinds = [F.when(holds, F.lit(kind)) for kind, holds in exact]
    match_type = F.coalesce(*kinds, F.when(is_name, F.lit("name")))
    similarity = F.when(match_type == "name", 1 - shorter_by / longer).otherwise(F.lit(1.0))
    return pairs.select(
        F.col("p.customer_id").alias("customer_id"),
        F.col("e.blacklist_id").alias("blacklist_id"),
        match_type.alias("match_type"),
        similarity.alias("similarity"),
        F.col("e.reason").alias("reason"),
    )


def _is_same_name(apart: Column, longer: Column, settings: BlacklistSettings) -> Column:
    """Names nearly equal with one birth date, or nearer still where a birth date is unknown.

    Compared as decimals: 1 - 2/40 must reach 0.95 whatever the floating point says.
    """
    p, e = F.col("p.birth_date"), F.col("e.birth_date")
    both_long = F.col("p.name_key").contains(" ") & F.col("e.name_key").contains(" ")
    unknown = p.isNull() | e.isNull()
    allowed = F.when(p == e, F.lit(1 - settings.similarity_same_birth_date)).when(
        unknown & both_long, F.lit(1 - settings.similarity_unknown_birth_date)
    )
    return allowed * longer >= apart


def _cleaned_entries(rows: pd.DataFrame, similarity: Decimal) -> pd.DataFrame:
    texts = {name: _cleaned(rows[name]) for name in ("blacklist_id", "customer_id", "reason")}
    keyed = rows.assign(customer_key=texts["customer_id"])
    person = _cleaned_identity(keyed, similarity, names.entry_pieces)
    known = pd.concat([texts["customer_id"], person[["email", "phone"]]], axis=1).notna()
    cleaned = person.assign(
        blacklist_id=texts["blacklist_id"],
        customer_key=texts["customer_id"],
        reason=texts["reason"].fillna("unspecified"),
        listed_at=rows["listed_at"].map(identity.clean_date),
        expires_at=rows["expires_at"].map(identity.clean_date),
        dates_unparsed=_unparsed(rows),
        is_usable=known.any(axis=1) | _cleaned(rows["full_name"]).notna(),
    )
    return cleaned[[column.split()[0] for column in _ENTRY.split(", ")]]


def _cleaned(texts: pd.Series[str]) -> pd.Series[str]:
    return texts.map(identity.clean_text, na_action="ignore")


def _unparsed(rows: pd.DataFrame) -> list[int]:
    """How many dates of each row are there and cannot be read."""
    dates = rows[["date_of_birth", "listed_at", "expires_at"]]
    return [sum(_is_unparsed(one) for one in row) for row in dates.itertuples(index=False)]


def _is_unparsed(raw: str | None) -> bool:
    return identity.clean_text(raw) is not None and identity.clean_date(raw) is None


def _cleaned_identity(
    rows: pd.DataFrame, similarity: Decimal, pieces_of: Callable[[str, Decimal], list[str]]
) -> pd.DataFrame:
    person = pd.DataFrame(
        {
            "email": rows["email"].map(identity.clean_email),
            "phone": rows["phone"].map(identity.clean_phone),
            "birth_date": rows["date_of_birth"].map(identity.clean_date),
            "name_key": [_name_key(name) for name in rows["full_name"]],
        }
    )
    exact = zip(rows["customer_key"], person.email, person.phone, strict=True)
    pieces = [_pieces(key, similarity, pieces_of) for key in person.name_key]
    names_of = zip(person.name_key, person.birth_date, pieces, strict=True)
    points = [
        _exact_points(*ids) + _name_points(*name) for ids, name in zip(exact, names_of, strict=True)
    ]
    return person.assign(meeting_points=pd.Series(points, index=person.index, dtype="object"))


def _name_key(raw: str | None) -> str | None:
    name = identity.clean_text(raw)
    return (names.name_key(name) or None) if name else None


def _exact_points(customer_key: str | None, email: str | None, phone: str | None) -> list[str]:
    values = {"customer": customer_key, "email": email, "phone": phone}
    return [f"{kind} {value}" for kind, value in values.items() if value]


def _name_points(name_key: str | None, birth_date: date | None, pieces: list[str]) -> list[str]:
    """Names meet where the birth dates are equal, or where the keys share a piece."""
    born = [f"born {birth_date}"] if name_key and birth_date else []
    return born + [f"name {piece}" for piece in pieces]


def _pieces(
    name_key: str | None, similarity: Decimal, pieces_of: Callable[[str, Decimal], list[str]]
) -> list[str]:
    """Without a birth date only names of two words and more are compared."""
    return pieces_of(name_key, similarity) if name_key and " " in name_key else []
