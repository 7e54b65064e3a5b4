from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from stacks.accepted import ACCEPTED, reason_for
from stacks.checks import checked_app
from stacks.papers import Acknowledged, acknowledged_findings, acknowledgements_text, with_part

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "Before\n<!-- x: from the templates -->\nold\n<!-- end of x -->\nafter\n"


def test_a_part_of_a_page_is_replaced_and_the_rest_stays() -> None:
    expected = "Before\n<!-- x: from the templates -->\nnew\n<!-- end of x -->\nafter\n"
    assert with_part(PAGE, "x", "new") == expected
    assert with_part(expected, "x", "new") == expected


@pytest.mark.parametrize("page", ["", "<!-- x: from the templates -->\n", "<!-- end of x -->"])
def test_a_page_without_the_part_is_no_place_for_it(page: str) -> None:
    with pytest.raises(ValueError, match="the page has no lines"):
        with_part(page, "x", "new")


def test_findings_come_from_the_metadata_of_the_app_and_of_resources(tmp_path: Path) -> None:
    export = "lake:ExportsOutputFnGetAttCurated0123ABCDArn4567ABCD"
    nag = {
        "/s/Role": [
            {
                "type": "aws:cdk:acknowledged-rules",
                "data": {f"Annotation::AwsSolutions-IAM5[Resource::{export}/*]": "why"},
            },
            {"type": "aws:cdk:logicalId", "data": "Role"},
        ]
    }
    checkov = {"checkov": {"skip": [{"id": "CKV_1", "comment": "because"}]}}
    template = {"Resources": {"B": {"Type": "T", "Metadata": checkov}, "C": {"Type": "T"}}}
    (tmp_path / "s.metadata.json").write_text(json.dumps(nag))
    (tmp_path / "s.template.json").write_text(json.dumps(template))
    found = [one for one in acknowledged_findings(tmp_path) if one.where != "everywhere"]
    assert found == [
        Acknowledged("s/B", "checkov CKV_1", "because"),
        Acknowledged("s/Role", "cdk-nag AwsSolutions-IAM5[Resource::<Curated>/*]", "why"),
    ]


def test_places_of_one_finding_and_reason_share_a_row() -> None:
    text = acknowledgements_text([Acknowledged("a", "R", "why"), Acknowledged("b", "R", "why")])
    assert text.splitlines()[2:] == ["| `R` | a<br>b | why |"]


def test_a_finding_that_nothing_fits_has_no_reason() -> None:
    assert reason_for("parliament", "s: R: PolicyDocument: RESOURCE_STAR ['s3:Get*']") is None
    assert reason_for("checkov", "k: KeyPolicy: RESOURCE_STAR ['kms:*']") is None
    assert reason_for("parliament", "k: KeyPolicy: RESOURCE_STAR ['kms:*']") == ACCEPTED[2].reason


def test_a_synth_fails_on_a_finding_without_a_reason() -> None:
    app = checked_app()
    s3.Bucket(cdk.Stack(app, "bad"), "Open")
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        app.synth()
