from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks

from stacks.rights import allow, as_cdk_nag_writes, objects_of


def new_role(scope: cdk.Stack) -> iam.Role:
    return iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))


def test_a_wildcard_without_a_reason_is_refused() -> None:
    role = new_role(cdk.Stack(cdk.App(), "stack"))

    with pytest.raises(ValueError, match="needs its reason: arn:x:thing/"):
        allow(role, "s3:GetObject", on=["arn:x:thing/*"])


def test_a_wildcard_with_a_reason_passes_cdk_nag_across_stacks_and_within() -> None:
    app = cdk.App()
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    lake, here = cdk.Stack(app, "lake"), cdk.Stack(app, "here")
    buckets = [s3.CfnBucket(lake, "There"), s3.CfnBucket(here, "Here")]
    for bucket in buckets:
        for rule in ("AwsSolutions-S1", "AwsSolutions-S10"):
            why = cdk.Acknowledgment(id=rule, reason="not what is looked at")
            cdk.Validations.of(bucket).acknowledge(why)
    role = new_role(here)
    for bucket in buckets:
        found = s3.Bucket.from_cfn_bucket(bucket)
        allow(role, "s3:GetObject", on=[objects_of(role, found, "a/*")], because="names to come")

    app.synth()  # fails on a finding
    [policy] = Template.from_stack(here).find_resources("AWS::IAM::Policy").values()
    assert len(policy["Properties"]["PolicyDocument"]["Statement"]) == 2


@pytest.mark.parametrize(
    ("resource", "written"),
    [
        ("*", "*"),
        (
            {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":x/*"]]},
            "arn:<AWS::Partition>:x/*",
        ),
        ({"Fn::Join": ["", [{"Fn::GetAtt": ["B", "Arn"]}, "/*"]]}, "<B.Arn>/*"),
        ({"Fn::Join": ["", [{"Fn::ImportValue": "lake:B"}, "/*"]]}, "lake:B/*"),
        ({"Fn::Sub": "arn:${AWS::Region}:*"}, "arn:<AWS::Region>:*"),
    ],
)
def test_resources_are_written_as_cdk_nag_does(resource: object, written: str) -> None:
    assert as_cdk_nag_writes(resource) == written
