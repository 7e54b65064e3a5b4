"""What an analyst would look at first in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from fraudlake.lake import Lake
    from fraudlake.runs import Manifest

_COLUMNS = [
    "transaction_id",
    "customer_id",
    "amount_usd",
    "risk_score",
    "risk_rank",
    "risk_reasons",
    "evidence",
]


def top_risks(lake: Lake, manifest: Manifest, most: int = 8) -> list[dict[str, Any]]:
    """The transactions of a run that rank highest, one for each set of reasons, riskiest first."""
    rows = [
        row
        for name in manifest.outputs["scored_transactions"]["files"]
        for row in _rows(lake, name)
    ]
    ranked = sorted(rows, key=lambda row: (row["risk_rank"], row["transaction_id"]))
    highest = {tuple(row["risk_reasons"]): row for row in ranked if row["risk_reasons"]}
    return sorted(highest.values(), key=lambda row: -row["risk_rank"])[:most]


def _rows(lake: Lake, name: str) -> list[dict[str, Any]]:
    with lake.storage.open(name) as stream:
        found: list[dict[str, Any]] = pq.read_table(stream, columns=_COLUMNS).to_pylist()
    return found
