"""Customers and blacklist in Polars: every way in which a customer can match an entry."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from benchmarks.peers.rules import MISSING_TEXTS
from benchmarks.peers.task import THREADS

if TYPE_CHECKING:
    from pathlib import Path

_PAIR = ("customer_id", "blacklist_id", "place", "match_type", "similarity")


def read_people(folder: Path) -> pl.DataFrame:
    """customer_id, email, phone, born, name_key: one row a customer."""
    newest = pl.coalesce("updated_at", "created_at")
    rows = pl.scan_parquet(folder / "*.parquet").sort(newest, descending=True, nulls_last=True)
    people = rows.unique("customer_id", keep="first", maintain_order=True)
    return people.select("customer_id", *_identity()).collect()


def read_entries(folder: Path) -> pl.DataFrame:
    """The blacklist, cleaned."""
    return (
        pl.scan_parquet(folder / "*.parquet")
        .select(
            "blacklist_id",
            _present("customer_id").alias("customer_id"),
            *_identity(),
            _present("reason").fill_null("unspecified").alias("reason"),
            pl.col("listed_at").fill_null(date.min),
            pl.col("expires_at").fill_null(date.max),
        )
        .collect()
    )


def candidates(people: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Pairs of customer and entry that match, whenever the entry is in force."""
    pairs = [
        _exact(entries.filter(pl.col("customer_id").is_not_null()), 1, "customer_id"),
        *(
            _exact(people.join(entries.drop("customer_id"), on=column), place, column)
            for place, column in ((2, "email"), (3, "phone"))
        ),
        _near(_born_pairs(people, entries), percent=10),
        _near(_unborn_pairs(people, entries), percent=5),
    ]
    facts = entries.select("blacklist_id", "reason", "listed_at", "expires_at")
    return pl.concat(pairs).join(facts, on="blacklist_id")


def best_matches(candidates: pl.DataFrame, batch: date) -> pl.DataFrame:
    """The best match of each customer on a batch date."""
    active = candidates.filter(pl.col("listed_at") <= batch, pl.col("expires_at") > batch)
    order = ["place", "similarity", "blacklist_id"]
    best = active.sort(order, descending=[False, True, False])
    return best.unique("customer_id", keep="first", maintain_order=True).select(
        "customer_id", "blacklist_id", "match_type", "similarity", "reason"
    )


def _identity() -> list[pl.Expr]:
    phone = _present("phone")
    digits = phone.str.replace_all(r"[^0-9]", "")
    is_number = (digits.str.len_chars() >= 7) & (  # noqa: PLR2004 - of the contract
        digits.str.strip_chars_start(digits.str.head(1)) != ""
    )
    plus = pl.when(phone.str.starts_with("+")).then(pl.lit("+")).otherwise(pl.lit(""))
    return [
        _present("email").str.to_lowercase().alias("email"),
        pl.when(is_number).then(plus + digits).alias("phone"),
        pl.col("date_of_birth").alias("born"),
        _name_key().alias("name_key"),
    ]


def _present(column: str) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    return pl.when(~text.str.to_uppercase().is_in(MISSING_TEXTS)).then(text)


def _name_key() -> pl.Expr:
    bare = _present("full_name").str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    plain = bare.str.to_lowercase().str.replace_many(
        ["ø", "ł", "đ", "æ", "œ"], ["o", "l", "d", "ae", "oe"]
    )
    words = plain.str.extract_all(r"[\p{L}\p{N}]+").list.sort().list.join(" ")
    return pl.when(words != "").then(words)


def _exact(pairs: pl.DataFrame, place: int, kind: str) -> pl.DataFrame:
    return pairs.select(
        "customer_id",
        "blacklist_id",
        pl.lit(place, pl.Int32).alias("place"),
        pl.lit(kind).alias("match_type"),
        pl.lit(1.0).alias("similarity"),
    )


def _born_pairs(people: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    listed = entries.select("blacklist_id", "born", pl.col("name_key").alias("listed_key"))
    return people.join(listed, on="born").drop_nulls(["name_key", "listed_key"])


def _unborn_pairs(people: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Where a birth date is unknown, names of two words whose lengths are near enough."""
    length = pl.col("listed_key").str.len_chars()
    reach = (
        entries.select(
            "blacklist_id",
            pl.col("name_key").alias("listed_key"),
            pl.col("born").is_null().alias("listed_unborn"),
        )
        .filter(pl.col("listed_key").str.contains(" ", literal=True))
        .with_columns(
            pl.int_ranges((length * 19 + 19) // 20, length * 20 // 19 + 1).alias("length")
        )
        .explode("length")
    )
    named = people.filter(pl.col("name_key").str.contains(" ", literal=True)).with_columns(
        pl.col("name_key").str.len_chars().cast(pl.Int64).alias("length")
    )
    unborn, born = (
        named.filter(pl.col("born").is_null()),
        named.filter(pl.col("born").is_not_null()),
    )
    meets = [
        unborn.join(reach, on="length"),
        born.join(reach.filter("listed_unborn"), on="length"),
    ]
    return pl.concat(one.filter(_may_be_near()) for one in meets)


def _may_be_near() -> pl.Expr:
    """Up to 39 letters there is one edit at most: the first or the last ten are as they were."""
    mine, listed = pl.col("name_key"), pl.col("listed_key")
    same_start = mine.str.head(10) == listed.str.head(10)
    same_end = mine.str.tail(10) == listed.str.tail(10)
    return same_start | same_end | (pl.col("length") > 38)  # noqa: PLR2004 - explained above


def _near(pairs: pl.DataFrame, percent: int) -> pl.DataFrame:
    """The pairs that differ in at most so many percent of the longer name."""
    edits = cpdist(
        pairs["name_key"].to_list(),
        pairs["listed_key"].to_list(),
        scorer=Levenshtein.distance,
        workers=THREADS,
    )
    longest = pl.max_horizontal(
        pl.col("name_key").str.len_chars(), pl.col("listed_key").str.len_chars()
    ).cast(pl.Int64)
    judged = pairs.with_columns(pl.Series("edits", edits, pl.Int64), longest.alias("longest"))
    return judged.filter(pl.col("edits") * 100 <= percent * pl.col("longest")).select(
        "customer_id",
        "blacklist_id",
        pl.lit(4, pl.Int32).alias("place"),
        pl.lit("name").alias("match_type"),
        (1 - pl.col("edits") / pl.col("longest")).alias("similarity"),
    )
