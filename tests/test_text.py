"""Trimming: every white space of Unicode at the ends, nothing else, and empty means missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F

from fraudlake.text import trimmed
from tests.frames import pairs, texts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Unicode's property White_Space, PropList.txt.
WHITE_SPACE = [
    *(chr(point) for point in range(0x09, 0x0E)),
    *map(chr, (0x20, 0x85, 0xA0, 0x1680)),
    *(chr(point) for point in range(0x2000, 0x200B)),
    *map(chr, (0x2028, 0x2029, 0x202F, 0x205F, 0x3000)),
]
KEPT = ["\u200bx", "x\u200b", "\ufeffx", "\x00x", "\x1cx", "x\u2060", "\u180ex"]


@pytest.fixture(scope="module")
def bare(spark: SparkSession) -> dict[str | None, str | None]:
    around = [f"{space}a{space}b{space}" for space in WHITE_SPACE]
    everything = "".join(WHITE_SPACE)
    more = [f"{everything}x{everything}", everything, "", None, "plain"]
    rows = texts(spark, [*around, *WHITE_SPACE, *more, *KEPT])
    return pairs(rows, "text", trimmed(F.col("text")))


def test_each_white_space_goes_from_the_ends_only(bare: dict[str | None, str | None]) -> None:
    assert len(WHITE_SPACE) == 25
    kept = {space: bare[f"{space}a{space}b{space}"] for space in WHITE_SPACE}
    assert kept == {space: f"a{space}b" for space in WHITE_SPACE}


def test_runs_of_them_go_as_well(bare: dict[str | None, str | None]) -> None:
    everything = "".join(WHITE_SPACE)
    assert bare[f"{everything}x{everything}"] == "x"


def test_nothing_but_white_space_is_missing(bare: dict[str | None, str | None]) -> None:
    blank = [*WHITE_SPACE, "".join(WHITE_SPACE), "", None]
    assert {bare[one] for one in blank} == {None}


def test_invisible_characters_that_are_no_white_space_stay(
    bare: dict[str | None, str | None],
) -> None:
    assert {one: bare[one] for one in [*KEPT, "plain"]} == {one: one for one in [*KEPT, "plain"]}
