"""Text columns as every table treats them: trimmed, and empty means missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column

# The code points with the Unicode property White_Space; Spark's plain trim knows only U+0020.
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def trimmed(text: Column) -> Column:
    """The text without white space at its ends; null when nothing is left."""
    bare = F.btrim(text, F.lit(WHITE_SPACE))
    return F.when(is_bare(text), text).otherwise(F.when(bare != "", bare))


def is_bare(text: Column) -> Column:
    """Whether a text begins and ends with a visible ASCII letter, as nearly all do: soon seen."""
    # As bytes the last one is found at once; as text it is counted up to.
    last = F.substring(text.cast("binary"), -1, 1)
    begins = (text >= F.lit("!")) & (text < F.lit("\x7f"))
    return begins & (last >= F.lit(b"!")) & (last < F.lit(b"\x7f"))
