"""The whole system as `app.py` composes it: what no stack alone can show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local.intrinsics import Resolver
from fraudlake.local.trigger_graph import trigger_problems
from stacks.diagram import diagram_text
from stacks.papers import acknowledged_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
LAYERS_OF_AWS = "336392948345"
ANSWERS_TO_CLOUDFORMATION = "arn:aws:s3:::cloudformation-custom-resource-response-"

Resource = dict[str, Any]


def synthesized(stage: str, folder: Path) -> dict[str, dict[str, Any]]:
    """The templates of a stage, by stack."""
    context = json.loads((PROJECT / "cdk.json").read_text())["context"]
    told = {
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps({**context, "stage": stage}),
    }
    subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        env={**os.environ, **told},
        check=True,
        capture_output=True,
    )
    found = sorted(folder.glob("*.template.json"))
    return {path.name.split(".")[0]: json.loads(path.read_text()) for path in found}


@pytest.fixture(scope="module")
def dev_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dev")


@pytest.fixture(scope="module")
def dev(dev_folder: Path) -> dict[str, dict[str, Any]]:
    return synthesized("dev", dev_folder)


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return synthesized("prod", tmp_path_factory.mktemp("prod"))


def resources(templates: dict[str, dict[str, Any]], kind: str) -> Iterator[tuple[str, Resource]]:
    """Resources of a kind in all stacks, with their stacks."""
    for stack, template in templates.items():
        for resource in template.get("Resources", {}).values():
            if resource["Type"] == kind:
                yield stack, resource


def statements(templates: dict[str, dict[str, Any]]) -> Iterator[Resource]:
    """Every policy statement of all stacks, resolved."""
    resolver = Resolver(templates, "us-east-1")
    for stack, template in templates.items():
        for resource in template.get("Resources", {}).values():
            for field in ("PolicyDocument", "KeyPolicy"):
                document = resource.get("Properties", {}).get(field, {})
                yield from resolver.resolve(stack, document).get("Statement", [])


def test_the_stacks_come_in_the_order_of_deployment(dev: dict[str, Any]) -> None:
    parts = {name.removeprefix("fraudlake-dev-") for name in dev}
    assert parts == {
        "lake", "network", "source", "ingest", "scoring", "analytics", "monitoring",
    }  # fmt: skip


def test_a_chain_of_triggers_that_would_never_fire(dev: dict[str, Any]) -> None:
    assert trigger_problems(list(dev.values()), lambda_started={"fraudlake-dev-blacklist"}) == []


def test_an_alarm_on_a_metric_that_nobody_may_put(dev: dict[str, Any]) -> None:
    watched = {
        resource["Properties"]["Namespace"]
        for _, resource in resources(dev, "AWS::CloudWatch::Alarm")
        if not resource["Properties"].get("Namespace", "AWS/").startswith("AWS/")
    }
    put = [one for one in statements(dev) if "cloudwatch:PutMetricData" in one.get("Action", "")]
    admitted = {
        name for one in put for name in one["Condition"]["StringEquals"]["cloudwatch:namespace"]
    }
    assert watched == {"fraudlake"}
    assert watched <= admitted


def test_a_log_group_that_is_kept_for_ever_or_lies_open(prod: dict[str, Any]) -> None:
    groups = [one["Properties"] for _, one in resources(prod, "AWS::Logs::LogGroup")]
    assert len(groups) >= 8
    assert {one["RetentionInDays"] for one in groups} == {365}
    assert all("KmsKeyId" in one for one in groups)


def test_a_bucket_that_somebody_outside_could_open(dev: dict[str, Any]) -> None:
    for _, bucket in resources(dev, "AWS::S3::Bucket"):
        blocked = bucket["Properties"]["PublicAccessBlockConfiguration"]
        assert set(blocked.values()) == {True}
        assert len(blocked) == 4


def test_a_statement_that_lets_anybody_in(dev: dict[str, Any]) -> None:
    for one in statements(dev):
        if one["Effect"] == "Allow" and one.get("Principal") in ("*", {"AWS": "*"}):
            # A way through an endpoint, where CloudFormation signs for its own bucket.
            is_answer = str(one["Resource"]).startswith(ANSWERS_TO_CLOUDFORMATION)
            assert is_answer or one.get("Condition"), one


def test_a_door_that_is_open_to_the_world(dev: dict[str, Any]) -> None:
    text = json.dumps(dev)
    assert '"AssociatePublicIpAddress": true' not in text
    assert '"PubliclyAccessible": true' not in text
    assert not list(resources(dev, "AWS::EC2::InternetGateway"))
    assert not list(resources(dev, "AWS::EC2::NatGateway"))
    for kind in ("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"):
        for _, group in resources(dev, kind):
            properties = group["Properties"]
            rules = [*properties.get("SecurityGroupIngress", []), properties]
            assert all(one.get("CidrIp") != "0.0.0.0/0" for one in rules)


@pytest.mark.parametrize(
    "kind", ["AWS::S3::Bucket", "AWS::KMS::Key", "AWS::RDS::DBInstance", "AWS::Logs::LogGroup"]
)
def test_prod_data_that_goes_with_its_stack(prod: dict[str, Any], kind: str) -> None:
    # The topic of the alarms holds nothing that its key would have to outlive it for.
    found = [one for one in resources(prod, kind) if one[0] != "fraudlake-prod-monitoring"]
    assert found
    for stack, resource in found:
        assert resource.get("DeletionPolicy", "Delete") in ("Retain", "Snapshot"), stack


def test_dev_goes_with_its_stacks(dev: dict[str, Any]) -> None:
    kept = [
        resource
        for kind in ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::RDS::DBInstance")
        for _, resource in resources(dev, kind)
        if resource.get("DeletionPolicy") != "Delete"
    ]
    assert kept == []


def test_an_account_that_is_written_down(dev: dict[str, Any]) -> None:
    numbers = set(re.findall(r"(?<![0-9a-f])[0-9]{12}(?![0-9a-f])", json.dumps(dev)))
    assert numbers <= {LAYERS_OF_AWS}


def test_a_finding_that_is_accepted_without_a_reason(dev: dict[str, Any], dev_folder: Path) -> None:
    assert dev
    findings = acknowledged_findings(dev_folder)
    assert len(findings) > 30
    assert all(len(one.reason) >= 20 for one in findings)


def test_the_diagram_shows_the_night_from_its_trigger_to_the_tables(dev: dict[str, Any]) -> None:
    drawn = diagram_text(dev, "us-east-1")
    for arrow in (
        "fraudlake_dev_nightly_start -->|starts| fraudlake_dev_extract",
        "fraudlake_dev_extract -->|starts| fraudlake_dev_blacklist_extract",
        "fraudlake_dev_blacklist_extract -->|starts| fraudlake_dev_blacklist",
        "fraudlake_dev_nightly_score -->|starts| fraudlake_dev_score",
        "fraudlake_dev_job_failed -->|tells| fraudlake_dev_alarms",
    ):
        assert arrow in drawn
