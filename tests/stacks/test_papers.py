from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from stacks.accepted import ACCEPTED, reason_for
from stacks.checks import checked_app
from stacks.papers import (
    Acknowledged,
    acknowledged_findings,
    acknowledgements_text,
    with_part,
)

if TYPE_CHECKING:
    from pathlib import Path

    from stacks.synthesis import Templates

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


def found(stage: str, *places: str) -> list[Acknowledged]:
    return [
        Acknowledged(f"fraudlake-{stage}-{one}", f"R[fraudlake_{stage}_raw]", "why")
        for one in places
    ]


def rows(by_stage: dict[str, list[Acknowledged]]) -> list[str]:
    return acknowledgements_text(by_stage).splitlines()[2:]


def test_places_of_one_finding_and_reason_share_a_row() -> None:
    assert rows({"dev": found("dev", "a/X", "b/Y")}) == [
        "| `R[fraudlake_<stage>_raw]` | a/X<br>b/Y | dev | why |"
    ]


def test_a_finding_of_both_stages_is_one_and_that_of_one_stage_names_it() -> None:
    assert rows({"dev": found("dev", "a/X", "b/Y"), "prod": found("prod", "b/Y", "c/Z")}) == [
        "| `R[fraudlake_<stage>_raw]` | a/X | dev | why |",
        "| `R[fraudlake_<stage>_raw]` | b/Y | dev, prod | why |",
        "| `R[fraudlake_<stage>_raw]` | c/Z | prod | why |",
    ]


def test_a_bar_in_a_finding_ends_no_cell() -> None:
    assert rows({"dev": [Acknowledged("a", "R (x|y)", "why")]}) == [
        r"| `R (x\|y)` | a | dev | why |"
    ]


def test_a_finding_of_prod_that_the_paper_keeps_to_itself(
    whole_dev: Templates, whole_prod: Templates, dev_folder: Path, prod_folder: Path
) -> None:
    assert whole_dev
    assert whole_prod
    by_stage = {
        "dev": acknowledged_findings(dev_folder),
        "prod": acknowledged_findings(prod_folder),
    }
    cells = [row.split(" | ") for row in rows(by_stage)]
    told = {
        (place, why)
        for _, where, stages, why in cells
        if "prod" in stages.split(", ")
        for place in where.split("<br>")
    }
    assert told == {
        (one.where.removeprefix("fraudlake-prod-"), f"{one.reason} |") for one in by_stage["prod"]
    }


def test_a_finding_that_nothing_fits_has_no_reason() -> None:
    assert reason_for("parliament", "s: R: PolicyDocument: RESOURCE_STAR ['s3:Get*']") is None
    assert reason_for("checkov", "k: KeyPolicy: RESOURCE_STAR ['kms:*']") is None
    assert reason_for("parliament", "k: KeyPolicy: RESOURCE_STAR ['kms:*']") == ACCEPTED[2].reason


def test_a_synth_fails_on_a_finding_without_a_reason() -> None:
    app = checked_app()
    s3.Bucket(cdk.Stack(app, "bad"), "Open")
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        app.synth()
