"""How a table of known size meets the transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ROWS_SENT = "spark.fraudlake.rowsSent"  # of a session: fewer than usual, where memory is short
_MOST_SENT = 2_000_000  # rows, some 150 bytes each


def sized(table: DataFrame, rows: int) -> DataFrame:
    """A table to be joined to transactions, by the number of its rows.

    A small one is sent to where the transactions are. To meet a large one they are spread by the
    keys, and looked up rather than sorted.
    """
    allowed = int(table.sparkSession.conf.get(ROWS_SENT, str(_MOST_SENT)) or 0)
    is_small = rows <= min(allowed, _MOST_SENT)
    return F.broadcast(table) if is_small else table.hint("shuffle_hash")
