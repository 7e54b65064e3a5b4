"""Names as keys that can be compared, and how candidates are found without losing a pair.

Two keys are alike when `1 - levenshtein / longer length` reaches a threshold. So a pair within it
differs in at most a share of its length, and by the pigeonhole principle: of k + 1 pieces of one
key, k edits leave one piece untouched, standing at most k places off in the other key (the idea
of the PassJoin algorithm). An entry is filed under its pieces, a customer looks under all pieces
that a partner could have.
"""

from __future__ import annotations

import unicodedata
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache
from itertools import pairwise

# Letters that NFKD leaves whole although readers take them for two, or for a plain one.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})


def name_key(name: str) -> str:
    """The words of a name without case, marks and punctuation, sorted; may be empty."""
    return " ".join(sorted(_words(name)))


def _words(name: str) -> list[str]:
    if name.isascii():
        folded = name.lower()
    else:
        bare = (one for one in unicodedata.normalize("NFKD", name) if not _is(one, "M"))
        folded = "".join(bare).casefold().translate(_PLAIN_LETTERS)
    return "".join(one if one.isalnum() or _is(one, "LN") else " " for one in folded).split()


def _is(character: str, categories: str) -> bool:
    return unicodedata.category(character)[0] in categories


@lru_cache(maxsize=4096)
def most_edits(longer_length: int, similarity: Decimal) -> int:
    """How many edits two keys may be apart, the longer one of this length."""
    return int(((1 - similarity) * longer_length).to_integral_value(ROUND_FLOOR))


def entry_pieces(key: str, similarity: Decimal) -> list[str]:
    """The pieces that an entry is filed under."""
    return [
        _piece(len(key), at, key[start:end])
        for at, (start, end) in enumerate(_cuts(len(key), similarity))
    ]


def customer_pieces(key: str, similarity: Decimal) -> list[str]:
    """Every piece under which an entry like this key could be filed."""
    found = {
        _piece(length, at, key[start + shift : end + shift])
        for length in _partner_lengths(len(key), similarity)
        for at, (start, end) in enumerate(_cuts(length, similarity))
        for shift in _shifts(length, similarity)
        if start + shift >= 0 and end + shift <= len(key)
    }
    return sorted(found)


def _piece(length: int, at: int, text: str) -> str:
    return f"{length}:{at}:{text}"


@lru_cache(maxsize=4096)
def _entry_edits(length: int, similarity: Decimal) -> int:
    """The most edits between an entry of this length and any partner within the threshold."""
    longest_partner = int((length / similarity).to_integral_value(ROUND_FLOOR))
    return most_edits(max(length, longest_partner), similarity)


@lru_cache(maxsize=4096)
def _cuts(length: int, similarity: Decimal) -> tuple[tuple[int, int], ...]:
    """Where an entry of this length is cut: one piece more than it may have edits."""
    pieces = min(_entry_edits(length, similarity) + 1, length)
    bounds = [length * at // pieces for at in range(pieces + 1)] if pieces else []
    return tuple(pairwise(bounds))


@lru_cache(maxsize=4096)
def _partner_lengths(length: int, similarity: Decimal) -> range:
    """The lengths of entries that can be within the threshold of a key of this length."""
    longest = int((length / similarity).to_integral_value(ROUND_FLOOR))
    return range(length - most_edits(length, similarity), longest + 1)


def _shifts(length: int, similarity: Decimal) -> range:
    edits = _entry_edits(length, similarity)
    return range(-edits, edits + 1)
