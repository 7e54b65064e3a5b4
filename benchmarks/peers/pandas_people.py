"""Customers and blacklist in pandas: every way in which a customer can match an entry."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from benchmarks.peers.rules import MISSING_TEXTS
from benchmarks.peers.task import THREADS

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
_PAIR = ["customer_id", "blacklist_id", "place", "match_type", "similarity"]
_LEAST_DIGITS = 7


def read_people(folder: Path) -> pd.DataFrame:
    """customer_id, email, phone, born, name_key: one row a customer."""
    rows = pd.read_parquet(folder)
    rows["newest"] = rows["updated_at"].fillna(rows["created_at"])
    rows = rows.sort_values("newest", ascending=False, na_position="last")
    return _identified(rows.drop_duplicates("customer_id"))


def read_entries(folder: Path) -> pd.DataFrame:
    """The blacklist, cleaned."""
    rows = pd.read_parquet(folder)
    entries = _identified(rows)
    entries["customer_id"] = rows["customer_id"].map(_present, na_action="ignore")
    entries["blacklist_id"] = rows["blacklist_id"]
    entries["reason"] = rows["reason"].map(_present, na_action="ignore").fillna("unspecified")
    entries["listed_at"] = rows["listed_at"].fillna(date.min)
    entries["expires_at"] = rows["expires_at"].fillna(date.max)
    return entries


def candidates(people: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Pairs of customer and entry that match, whenever the entry is in force."""
    listed = entries.drop(columns="customer_id")
    pairs = [
        _exact(entries.dropna(subset="customer_id"), 1, "customer_id"),
        _exact(people.merge(listed.dropna(subset="email"), on="email"), 2, "email"),
        _exact(people.merge(listed.dropna(subset="phone"), on="phone"), 3, "phone"),
        _near(_born_pairs(people, listed), percent=10),
        _near(_unborn_pairs(people, listed), percent=5),
    ]
    facts = entries[["blacklist_id", "reason", "listed_at", "expires_at"]]
    return pd.concat(pairs).merge(facts, on="blacklist_id")


def best_matches(pairs: pd.DataFrame, batch: date) -> pd.DataFrame:
    """The best match of each customer on a batch date."""
    active = pairs[(pairs["listed_at"] <= batch) & (pairs["expires_at"] > batch)]
    order = ["place", "similarity", "blacklist_id"]
    best = active.sort_values(order, ascending=[True, False, True])
    return best.drop_duplicates("customer_id")[
        ["customer_id", "blacklist_id", "match_type", "similarity", "reason"]
    ]


def _identified(rows: pd.DataFrame) -> pd.DataFrame:
    text = {
        name: rows[name].map(_present, na_action="ignore")
        for name in ("customer_id", "email", "phone", "full_name")
    }
    return pd.DataFrame(
        {
            "customer_id": text["customer_id"],
            "email": text["email"].str.lower(),
            "phone": text["phone"].map(_phone, na_action="ignore"),
            "born": rows["date_of_birth"],
            "name_key": text["full_name"].map(_name_key, na_action="ignore"),
        }
    )


def _present(text: str) -> str | None:
    bare = text.strip()
    return None if bare.upper() in MISSING_TEXTS else bare


def _phone(text: str) -> str | None:
    digits = re.sub("[^0-9]", "", text)
    if len(digits) < _LEAST_DIGITS or len(set(digits)) == 1:
        return None
    return f"+{digits}" if text.startswith("+") else digits


def _name_key(name: str) -> str | None:
    bare = (c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    plain = "".join(bare).casefold().translate(_PLAIN)
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return " ".join(sorted(words)) or None


def _exact(pairs: pd.DataFrame, place: int, kind: str) -> pd.DataFrame:
    return pairs.assign(place=place, match_type=kind, similarity=1.0)[_PAIR]


def _born_pairs(people: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    named = people.dropna(subset=["born", "name_key"])
    entries = listed.dropna(subset=["born", "name_key"])
    return named.merge(entries, on="born", suffixes=("", "_listed"))


def _unborn_pairs(people: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Where a birth date is unknown, names of two words whose lengths are near enough."""
    entries, named = _with_two_words(listed), _with_two_words(people)
    length = entries["name_key"].str.len()
    reached = [range((n * 19 + 19) // 20, n * 20 // 19 + 1) for n in length]
    reach = (
        entries.assign(length=pd.Series(reached, entries.index, dtype=object))
        .explode("length")
        .astype({"length": int})
    )
    named = named.assign(length=named["name_key"].str.len())
    unborn, born = named[named["born"].isna()], named[named["born"].notna()]
    meets = [
        unborn.merge(reach, on="length", suffixes=("", "_listed")),
        born.merge(reach[reach["born"].isna()], on="length", suffixes=("", "_listed")),
    ]
    return pd.concat(map(_may_be_near, meets))


def _may_be_near(pairs: pd.DataFrame) -> pd.DataFrame:
    """Up to 39 letters there is one edit at most: the first or the last ten are as they were."""
    mine, listed = pairs["name_key"].str, pairs["name_key_listed"].str
    is_same = (mine[:10] == listed[:10]) | (mine[-10:] == listed[-10:])
    return pairs[is_same | (pairs["length"] > 38)]  # noqa: PLR2004 - explained above


def _with_two_words(people: pd.DataFrame) -> pd.DataFrame:
    return people[people["name_key"].str.contains(" ", regex=False, na=False)]


def _near(pairs: pd.DataFrame, percent: int) -> pd.DataFrame:
    edits = cpdist(
        pairs["name_key"].to_list(),
        pairs["name_key_listed"].to_list(),
        scorer=Levenshtein.distance,
        workers=THREADS,
    )
    longest = np.maximum(pairs["name_key"].str.len(), pairs["name_key_listed"].str.len())
    near = pairs.assign(place=4, match_type="name", similarity=1 - edits / longest)
    return near[edits * 100 <= percent * longest][_PAIR]
