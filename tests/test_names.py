"""Name keys, and that looking for candidates by pieces loses no pair that passes."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraudlake.names import customer_pieces, entry_pieces, most_edits, name_key

SIMILARITY = Decimal("0.95")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ann Lee", "ann lee"),
        ("Lee Ann", "ann lee"),
        ("LEE, Ann", "ann lee"),
        ("O'Neil-Smith", "neil o smith"),
        ("ann_lee", "ann lee"),
        ("Stra\u00dfe", "strasse"),
        ("STRASSE", "strasse"),
        ("\u1e9e", "ss"),
        ("S\u00f8ren", "soren"),
        ("S\u00d8REN", "soren"),
        ("\u0141ukasz", "lukasz"),
        ("\u0110or\u0111e", "dorde"),
        ("\u00c6gir \u0152uvre", "aegir oeuvre"),
        ("\u01fdgir", "aegir"),
        ("Jos\u00e9", "jose"),
        ("Jose\u0301", "jose"),
        ("J\u0323\u0301o", "jo"),
        ("\u0130stanbul", "istanbul"),
        ("\ufb01nn", "finn"),
        ("\uff21nn", "ann"),
        ("\u0391\u03a3", "\u03b1\u03c3"),
        ("\u03b1\u03c2", "\u03b1\u03c3"),
        (
            "\u0645\u062d\u0645\u0651\u062f \u0639\u0644\u064a",
            "\u0639\u0644\u064a \u0645\u062d\u0645\u062f",
        ),
        ("\u738b\u5c0f\u660e", "\u738b\u5c0f\u660e"),
        ("Louis \u2163", "iv louis"),
        ("Louis 14", "14 louis"),
        ("Ann\u200bLee", "ann lee"),
        ("\U00010400nn", "\U00010428nn"),
        ("Ann \U0001f600", "ann"),
        ("b a b", "a b b"),
        ("\u0301", ""),
        ("...", ""),
    ],
)
def test_a_key_has_no_case_marks_or_punctuation_and_sorted_words(name: str, key: str) -> None:
    assert name_key(name) == key


def test_the_key_of_a_key_is_itself() -> None:
    for name in (
        "S\u00f8ren \u00c6gir",
        "O'Neil",
        "Stra\u00dfe Jos\u00e9",
        "\u0645\u062d\u0645\u0651\u062f",
    ):
        assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize(
    ("length", "similarity", "edits"),
    [
        (10, "0.90", 1),
        (9, "0.90", 0),
        (20, "0.95", 1),
        (19, "0.95", 0),
        (40, "0.95", 2),
        (7, "1", 0),
        (30, "0.90", 3),
    ],
)
def test_the_edits_within_a_similarity_are_counted_exactly(
    length: int, similarity: str, edits: int
) -> None:
    assert most_edits(length, Decimal(similarity)) == edits


def are_candidates(customer: str, entry: str, similarity: Decimal) -> bool:
    of_customer = set(customer_pieces(customer, similarity))
    return not of_customer.isdisjoint(entry_pieces(entry, similarity))


def test_every_single_edit_of_a_key_of_twenty_is_a_candidate() -> None:
    key = "abcdefghi jklmnopqrs"
    assert len(key) == 20
    changed = [f"{key[:at]}z{key[at + 1 :]}" for at in range(20)]
    shorter = [key[:at] + key[at + 1 :] for at in range(20)]
    for other in [*changed, *shorter, key]:
        assert are_candidates(key, other, SIMILARITY), other
        assert are_candidates(other, key, SIMILARITY), other


def test_two_edits_anywhere_in_a_key_of_forty_are_a_candidate() -> None:
    key = "abcdefghijklmnopqrst ABCDEFGHIJKLMNOPQRS"
    assert len(key) == 40
    for first, second in product(range(0, 40, 3), range(1, 40, 3)):
        other = "".join("z" if at in (first, second) else one for at, one in enumerate(key))
        assert are_candidates(key, other, SIMILARITY)
        moved = key[:first] + key[first + 1 : second] + "z" + key[second:]
        if levenshtein(key, moved) <= most_edits(max(len(key), len(moved)), SIMILARITY):
            assert are_candidates(key, moved, SIMILARITY)
            assert are_candidates(moved, key, SIMILARITY)


def levenshtein(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        before, row = row, [at]
        for to, wanted in enumerate(other):
            row.append(min(row[-1] + 1, before[to + 1] + 1, before[to] + (letter != wanted)))
    return row[-1]


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.text(alphabet="ab ", min_size=1, max_size=24),
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["", "a", "b", "ab"])), max_size=4),
    st.sampled_from([Decimal("0.8"), Decimal("0.9"), SIMILARITY, Decimal(1)]),
)
def test_no_pair_within_the_similarity_is_lost(
    key: str, edits: list[tuple[int, str]], similarity: Decimal
) -> None:
    other = key
    for at, text in edits:
        other = other[:at] + text + other[at + 1 :]
    longer = max(len(key), len(other))
    if other and levenshtein(key, other) <= most_edits(longer, similarity):
        assert are_candidates(key, other, similarity)
        assert are_candidates(other, key, similarity)
