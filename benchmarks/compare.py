"""Whether two scorings of the same transactions say the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COMPARED = (
    "transaction_id",
    "customer_id",
    "amount_usd",
    "risk_score",
    "risk_category",
    "risk_reasons",
)
_SHOWN = 5
# Rows as one hash each first: only those that differ are looked at with all their columns.
_SETUP = """
CREATE MACRO rows_of(files) AS TABLE
    SELECT transaction_id, customer_id, amount_usd::DECIMAL(18, 2) AS amount_usd,
        risk_score::INT AS risk_score, risk_category::VARCHAR AS risk_category,
        risk_reasons::VARCHAR[] AS risk_reasons
    FROM read_parquet(files, hive_partitioning = false);
CREATE MACRO hashes_of(files) AS TABLE
    SELECT hash(transaction_id, customer_id, amount_usd, risk_score, risk_category, risk_reasons)
        AS row_hash
    FROM rows_of(files);
"""
_COUNT = "SELECT count(*) FROM hashes_of($files)"
_ONLY = """
CREATE TABLE only_{side} AS
SELECT row_hash FROM hashes_of($these) EXCEPT ALL SELECT row_hash FROM hashes_of($others)
"""
_FIRST = """
SELECT rows.* FROM rows_of($these) AS rows
SEMI JOIN only_{side} AS alone ON alone.row_hash = hash(
    transaction_id, customer_id, amount_usd, risk_score, risk_category, risk_reasons)
ORDER BY transaction_id, customer_id LIMIT $most
"""


@dataclass(frozen=True)
class Comparison:
    """How many rows were compared, how many differ, and the first of those, from either side.

    A row that both sides have with other values counts once.
    """

    rows: int
    differences: int
    first: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether there are rows, and all are the same."""
        return self.rows > 0 and self.differences == 0


def compare_scores(ours: Sequence[Path], peer: Sequence[Path]) -> Comparison:
    """Compare scored rows by `COMPARED`, in any order and any layout of the files."""
    files = {"ours": [str(one) for one in ours], "peer": [str(one) for one in peer]}
    if not files["ours"] or not files["peer"]:
        return Comparison(rows=0, differences=0)
    with duckdb.connect() as database:
        database.execute(_SETUP)
        rows = database.execute(_COUNT, {"files": files["ours"]}).fetchall()[0][0]
        ours_only = _only(database, "ours", files["ours"], files["peer"])
        peer_only = _only(database, "peer", files["peer"], files["ours"])
        first = [
            *_first(database, "ours", files["ours"], ours_only),
            *_first(database, "peer", files["peer"], peer_only),
        ]
    return Comparison(rows, max(ours_only, peer_only), first)


def _only(
    database: duckdb.DuckDBPyConnection, side: str, these: list[str], others: list[str]
) -> int:
    database.execute(_ONLY.format(side=side), {"these": these, "others": others})
    return int(database.table(f"only_{side}").count("*").fetchall()[0][0])


def _first(
    database: duckdb.DuckDBPyConnection, side: str, these: list[str], many: int
) -> list[dict[str, Any]]:
    if not many:
        return []
    found = database.execute(_FIRST.format(side=side), {"these": these, "most": _SHOWN}).fetchall()
    return [{"side": side, **dict(zip(COMPARED, row, strict=True))} for row in found]
