"""How a table of known size meets the transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_MOST_SENT = 2_000_000  # rows, some 150 bytes each


def sized(table: DataFrame, rows: int) -> DataFrame:
    """A table to be joined to transactions, by the number of its rows.

    A small one is sent to where the transactions are. To meet a large one they are spread by the
    keys, and looked up rather than sorted.
    """
    return F.broadcast(table) if rows <= _MOST_SENT else table.hint("shuffle_hash")
