from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from fraudlake.lake import Lake
from fraudlake.risks import top_risks

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.runs import Manifest

Row = dict[str, Any]


class OneRun:
    """Of a manifest, what the demo looks at."""

    def __init__(self, *files: str) -> None:
        self.outputs = {"scored_transactions": {"files": list(files)}}


def scored(transaction_id: str, rank: float, *reasons: str) -> Row:
    evidence = [{"rule": one, "points": 10, "text": f"{one} fired"} for one in reasons]
    return {
        "transaction_id": transaction_id,
        "customer_id": "C1",
        "amount_usd": 1.0,
        "risk_score": int(rank),
        "risk_rank": rank,
        "risk_reasons": list(reasons),
        "evidence": evidence,
        "country": "DE",
    }


def riskiest(folder: Path, *parts: list[Row]) -> list[str]:
    names = [f"part-{at}.parquet" for at in range(len(parts))]
    for name, rows in zip(names, parts, strict=True):
        pq.write_table(pa.Table.from_pylist(rows), folder / name)
    found = top_risks(Lake(folder), cast("Manifest", OneRun(*names)))
    return [row["transaction_id"] for row in found]


def test_each_set_of_reasons_is_shown_once_by_its_highest_rank(tmp_path: Path) -> None:
    first = [scored("T1", 70.5, "A"), scored("T2", 70.9, "A"), scored("T3", 0.5)]
    second = [scored("T4", 100.2, "A", "B"), scored("T5", 30.1, "B"), scored("T6", 70.7, "A")]
    assert riskiest(tmp_path, first, second) == ["T4", "T2", "T5"]


def test_eight_are_shown_at_most_and_none_without_reasons(tmp_path: Path) -> None:
    many = [scored(f"T{at:02}", 10.5 + at, f"R{at}") for at in range(12)]
    assert riskiest(tmp_path, many) == [f"T{at:02}" for at in range(11, 3, -1)]
    assert riskiest(tmp_path, [scored("T1", 0.5, "A") | {"risk_reasons": []}]) == []
