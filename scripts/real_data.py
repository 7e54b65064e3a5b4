"""Turns public data sets into the tables that fraudlake reads, for a first run on real input.

Usage: python scripts/real_data.py SPARKOV.parquet CUSTOMERS.csv OFAC_SDN.csv[.gz] MONTH OUT
MONTH is YYYY-MM. Writes transactions (one partition a day), customers and blacklist below OUT.

Sparkov is a generator of labelled card transactions (MIT licence); the SDN list is published by
the US Office of Foreign Assets Control. Neither is part of this project.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

_BIRTH_DATE = re.compile(r"DOB (\d{2} [A-Z][a-z]{2} \d{4})")


def main() -> None:
    """Read the three files, write the three tables, say what was written."""
    transactions, customers, ofac, month, out = sys.argv[1:]
    folder = Path(out)
    counts = {
        "transactions": write_transactions(Path(transactions), month, folder / "transactions"),
        "customers": write_customers(Path(customers), folder / "customers"),
        "blacklist": write_blacklist(Path(ofac), folder / "blacklist"),
    }
    for table, rows in counts.items():
        print(f"{table}: {rows:,} rows")


def write_transactions(source: Path, month: str, out: Path) -> int:
    """One month of card transactions, a folder a day; amounts are US dollars."""
    rows = pd.read_parquet(source)
    rows = rows[rows.ts.dt.strftime("%Y-%m") == month]
    table = pd.DataFrame(
        {
            "transaction_id": rows.tx_id,
            "customer_id": rows.cc_num,
            "transaction_ts": rows.ts,
            "amount": rows.amt,
            "currency": "USD",
            "merchant_id": rows.merchant,
            "channel": rows.category.map(lambda one: "online" if one.endswith("_net") else "card"),
            "country": "US",
            "category": rows.category,
            "is_fraud": rows.is_fraud,
        }
    )
    for day, part in table.groupby(rows.ts.dt.date):
        target = out / f"ingest_date={day}"
        target.mkdir(parents=True, exist_ok=True)
        part.to_parquet(target / "part-0000.parquet", index=False)
    return len(table)


def write_customers(source: Path, out: Path) -> int:
    """The card holders: the card number is the customer."""
    rows = pd.read_csv(source, dtype=str)
    table = pd.DataFrame(
        {
            "customer_id": rows.cc_num,
            "full_name": rows["first"] + " " + rows["last"],
            "date_of_birth": rows.dob,
            "country": "US",
        }
    )
    out.mkdir(parents=True, exist_ok=True)
    table.to_csv(out / "customers.csv", index=False)
    return len(table)


def write_blacklist(source: Path, out: Path) -> int:
    """The sanctions list; the first birth date that the remarks tell exactly is taken."""
    rows = pd.read_csv(source, dtype=str)
    table = pd.DataFrame(
        {
            "blacklist_id": rows.ent_num,
            "full_name": rows.sdn_name,
            "date_of_birth": rows.remarks.str.extract(_BIRTH_DATE, expand=False),
            "reason": rows.program,
            "source": "OFAC SDN",
        }
    )
    out.mkdir(parents=True, exist_ok=True)
    table.to_csv(out / "blacklist.csv", index=False)
    return len(table)


if __name__ == "__main__":
    main()
