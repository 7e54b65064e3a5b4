"""Matching the customers of a batch against the blacklist: exactly, then by name.

No customer is compared with every entry. Both sides get points, hashes of what a pair that matches
must share: an identifier, the birth date, or a piece of the name in its place (`names`). The
points of the entries are broadcast; those of a customer are made and looked up row by row, and
never leave their stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import Window
from pyspark.sql import functions as F

from fraudlake import identity, names
from fraudlake.tables import MATCH_TYPES
from fraudlake.vectorised import local_table, mapped_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from decimal import Decimal

    from pyspark.sql import Column, DataFrame
    from pyspark.sql.window import WindowSpec

    from fraudlake.batches import Batches
    from fraudlake.names import Piece
    from fraudlake.settings import BlacklistSettings

_PERSON = "email string, phone string, birth_date date, name_key string"
_ENTRY = (
    f"blacklist_id string, customer_key string, reason string, listed_at date, expires_at date,"
    f" dates_unparsed int, is_usable boolean, {_PERSON}"
)
_EXACT = {"customer_id": "customer_key", "email": "email", "phone": "phone"}
_SHARED = [*_EXACT.values(), "birth_date"]
_PIECE = len(_SHARED)
_EXACT_LOOKS = [(kind, 0, 0, 0, 0) for kind in range(_PIECE)]
_LOOKS = "reach int, kind int, entry_length int, number int, start int, size int"
_LOOK_COLUMNS = [column.split()[0] for column in _LOOKS.split(", ")]


def cleaned_entries(blacklist: DataFrame) -> DataFrame:
    """Blacklist entries cleaned: identity, name key, dates, and what is wrong.

    `dates_unparsed` counts dates that are there and cannot be read; an entry that has none of
    customer_id, email, phone and full_name is not `is_usable`.
    """
    entry = mapped_rows(_cleaned_entries, blacklist.columns, _ENTRY)
    return blacklist.select(entry.alias("entry")).select("entry.*")


def active_entries(entries: DataFrame, batch: date) -> DataFrame:
    """The usable entries that are listed on the batch date and have not expired."""
    day = F.lit(batch)
    is_listed = F.col("listed_at").isNull() | (F.col("listed_at") <= day)
    is_unexpired = F.col("expires_at").isNull() | (F.col("expires_at") > day)
    return entries.where(F.col("is_usable") & is_listed & is_unexpired)


def unchanged_stretches(entries: DataFrame, batches: Batches) -> list[tuple[int, int]]:
    """The first and last position of batches in a row that have the same active entries."""
    if len(batches) == 1:
        return [(0, 0)]
    changes = entries.select(F.explode(F.array("listed_at", "expires_at")).alias("day")).distinct()
    between = F.col("day").between(batches.first, batches.last)
    days = [row["day"] for row in changes.where(between).collect()]
    last = len(batches) - 1
    starts = [
        at
        for at in range(1, last + 1)
        if any(batches.dates[at - 1] < day <= batches.dates[at] for day in days)
    ]
    return list(zip([0, *starts], [*(one - 1 for one in starts), last], strict=True))


def best_matches(named: DataFrame, entries: DataFrame, settings: BlacklistSettings) -> DataFrame:
    """The best entry for each customer of `named` that has any; never two rows a customer.

    `named`: customer_id, customer_key and the customer's full_name, email, phone, date_of_birth
    (null when unknown). Out: customer_id, blacklist_id, match_type, similarity, reason.
    Best is the first kind of match that holds, then similarity, then the smallest blacklist_id.
    """
    similarity = settings.similarity_unknown_birth_date
    left = _with_points(_with_identity(named), names.customer_pieces, similarity).alias("p")
    right = _with_points(entries, names.entry_pieces, similarity).alias("e")
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


def _with_identity(named: DataFrame) -> DataFrame:
    facts = ["full_name", "email", "phone", "date_of_birth"]
    person = mapped_rows(_cleaned_identity, facts, _PERSON)
    with_person = named.select("customer_id", "customer_key", person.alias("person"))
    return with_person.select("customer_id", "customer_key", "person.*")


def _with_points(
    people: DataFrame, pieces_of: Callable[[int, Decimal], list[Piece]], similarity: Decimal
) -> DataFrame:
    """A row for each `point` of a person, a hash; equal hashes are no proof of anything.

    A name has pieces when it has two words and more: others are not compared without birth date.
    """
    longest = names.longest_looked_up(similarity)
    looks = pd.DataFrame(_looks(pieces_of, similarity, longest), columns=_LOOK_COLUMNS)
    length = F.when(F.col("name_key").contains(" "), F.length("name_key"))
    reach = F.least(F.coalesce(length, F.lit(0)), F.lit(longest))
    table = local_table(people.sparkSession, looks, _LOOKS)
    looking = people.withColumn("reach", reach).join(F.broadcast(table), "reach", how="inner")
    return looking.withColumn("point", _point()).drop(*_LOOK_COLUMNS)


def _looks(
    pieces_of: Callable[[int, Decimal], list[Piece]], similarity: Decimal, longest: int
) -> list[tuple[int, ...]]:
    """What there is to look for in a key of each length up to the longest (`_LOOKS`)."""
    return [
        (reach, *look)
        for reach in range(longest + 1)
        for look in [*_EXACT_LOOKS, *((_PIECE, *one) for one in pieces_of(reach, similarity))]
    ]


def _point() -> Column:
    kind = F.col("kind")
    piece = F.col("name_key").substr(F.col("start") + 1, F.col("size"))
    point = F.when(kind == _PIECE, F.xxhash64(kind, "entry_length", "number", piece))
    for at, shared in enumerate(_SHARED):
        point = point.when((kind == at) & F.col(shared).isNotNull(), F.xxhash64(kind, shared))
    return point


def _with_match(pairs: DataFrame, settings: BlacklistSettings) -> DataFrame:
    """Judge pairs that share a meeting point: in which way they match, and how closely."""
    longer = F.greatest(F.length("p.name_key"), F.length("e.name_key"))
    limited = pairs.withColumn("most_edits", _most_edits(longer, settings))
    # Beyond the limit -1, which is found sooner than how many they are.
    edits = F.expr("levenshtein(p.name_key, e.name_key, most_edits)")
    kinds = [
        F.when(F.col(f"p.{column}") == F.col(f"e.{column}"), F.lit(kind))
        for kind, column in _EXACT.items()
    ]
    match_type = F.coalesce(*kinds, F.when(edits >= 0, F.lit("name")))
    similarity = F.when(match_type == "name", 1 - edits / longer).otherwise(F.lit(1.0))
    return limited.select(
        F.col("p.customer_id").alias("customer_id"),
        F.col("e.blacklist_id").alias("blacklist_id"),
        match_type.alias("match_type"),
        similarity.alias("similarity"),
        F.col("e.reason").alias("reason"),
    )


def _most_edits(longer: Column, settings: BlacklistSettings) -> Column:
    """How far apart two names may be: as one birth date, or an unknown one, allows; else -1.

    Never null, which levenshtein takes for 0 where Spark generates no code; and worked out in
    decimals: 1 - 2/40 must reach 0.95 whatever the floating point says.
    """
    p, e = F.col("p.birth_date"), F.col("e.birth_date")
    both_long = F.col("p.name_key").contains(" ") & F.col("e.name_key").contains(" ")
    unknown = p.isNull() | e.isNull()
    share = F.when(p == e, F.lit(1 - settings.similarity_same_birth_date)).when(
        unknown & both_long, F.lit(1 - settings.similarity_unknown_birth_date)
    )
    return F.coalesce(F.floor(share * longer).cast("int"), F.lit(-1))


def _cleaned_entries(rows: pd.DataFrame) -> pd.DataFrame:
    texts = {name: _cleaned(rows[name]) for name in ("blacklist_id", "customer_id", "reason")}
    person = _cleaned_identity(rows)
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


def _cleaned_identity(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "email": rows["email"].map(identity.clean_email),
            "phone": rows["phone"].map(identity.clean_phone),
            "birth_date": rows["date_of_birth"].map(identity.clean_date),
            "name_key": rows["full_name"].map(names.raw_name_key),
        }
    )
