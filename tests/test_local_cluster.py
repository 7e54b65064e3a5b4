"""The same rows from executors in processes of their own as from one process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import fraudlake
from fraudlake.lake import Lake
from tests.lakes import Inputs, tables, transaction

if TYPE_CHECKING:
    from fraudlake.runs import Manifest

DAY = "2025-03-03"
# Runs on its own, because a process has one session. Arguments: master, inputs, lake, date.
SCRIPT = """
import sys
from datetime import date
from pathlib import Path
from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.scorer import ScoreRequest, score
from fraudlake.session import SessionSettings, build_session
from fraudlake.sources import InputPaths

master, *folders, day = sys.argv[1:]
(inputs, lake), day = map(Path, folders), date.fromisoformat(day)
names = ("transactions", "customers", "blacklist", "fx_rates")
request = ScoreRequest(
    paths=InputPaths(*(inputs / name for name in names)), lake=Lake(lake), book=read_rule_file(),
    first=day, last=day, is_backfill=False,
)
if __name__ == "__main__":
    settings = SessionSettings(master=master, driver_memory_mb=1024, is_brief=True)
    spark = build_session(settings)
    score(spark, request)
    spark.stop()
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    written = Inputs(tmp_path_factory.mktemp("inputs"))
    rows = [_row(number) for number in range(80)]
    for part in range(4):
        name = f"transactions/ingest_date={DAY}/part-{part}.csv"
        written.write(name, rows[part::4], columns=[*rows[0], "country"])
    people = [
        {"customer_id": f"C{number}", "full_name": f"Person Numbered Otherwise{number}"}
        for number in range(7)
    ]
    written.write("customers/customers.csv", people)
    listed = {"customer_id": "", "full_name": "Person Nummbered Otherwise3", "reason": "fraud"}
    entries = [{**listed, "blacklist_id": "B1"}, {"blacklist_id": "B2", "customer_id": "C8"}]
    written.write("blacklist/blacklist.csv", entries, columns=["blacklist_id", *listed])
    written.write_rates((DAY, "EUR", "1.0833"))
    return written


def _row(number: int) -> dict[str, str]:
    amounts = ("12.345", "5000.01", "-3", "0", "abc", "77.7")
    others = {
        "amount": amounts[number % len(amounts)],
        "currency": ("USD", "eur", "GBP")[number % 5 % 3],
        "merchant_id": f"M{number % 3}",
        "channel": "card",
    }
    moment = f"{DAY}T10:{number % 9:02}:{number % 60:02}"
    return transaction(
        f"T{number // 2 if number > 60 else number}", f"C{number % 9}", moment, **others
    )


def _environment() -> dict[str, str]:
    """This environment, with the fraudlake under test before an installed one."""
    return {**os.environ, "PYTHONPATH": str(Path(fraudlake.__file__).parents[1])}


def _only_run(lake: Lake) -> Manifest:
    [manifest] = lake.run_log().by_id.values()
    return manifest


def _scored(master: str, inputs: Inputs, folder: Path) -> tuple[Lake, Manifest]:
    folder.mkdir()
    script = folder / "score.py"
    script.write_text(SCRIPT, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(script), master, str(inputs.root), str(folder / "lake"), DAY],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stderr, run.returncode) == ("", 0)
    lake = Lake(folder / "lake")
    return lake, _only_run(lake)


def test_a_cluster_gives_the_same_rows_as_one_process(inputs: Inputs, tmp_path: Path) -> None:
    here, manifest = _scored("local[1]", inputs, tmp_path / "here")
    there, other = _scored("local-cluster[2,1,2048]", inputs, tmp_path / "there")
    assert tables(here, manifest) == tables(there, other)
    assert manifest.rows["scored"] > 20
    assert manifest.rows["quarantined"] > 20
    assert manifest.outputs["flagged_customers"]["rows"] == 2
