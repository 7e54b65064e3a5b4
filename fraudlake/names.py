"""Names as keys that can be compared, and how candidates are found without losing a pair.

Two keys are alike when `1 - levenshtein / longer length` reaches a threshold. So a pair within it
differs in at most a share of its length, and by the pigeonhole principle: of k + 1 pieces of one
key, k edits leave one piece untouched, standing at most k places off in the other key. Better
still, one untouched piece i (from 0) has at most i edits before it and k - i behind it: the first
at which the edits counted up to its end are no more than the pieces before it. So it stands at
most i places off counted from the front, and k - i counted from the end (the multi-match-aware
selection of Li, Deng, Wang, Feng: PassJoin, VLDB 2011). An entry is filed under its pieces, a
customer looks under all pieces that a partner could have.
"""

from __future__ import annotations

import unicodedata
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from fraudlake.identity import LONGEST_MISSING, clean_text

# Letters that NFKD leaves whole although readers take them for two, or for a plain one.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
# The looks of a key grow with the cube of its edits. Beyond these a name is filed as a long one.
_MOST_EDITS = 10
_LONGEST_IN_PIECES = 132


class Piece(NamedTuple):
    """A part of a key: of which entries, and where it stands in the key, both in code points.

    Attributes:
        entry_length: length of the entries that are filed under it; of the long ones, 0.
        number: which of their pieces it is, from 0.
        start: where it begins, from 0: in an entry at its own place, in a customer's key
            wherever edits could have moved it.
        size: how long it is.
    """

    entry_length: int
    number: int
    start: int
    size: int


_LONG = Piece(0, 0, 0, 0)


def name_key(name: str) -> str:
    """The words of a name without case, marks and punctuation, sorted; may be empty."""
    if name.isascii():
        return b" ".join(sorted(name.encode().translate(_ASCII_KEY_LETTERS).split())).decode()
    return " ".join(sorted(name.translate(_KEY_LETTERS).split()))


def raw_name_key(raw: str | None) -> str | None:
    """The key of a name as it is written; None without any word, or for what stands for none."""
    key = name_key(raw) if raw else ""
    # Cleaning leaves the key as it is; the key of what stands for a missing name is no longer.
    if len(key) <= LONGEST_MISSING and clean_text(raw) is None:
        return None
    return key or None


class _KeyLetters(dict[int, str]):
    """What becomes of each code point in a key, worked out when it is first met."""

    def __missing__(self, code_point: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code_point))
        bare = "".join(one for one in decomposed if not _is(one, "M"))
        folded = bare.casefold().translate(_PLAIN_LETTERS)
        self[code_point] = "".join(one if _is(one, "LN") else " " for one in folded)
        return self[code_point]


def _is(character: str, categories: str) -> bool:
    return unicodedata.category(character)[0] in categories


_KEY_LETTERS = _KeyLetters()
_ASCII = bytes(range(0x80))
# One call for the whole text, where a key is made for every customer.
_ASCII_KEY_LETTERS = _ASCII.decode().translate(_KEY_LETTERS).encode().ljust(0x100)


@lru_cache(maxsize=4096)
def most_edits(longer_length: int, similarity: Decimal) -> int:
    """How many edits two keys may be apart, the longer one of this length."""
    return _floor((1 - similarity) * longer_length)


def entry_pieces(length: int, similarity: Decimal) -> list[Piece]:
    """The pieces that an entry of this length is filed under, which make up its key."""
    if length > _longest_in_pieces(similarity):
        return [_LONG]
    return [
        Piece(length, number, start, end - start)
        for number, (start, end) in enumerate(_cuts(length, similarity))
    ]


def customer_pieces(length: int, similarity: Decimal) -> list[Piece]:
    """Where in a key of this length every piece could stand of an entry that is alike."""
    longest = _longest_in_pieces(similarity)
    partners = _partner_lengths(length, similarity)
    found = [
        piece
        for partner in partners
        if partner <= longest
        for piece in _moved_pieces(length, partner, similarity)
    ]
    return found + [_LONG] * (partners[-1] > longest)


def longest_looked_up(similarity: Decimal) -> int:
    """The length from which on all customers have the same pieces: that of the long entries."""
    return _floor(_longest_in_pieces(similarity) / similarity) + 1


@lru_cache(maxsize=16)
def _longest_in_pieces(similarity: Decimal) -> int:
    lengths = range(1, _LONGEST_IN_PIECES + 1)
    return max(one for one in lengths if _entry_edits(one, similarity) <= _MOST_EDITS)


def _moved_pieces(length: int, partner: int, similarity: Decimal) -> list[Piece]:
    """The pieces of an entry of length `partner`, wherever they can stand in a key of `length`."""
    edits, longer_by = most_edits(max(length, partner), similarity), length - partner
    return [
        Piece(partner, number, start + shift, end - start)
        for number, (start, end) in enumerate(_cuts(partner, similarity)[: edits + 1])
        for shift in range(
            max(-number, longer_by - edits + number), min(number, longer_by + edits - number) + 1
        )
        if start + shift >= 0 and end + shift <= length
    ]


@lru_cache(maxsize=4096)
def _entry_edits(length: int, similarity: Decimal) -> int:
    """The most edits between an entry of this length and any partner within the threshold."""
    return most_edits(_partner_lengths(length, similarity)[-1], similarity)


@lru_cache(maxsize=4096)
def _cuts(length: int, similarity: Decimal) -> tuple[tuple[int, int], ...]:
    """Where an entry of this length is cut: one piece more than it may have edits."""
    pieces = min(_entry_edits(length, similarity) + 1, length)
    bounds = [length * at // pieces for at in range(pieces + 1)] if pieces else []
    return tuple(pairwise(bounds))


@lru_cache(maxsize=4096)
def _partner_lengths(length: int, similarity: Decimal) -> range:
    """The lengths of keys that can be within the threshold of a key of this length."""
    return range(length - most_edits(length, similarity), _floor(length / similarity) + 1)


def _floor(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_FLOOR))
