"""What leaves a VPC through its endpoints, on tiny templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.calls import Call
from tests.local.tiny_templates import (
    ACCOUNT,
    ROLE,
    ROOT,
    Properties,
    allow,
    deny,
    function,
    get,
    policy,
    verdict,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.permissions.judge import Verdict


def in_vpc(folder: Path, call: Call, endpoint: Properties | None, **more: object) -> Verdict:
    given = {"ServiceName": "com.amazonaws.us-east-1.s3", "VpcId": "tiny-Vpc", **(endpoint or {})}
    network: dict[str, tuple[str, Properties]] = {
        "Vpc": ("AWS::EC2::VPC", {}),
        "Subnet": ("AWS::EC2::Subnet", {"VpcId": "tiny-Vpc"}),
        "Function": function(subnet="tiny-Subnet"),
        **({"Way": ("AWS::EC2::VPCEndpoint", given)} if endpoint is not None else {}),
    }
    rights = {"Reads": policy(allow(["s3:GetObject", "logs:PutLogEvents"], **more))}
    return verdict(folder, call, **network, **rights)


def passing(*statements: Properties) -> Properties:
    return {"PolicyDocument": {"Statement": [*statements]}}


def test_an_endpoint_lets_nothing_pass_that_its_policy_does_not_allow(tmp_path: Path) -> None:
    other = passing(allow("s3:*", "arn:aws:s3:::other/*", Principal="*"))
    denying = passing(allow("*", Principal="*"), deny("s3:GetObject", Principal="*"))

    for endpoint in (other, denying):
        found = in_vpc(tmp_path, get(), endpoint)
        assert found.reason.endswith("no VPC endpoint policy allows the s3:GetObject action")


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ROOT}, {"AWS": ROLE}])
def test_an_endpoint_lets_pass_whom_its_policy_means(tmp_path: Path, principal: object) -> None:
    mine = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    endpoint = passing(allow("s3:*", Principal=principal, Condition=mine))

    assert in_vpc(tmp_path, get(), endpoint).allowed


def test_an_endpoint_without_a_policy_lets_everything_pass(tmp_path: Path) -> None:
    assert in_vpc(tmp_path, get(), {}).allowed


def test_an_endpoint_gives_no_rights_of_its_own(tmp_path: Path) -> None:
    put = Call(
        role="reader",
        service="s3",
        operation="PutObject",
        parameters={"Bucket": "lake", "Key": "a"},
    )

    assert not in_vpc(tmp_path, put, {}).allowed


def test_without_an_endpoint_nothing_leaves_an_isolated_vpc(tmp_path: Path) -> None:
    found = in_vpc(tmp_path, get(), None)

    assert found.reason == "no endpoint leads from the VPC of the function f to s3"


def test_an_endpoint_of_another_vpc_is_no_way(tmp_path: Path) -> None:
    assert not in_vpc(tmp_path, get(), {"VpcId": "vpc-other"}).allowed


def test_lambda_writes_the_logs_of_a_function_from_outside_its_vpc(tmp_path: Path) -> None:
    asked = {"logGroupName": "/g", "logStreamName": "s"}
    logs = Call(role="reader", service="logs", operation="PutLogEvents", parameters=asked)

    assert in_vpc(tmp_path, logs, None).allowed


def test_a_condition_may_ask_for_the_endpoint_and_for_the_function(tmp_path: Path) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    condition = {
        "StringEquals": {"aws:SourceVpce": "tiny-Way", "aws:SourceVpc": "tiny-Vpc"},
        "ArnEquals": {"lambda:SourceFunctionArn": arn},
    }

    assert in_vpc(tmp_path, get(), {}, Condition=condition).allowed
