"""Whether name matching lost a pair: a sample of entries against every customer."""

# mypy: disable-error-code="import-not-found,unused-ignore"
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.compare import Comparison
from benchmarks.data.streams import stream
from benchmarks.peers.task import THREADS
from fraudlake.identity import clean_text
from fraudlake.names import name_key

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.data.write import Inputs

SAMPLE = 150  # entries
_STRONGER = {"customer_id", "email", "phone"}
_ALLOWED_PERCENT = {True: 10, False: 5}  # of the longer name; by whether both births are equal


def compare_with_all_pairs(inputs: Inputs, out: Path) -> Comparison:
    """Every pair of a sampled entry and a customer that passes must have led to a match.

    `rows` counts the pairs that pass, `differences` those whose customer has no match, or only one
    that is worse.
    """
    people = _people(inputs.customers)
    entries = _in_force(inputs)
    found = {one["customer_id"]: one for one in _rows(out / "flagged_customers")}
    rng = stream(inputs.plan.seed, "recall")
    sample = rng.choice(len(entries), min(SAMPLE, len(entries)), replace=False)
    pairs = [pair for at in sample.tolist() for pair in _passing(people, entries[at])]
    lost = [one for one in pairs if not _is_found(found.get(one["customer_id"]), one["similarity"])]
    return Comparison(len(pairs), len(lost), lost[:5])


def _people(folder: Path) -> dict[str, Any]:
    table = pq.read_table(folder, columns=["customer_id", "full_name", "date_of_birth"])
    keys = [_key(name) for name in table["full_name"].to_pylist()]
    lengths = np.array([len(key) for key in keys])
    ids, births = table["customer_id"].to_pylist(), table["date_of_birth"].to_pylist()
    return {"ids": ids, "keys": keys, "births": births, "lengths": lengths}


def _in_force(inputs: Inputs) -> list[dict[str, Any]]:
    day = inputs.plan.first_scored
    return [
        one
        for one in _rows(inputs.blacklist)
        if _key(one["full_name"])
        and (one["listed_at"] is None or one["listed_at"] <= day)
        and (one["expires_at"] is None or one["expires_at"] > day)
    ]


def _rows(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder).to_pylist()
    return rows


def _key(name: str | None) -> str:
    text = clean_text(name)
    return name_key(text) if text else ""


def _passing(people: dict[str, Any], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The customers whose names are near enough to an entry's, by the contract's two limits."""
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415 - of requirements-bench.txt
    from rapidfuzz.process import cdist  # noqa: PLC0415

    key, born = _key(entry["full_name"]), entry["date_of_birth"]
    edits = cdist([key], people["keys"], scorer=Levenshtein.distance, workers=THREADS)[0]
    longest = np.maximum(people["lengths"], len(key))
    near = np.flatnonzero(edits * 100 <= longest * max(_ALLOWED_PERCENT.values()))
    return [
        {
            "customer_id": people["ids"][at],
            "blacklist_id": entry["blacklist_id"],
            "similarity": 1 - int(edits[at]) / int(longest[at]),
        }
        for at in near.tolist()
        if _passes(key, born, people["keys"][at], people["births"][at], int(edits[at]))
    ]


def _passes(key: str, born: object, other: str, other_born: object, edits: int) -> bool:
    longest = max(len(key), len(other))
    if born is not None and other_born is not None:
        return born == other_born and edits * 100 <= longest * _ALLOWED_PERCENT[True]
    both_long = " " in key and " " in other
    return both_long and edits * 100 <= longest * _ALLOWED_PERCENT[False]


def _is_found(match: dict[str, Any] | None, similarity: float) -> bool:
    if match is None:
        return False
    is_stronger = match["match_type"] in _STRONGER
    return is_stronger or bool(match["similarity"] >= similarity - 1e-12)
