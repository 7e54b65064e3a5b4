"""A real blacklist through MySQL: every entry comes out, under its own name and birth date."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.lambdas.blacklist_extract.deployed import Deployed, Row

LIST = Path(__file__).parents[2] / "fixtures" / "ofac" / "sdn.csv"
BIRTH_DATE = re.compile(r"DOB (\d{2} [A-Z][a-z]{2} \d{4})")


def blacklist(lines: Iterable[str]) -> list[Row]:
    """The list as rows of src_blacklist, as scripts/real_data.py maps it."""
    return [
        {
            "blacklist_id": entry["ent_num"],
            "full_name": entry["sdn_name"],
            "date_of_birth": (BIRTH_DATE.findall(entry["remarks"]) or [None])[0],
            "reason": entry["program"],
            "source": "OFAC SDN",
        }
        for entry in csv.DictReader(lines)
    ]


def as_expected(row: Row) -> Row:
    """What a reader of the list would write: single blanks, dates as in ISO 8601."""
    born = row["date_of_birth"]
    day = datetime.strptime(born, "%d %b %Y").replace(tzinfo=UTC) if born else None
    return {
        **dict.fromkeys(("customer_id", "email", "phone", "listed_at", "expires_at")),
        **row,
        "full_name": " ".join(row["full_name"].split()),
        "date_of_birth": f"{day:%Y-%m-%d}" if day else None,
    }


def test_every_entry_of_the_sanctions_list_comes_out(deployed: Deployed) -> None:
    with LIST.open(encoding="utf-8", newline="") as lines:
        rows = blacklist(lines)
    deployed.insert(*rows)
    manifest = deployed.call()["manifest"]
    assert deployed.entries() == [as_expected(row) for row in rows]
    assert manifest["rows"] == {"read": 43, "entries": 43, "rejects": 0}
    assert set(manifest["dates_unparsed"].values()) == {0}


def test_the_part_of_the_list_has_entries_of_every_kind() -> None:
    with LIST.open(encoding="utf-8", newline="") as lines:
        entries = list(csv.DictReader(lines))
    assert {entry["sdn_type"] for entry in entries} == {"", "individual", "vessel", "aircraft"}
    assert max(len(entry["sdn_name"]) for entry in entries) > 150
    assert sum(bool(BIRTH_DATE.search(entry["remarks"])) for entry in entries) == 10
