"""The drawing of the whole system: what is deployed and not drawn has a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stacks.diagram import LEFT_OUT, SHAPES, diagram_text, why_left_out, without_arrow
from tests.stacks.whole_app import REGION, resources

if TYPE_CHECKING:
    from stacks.synthesis import Templates


@pytest.fixture(scope="module", params=["dev", "prod"])
def whole(request: pytest.FixtureRequest) -> Templates:
    found: Templates = request.getfixturevalue(f"whole_{request.param}")
    return found


def test_a_resource_that_is_left_out_without_a_reason(whole: Templates) -> None:
    for name in without_arrow(whole, REGION):
        assert why_left_out(name)


def test_a_resource_that_is_neither_drawn_nor_left_out(whole: Templates) -> None:
    drawn = diagram_text(whole, REGION).splitlines()
    boxes = [line for line in drawn if line.startswith("  ") and "-->" not in line]
    left_out = [line for line in drawn if line.startswith("Left out: ")]
    deployed = [one for kind in SHAPES for one in resources(whole, kind)]

    assert len(boxes) + len(left_out) == len(deployed)


def test_a_reason_for_what_is_there_no_more(whole_dev: Templates) -> None:
    names = without_arrow(whole_dev, REGION)

    assert [part for part in LEFT_OUT if not any(part in name for name in names)] == []


@pytest.mark.parametrize(
    "arrow",
    [
        "fraudlake_dev_blacklist_extract -->|logs in to| fraudlake_dev_source",
        "fraudlake_dev_demo_source -->|logs in to| fraudlake_dev_source",
        "fraudlake_dev_fx_rates -->|gives up to| fraudlake_dev_rates_dead_letters",
        "fraudlake_dev_analyst -->|asks| fraudlake_dev\n",
        "fraudlake_dev -->|writes| fraudlake_dev_lake_results",
        "fraudlake_dev_rerun_catalog -->|starts| fraudlake_dev_curated_rerun",
    ],
)
def test_a_way_of_data_that_is_not_drawn(whole_dev: Templates, arrow: str) -> None:
    assert arrow in diagram_text(whole_dev, REGION)


def test_only_analysts_and_the_jobs_of_the_curated_side_read_it(whole_dev: Templates) -> None:
    drawn = diagram_text(whole_dev, REGION).splitlines()
    readers = {line.split()[-1] for line in drawn if "_curated" in line and "|read by|" in line}

    assert readers == {
        f"fraudlake_dev_{one}" for one in ("analyst", "score", "curated", "curated_rerun")
    }


def lambda_with(effect: str) -> dict[str, Any]:
    said = {"Effect": effect, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    role = {"RoleName": "role", "Policies": [{"PolicyDocument": {"Statement": [said]}}]}
    function = {"FunctionName": "function", "Role": {"Fn::GetAtt": ["Role", "Arn"]}}
    return {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "data"}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
    }


def test_what_a_policy_denies_is_no_arrow() -> None:
    allowed, denied = ({"s": {"Resources": lambda_with(one)}} for one in ("Allow", "Deny"))

    assert without_arrow(allowed, REGION) == []
    assert without_arrow(denied, REGION) == ["data", "function"]


def test_a_box_without_arrow_and_reason_is_not_written_into_a_paper() -> None:
    templates = {"s": {"Resources": lambda_with("Deny")}}

    with pytest.raises(ValueError, match="leads to or from data nowhere"):
        diagram_text(templates, REGION)
