from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lambdas.blacklist_extract.deployed import DAY, snapshot_key

if TYPE_CHECKING:
    from tests.lambdas.blacklist_extract.deployed import Deployed

ROW = {"blacklist_id": "B1", "full_name": "Ana Lima", "listed_at": "31/12/2024"}


def test_a_call_puts_one_snapshot_and_starts_the_crawler(deployed: Deployed) -> None:
    deployed.insert(ROW)
    answer = deployed.call()
    assert deployed.keys("blacklist/") == [snapshot_key(DAY)]
    assert [row["listed_at"] for row in deployed.entries()] == ["2024-12-31"]
    assert answer["manifest"]["rows"] == {"read": 1, "entries": 1, "rejects": 0}
    assert deployed.glue.get_crawler(Name="blacklist-crawler")["Crawler"]["State"] == "RUNNING"
