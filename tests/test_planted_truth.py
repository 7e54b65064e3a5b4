"""Sample data says what was planted in it: the extended rules find all of that."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.sample_data import SamplePlan, write_sample_data
from tests.lakes import Inputs, Row, score_days, table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PLAN = SamplePlan(transactions=3_500, customers=400, days=3, blacklist_entries=60)
EXTENDED = Path(__file__).parents[1] / "rules" / "extended.yaml"


@pytest.fixture(scope="module")
def planted(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[list[Row], list[Row], list[Row]]]:
    """Truth, scored rows and rejected rows of each day, by the extended rules."""
    inputs = Inputs(tmp_path_factory.mktemp("sample"))
    write_sample_data(inputs.root, PLAN)
    lake = Lake(inputs.root / "lake")
    first, last = str(PLAN.first_date), str(PLAN.last_date)
    result = score_days(spark, inputs, lake, first, last, book=read_rule_file(EXTENDED))
    with (inputs.root / "truth/planted.csv").open(encoding="utf-8", newline="") as stream:
        truth = list(csv.DictReader(stream))
    return [
        (
            [row for row in truth if row["ingest_date"] == str(one.batch_date)],
            table(lake, one, "scored_transactions"),
            table(lake, one, "quarantine"),
        )
        for one in result.manifests
    ]


def test_every_planted_fraud_is_found_and_every_control_is_left_alone(
    planted: list[tuple[list[Row], list[Row], list[Row]]],
) -> None:
    fired: set[str] = set()
    for truth, scored, _ in planted:
        rows = {(row["transaction_id"], row["customer_id"]): row for row in scored}
        for label in (row for row in truth if not row["expected_reasons"]):
            found = set(rows[label["transaction_id"], label["customer_id"]]["risk_reasons"])
            assert _listed(label["expected_rules"]) <= found, label
            assert not _listed(label["forbidden_rules"]) & found, label
            fired |= _listed(label["expected_rules"])
    assert fired == {rule.heading.id for rule in read_rule_file(EXTENDED).rules}


def test_every_planted_fault_is_rejected_with_its_reasons(
    planted: list[tuple[list[Row], list[Row], list[Row]]],
) -> None:
    for truth, _, rejected in planted:
        expected = Counter(
            _key(row, row["expected_reasons"]) for row in truth if row["expected_reasons"]
        )
        found = Counter(_key(row, "|".join(row["reject_reasons"])) for row in rejected)
        assert expected <= found


def _listed(text: str) -> set[str]:
    return set(text.split("|")) - {""}


def _key(row: Row, reasons: str) -> tuple[str, ...]:
    """A rejected row; of a malformed line no field is known."""
    ids = (row["transaction_id"], row["customer_id"])
    return (reasons, *("" if "MALFORMED" in reasons else (one or "").strip() for one in ids))
