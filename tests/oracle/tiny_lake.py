"""A source of a few literal rows on disk, for tests of single rows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from .spec_sql import score_in_sql

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2025, 3, 10)
COLUMNS = "transaction_id,customer_id,transaction_ts,amount,currency,merchant_id,channel,country"
Tables = dict[str, pd.DataFrame]


class TinyLake:
    """A source of a few literal rows on disk, scored by `score`."""

    def __init__(self, root: Path) -> None:
        """Start with one known customer `c1`, an empty blacklist and one rate of EUR."""
        self.root = root
        self.write("customers", "a.csv", "customer_id\nc1")
        self.write("blacklist", "a.csv", "blacklist_id,full_name")
        self.rates(f"{DAY},EUR,1.1")

    def write(self, folder: str, name: str, text: str) -> None:
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")

    def rates(self, *rows: str) -> None:
        self.write("fx_rates", "a.csv", "\n".join(("rate_date,currency,usd_per_unit", *rows)))

    def batch(self, *rows: str, day: date = DAY, header: str = COLUMNS) -> None:
        folder = f"transactions/ingest_date={day}"
        self.write(folder, "part-0.csv", "\n".join((header, *rows)))

    def score(self, *days: date) -> dict[date, Tables]:
        return score_in_sql(
            transactions=self.root / "transactions",
            customers=self.root / "customers",
            blacklist=self.root / "blacklist",
            fx_rates=self.root / "fx_rates",
            batch_dates=days or [DAY],
        )


def transaction(number: object, **changed: object) -> str:
    """One CSV line: 10 USD of c1 at noon of the batch date unless told otherwise."""
    values: dict[str, object] = {
        "customer_id": "c1",
        "transaction_ts": f"{DAY}T12:00:00Z",
        "amount": "10",
        "currency": "USD",
    }
    values.update(changed)
    return ",".join(map(str, (f"t{number}", *values.values(), "m1", "web", "DE")))


def by_id(frame: pd.DataFrame, column: str, key: str = "transaction_id") -> dict[str, object]:
    return dict(zip(frame[key], frame[column], strict=True))


def only(frame: pd.DataFrame) -> pd.Series:
    assert len(frame) == 1
    return frame.iloc[0]
