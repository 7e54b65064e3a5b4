"""Name keys, and that looking for candidates by pieces loses no pair that passes."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraudlake.names import (
    Piece,
    customer_pieces,
    entry_pieces,
    longest_looked_up,
    most_edits,
    name_key,
    raw_name_key,
)
from tests.oracle import spec_text
from tests.test_identity import TEXTS

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


@settings(max_examples=1500, deadline=None, derandomize=True, database=None)
@given(TEXTS)
def test_the_key_of_a_raw_name_is_that_of_the_clean_one(raw: str) -> None:
    assert raw_name_key(raw) == spec_text.name_key(spec_text.clean_text(raw))


def test_the_key_of_every_letter_is_that_of_the_second_implementation() -> None:
    for start in range(0, 0x1F000, 0x100):
        name = " ".join(map(chr, range(start, start + 0x100)))
        if not 0xD800 <= start < 0xE000:
            assert name_key(name) == (spec_text.name_key(name) or "")


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
    length = min(len(customer), longest_looked_up(similarity))
    looks = texts(customer, customer_pieces(length, similarity))
    return not looks.isdisjoint(texts(entry, entry_pieces(len(entry), similarity)))


def texts(key: str, pieces: list[Piece]) -> set[tuple[int, int, str]]:
    return {(one.entry_length, one.number, key[one.start : one.start + one.size]) for one in pieces}


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


def test_a_name_too_long_for_pieces_meets_every_other_that_could_be_alike() -> None:
    longest = longest_looked_up(SIMILARITY)
    for length in range(120, longest + 9):
        key = ("abc def " * 20)[:length].strip()
        for other in (key, key + "x", key[1:], "xyzxyz" + key, key[6:]):
            longer = max(len(key), len(other))
            if levenshtein(key, other) <= most_edits(longer, SIMILARITY):
                assert are_candidates(key, other, SIMILARITY), (length, len(other))


def test_a_long_name_costs_no_more_to_look_up_than_one_just_too_long() -> None:
    longest = longest_looked_up(SIMILARITY)
    assert len(customer_pieces(longest, SIMILARITY)) == 1
    assert len(entry_pieces(10_000, SIMILARITY)) == 1
    assert sum(len(customer_pieces(one, SIMILARITY)) for one in range(longest)) < 20_000


def levenshtein(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        before, row = row, [at]
        for to, wanted in enumerate(other):
            row.append(min(row[-1] + 1, before[to + 1] + 1, before[to] + (letter != wanted)))
    return row[-1]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.text(alphabet="ab ", min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["", "a", "b", "ab"])), max_size=9),
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
