"""What a manifest says of its run."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.lake_story import BATCHES, Story

if TYPE_CHECKING:
    from fraudlake.rules.book import RuleBook
    from tests.lakes import Inputs

MANIFEST_FIELDS = {
    *("run_id", "batch_date", "started_at", "committed_at", "code_version", "rules_version"),
    *("settings", "input_roots", "inputs", "customers", "blacklist", "fx_rates", "rows"),
    *("total_amount_usd", "customers_duplicates", "moments", "latest_transaction_ts", "profile"),
    *("built_on", "supersedes", "stale_successors", "changed_inputs", "outputs", "durations"),
    "rows_per_second",
    "workflow_run",
}


def test_a_manifest_is_one_line_with_every_field(story: Story) -> None:
    files = [path for path in (story.root / "runs").rglob("*") if path.is_file()]
    assert len(files) == len(BATCHES) + 4
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert text.endswith("}\n")
        assert text.count("\n") == 1
        values = json.loads(text)
        assert set(values) == MANIFEST_FIELDS
        where = f"batch_date={values['batch_date']}/{values['run_id']}.json"
        assert path.relative_to(story.root / "runs").as_posix() == where


def test_a_manifest_tells_what_was_read_and_found(story: Story, story_book: RuleBook) -> None:
    manifest = story.first("2025-03-03")
    rows = dict(manifest.rows)
    assert sum(rows.pop("by_category").values()) == rows["scored"]
    fired = rows.pop("by_rule")
    assert (fired["UNKNOWN_CUSTOMER"], fired["VELOCITY_BURST"]) == (1, 0)
    reasons = {"REFUND_OR_REVERSAL": 1}
    assert rows.pop("quarantined_by_reason") == reasons
    assert rows == {"read": 5, "scored": 4, "quarantined": 1, "late": 0}
    assert manifest.total_amount_usd["all"] == "172.00"
    assert manifest.fx_rates == {"from": "2025-02-28", "to": "2025-02-28"}
    assert manifest.settings == story_book.as_mapping()
    assert manifest.started_at < manifest.committed_at
    assert manifest.rows_per_second > 0


def test_each_manifest_of_a_backfill_tells_its_share_of_the_same_steps(story: Story) -> None:
    steps = {"reading", "cleansing", "matching", "scoring", "summarising"}
    assert [set(one.durations) for one in story.backfill.manifests] == [steps] * len(BATCHES)


def test_a_manifest_names_each_input_with_size_and_time(story: Story, story_inputs: Inputs) -> None:
    named = {(one["table"], one["name"]): one for one in story.first("2025-03-07").inputs}
    assert set(named) == {
        ("transactions", "ingest_date=2025-03-07/part-0.csv"),
        ("customers", "snapshot_date=2025-03-07/customers.csv"),
        ("blacklist", "snapshot_date=2025-03-04/blacklist.csv"),
        ("fx_rates", "rates.csv"),
    }
    for (name, below), one in named.items():
        facts = (story_inputs.root / name / below).stat()
        assert one["size"] == facts.st_size
        moment = datetime.fromisoformat(one["modified"]).timestamp()
        assert moment == pytest.approx(facts.st_mtime, abs=1e-5)
