"""No pair is lost on the way to the best match: the same matches as by comparing all with all."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from fraudlake.blacklist import active_entries, best_matches, cleaned_entries
from fraudlake.input_tables import BLACKLIST
from tests.frames import DAY, SETTINGS, frame
from tests.oracle import spec_text

if TYPE_CHECKING:
    from decimal import Decimal

    from pyspark.sql import SparkSession

TABLE = ", ".join(f"{name} string" for name in BLACKLIST.columns)
NAMED = (
    "customer_id string, customer_key string, full_name string, email string, phone string,"
    " date_of_birth string"
)
SAME = SETTINGS.blacklist.similarity_same_birth_date
UNKNOWN = SETTINGS.blacklist.similarity_unknown_birth_date
ALPHABET = "abcdefghijklmnopqrstuvwxyzé王"
# Few, so that many pairs have one; most entries of a real list have none.
BORN = ["1990-05-01", "1990-05-02", "1990-05-03", None, None]
Match = tuple[float, str]


@dataclass(frozen=True)
class Person:
    """One side of a pair."""

    number: str
    name: str
    born: str | None

    @cached_property
    def key(self) -> str:
        """The name key as the second implementation of the contract makes it."""
        return spec_text.name_key(self.name) or ""


def sample(chosen: random.Random) -> tuple[list[Person], list[Person]]:
    """Entries of all lengths, and customers edited from them up to a threshold and past it."""
    lengths = [*range(4, 84, 2), 119, 120, 131, 132, 133, 140, 160]
    entries = [
        Person(f"B{at:03}", _name(chosen, length), chosen.choice(BORN))
        for at, length in enumerate([*lengths, *lengths])
    ]
    customers = [
        _edited(chosen, entry, int((1 - similarity) * len(entry.name)) + past, known)
        for entry in entries
        for similarity, known in ((SAME, True), (UNKNOWN, False))
        for past in (0, 0, 0, 0, 1, 1)
    ]
    return entries, [replace(one, number=f"C{at:04}") for at, one in enumerate(customers)]


def _name(chosen: random.Random, length: int) -> str:
    letters = [chosen.choice(ALPHABET) for _ in range(length)]
    for at in range(chosen.randint(3, 11), length - 1, chosen.randint(5, 12)):
        letters[at] = " "
    return "".join(letters)


def _edited(chosen: random.Random, entry: Person, edits: int, known: bool) -> Person:  # noqa: FBT001
    name = entry.name
    for _ in range(edits):
        at, length = chosen.randrange(len(name)), chosen.choice([0, 1, 2])
        name = name[:at] + "".join(chosen.choices(ALPHABET, k=length)) + name[at + 1 :]
    return replace(entry, name=name, born=entry.born if known else chosen.choice(BORN))


def best_of_all(
    customer: Person, entries: list[Person], kinds: Counter[tuple[Decimal, int]]
) -> Match | None:
    """The best entry by comparing each; counts pairs by threshold and by edits past the limit."""
    found = []
    for entry in entries:
        similarity, longer = threshold(customer, entry), max(len(customer.key), len(entry.key))
        if similarity is None:
            continue
        limit = int((1 - similarity) * longer)
        if abs(len(customer.key) - len(entry.key)) > limit + 1:
            continue
        edits = spec_text.edit_distance_within(customer.key, entry.key, limit + 1)
        if edits is not None:
            kinds[similarity, edits - limit] += 1
        if edits is not None and edits <= limit:
            found.append((edits / longer - 1, entry.number))
    return (-min(found)[0], min(found)[1]) if found else None


def threshold(customer: Person, entry: Person) -> Decimal | None:
    if customer.born and entry.born:
        return SAME if customer.born == entry.born else None
    return UNKNOWN if " " in customer.key and " " in entry.key else None


def test_every_pair_is_found_that_comparing_all_with_all_finds(spark: SparkSession) -> None:
    entries, customers = sample(random.Random(20250311))  # noqa: S311 - seeded test data
    kinds: Counter[tuple[Decimal, int]] = Counter()
    expected = {one.number: best_of_all(one, entries, kinds) for one in customers}
    for similarity in (SAME, UNKNOWN):
        assert kinds[similarity, 0] > 30, "pairs at the threshold"
        assert kinds[similarity, 1] > 30, "pairs just past it"
    listed = [
        {"blacklist_id": one.number, "full_name": one.name, "date_of_birth": one.born}
        for one in entries
    ]
    named = [
        {"customer_id": one.number, "full_name": one.name, "date_of_birth": one.born}
        for one in customers
    ]
    cleaned = cleaned_entries(frame(spark, TABLE, *listed))
    matches = best_matches(
        frame(spark, NAMED, *named), active_entries(cleaned, DAY), SETTINGS.blacklist
    )
    found = {row.customer_id: (row.similarity, row.blacklist_id) for row in matches.collect()}
    assert found == {
        number: (pytest.approx(match[0]), match[1]) for number, match in expected.items() if match
    }
