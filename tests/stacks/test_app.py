"""The whole system as `app.py` composes it: what no stack alone can show."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from fraudlake.local.trigger_graph import trigger_problems
from stacks.diagram import diagram_text
from stacks.papers import acknowledged_findings
from tests.stacks.whole_app import REGION, Templates, resources, statements

if TYPE_CHECKING:
    from pathlib import Path

KEPT = ("RetainExceptOnCreate",)  # a stack that fails at first leaves nothing behind
LAYERS_OF_AWS = "336392948345"


def test_the_stacks_come_in_the_order_of_deployment(whole_dev: Templates) -> None:
    parts = {name.removeprefix("fraudlake-dev-") for name in whole_dev}
    assert parts == {
        "lake", "network", "source", "ingest", "scoring", "analytics", "monitoring",
    }  # fmt: skip


def test_a_chain_of_triggers_that_would_never_fire(whole_dev: Templates) -> None:
    assert trigger_problems(whole_dev, lambda_started={"fraudlake-dev-blacklist"}) == []


def test_an_alarm_on_a_metric_that_nobody_may_put(whole_dev: Templates) -> None:
    watched = {
        resource["Properties"]["Namespace"]
        for _, resource in resources(whole_dev, "AWS::CloudWatch::Alarm")
        if not resource["Properties"].get("Namespace", "AWS/").startswith("AWS/")
    }
    put = [
        one for one in statements(whole_dev) if "cloudwatch:PutMetricData" in one.get("Action", "")
    ]
    admitted = {
        name for one in put for name in one["Condition"]["StringEquals"]["cloudwatch:namespace"]
    }
    assert watched == {"fraudlake"}
    assert watched <= admitted


def test_a_log_group_that_is_kept_for_ever_or_lies_open(whole_prod: Templates) -> None:
    groups = [one["Properties"] for _, one in resources(whole_prod, "AWS::Logs::LogGroup")]
    assert len(groups) >= 8
    assert {one["RetentionInDays"] for one in groups} == {365}
    assert all("KmsKeyId" in one for one in groups)


def test_a_bucket_that_somebody_outside_could_open(whole_dev: Templates) -> None:
    for _, bucket in resources(whole_dev, "AWS::S3::Bucket"):
        blocked = bucket["Properties"]["PublicAccessBlockConfiguration"]
        assert set(blocked.values()) == {True}
        assert len(blocked) == 4


@pytest.mark.parametrize("kind", ["AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Logs::LogGroup"])
def test_prod_data_that_goes_with_its_stack(whole_prod: Templates, kind: str) -> None:
    # The topic of the alarms holds nothing that its key would have to outlive it for.
    found = [one for one in resources(whole_prod, kind) if one[0] != "fraudlake-prod-monitoring"]
    assert found
    for stack, resource in found:
        assert resource.get("DeletionPolicy", "Delete") in KEPT, stack


def test_dev_goes_with_its_stacks(whole_dev: Templates) -> None:
    kept = [
        resource
        for kind in ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::RDS::DBInstance")
        for _, resource in resources(whole_dev, kind)
        if resource.get("DeletionPolicy") != "Delete"
    ]
    assert kept == []


def test_an_account_that_is_written_down(whole_dev: Templates) -> None:
    numbers = set(re.findall(r"(?<![0-9a-f])[0-9]{12}(?![0-9a-f])", json.dumps(whole_dev)))
    assert numbers <= {LAYERS_OF_AWS}


def test_a_finding_that_is_accepted_without_a_reason(
    whole_dev: Templates, dev_folder: Path
) -> None:
    assert whole_dev
    findings = acknowledged_findings(dev_folder)
    assert len(findings) > 30
    assert all(len(one.reason) >= 20 for one in findings)


def test_the_diagram_shows_the_night_from_its_trigger_to_the_tables(whole_dev: Templates) -> None:
    drawn = diagram_text(whole_dev, REGION)
    for arrow in (
        "fraudlake_dev_nightly_start -->|starts| fraudlake_dev_extract",
        "fraudlake_dev_extract -->|starts| fraudlake_dev_blacklist_extract",
        "fraudlake_dev_blacklist_extract -->|starts| fraudlake_dev_blacklist",
        "fraudlake_dev_nightly_score -->|starts| fraudlake_dev_score",
        "fraudlake_dev_job_failed -->|tells| fraudlake_dev_alarms",
    ):
        assert arrow in drawn
