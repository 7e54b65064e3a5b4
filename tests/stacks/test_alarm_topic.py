"""Each test is named after the defect that it catches."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.stacks.monitored import Resource, resources, templates, the, topic_ref

if TYPE_CHECKING:
    from aws_cdk.assertions import Template

# One worker makes the templates, once for all tests of monitoring.
pytestmark = pytest.mark.xdist_group("monitoring")


@pytest.fixture(scope="module")
def full() -> Template:
    return templates()["full"]


def statement_for(policy: Resource, service: str) -> Resource:
    (found,) = [one for one in policy["Statement"] if one.get("Principal") == {"Service": service}]
    return cast("Resource", found)


@pytest.mark.parametrize(
    "service", ["cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com"]
)
def test_a_publisher_that_the_topic_or_its_key_turns_away(full: Template, service: str) -> None:
    on_topic = statement_for(the(full, "AWS::SNS::TopicPolicy")["PolicyDocument"], service)
    on_key = statement_for(the(full, "AWS::KMS::Key")["KeyPolicy"], service)
    assert (on_topic["Effect"], on_topic["Action"]) == ("Allow", "sns:Publish")
    assert on_topic["Resource"] == topic_ref(full)
    assert (on_key["Effect"], on_key["Action"]) == (
        "Allow",
        ["kms:Decrypt", "kms:GenerateDataKey*"],
    )


@pytest.mark.parametrize("service", ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"])
def test_a_publisher_that_acts_for_another_account(full: Template, service: str) -> None:
    policies = (
        the(full, "AWS::SNS::TopicPolicy")["PolicyDocument"],
        the(full, "AWS::KMS::Key")["KeyPolicy"],
    )
    for policy in policies:
        condition = statement_for(policy, service)["Condition"]
        assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert "aws:SourceArn" in condition["ArnLike"]


def test_a_condition_that_silently_loses_every_notice_of_eventbridge(full: Template) -> None:
    policies = (
        the(full, "AWS::SNS::TopicPolicy")["PolicyDocument"],
        the(full, "AWS::KMS::Key")["KeyPolicy"],
    )
    assert not any("Condition" in statement_for(one, "events.amazonaws.com") for one in policies)


def test_alarms_whose_names_the_topic_does_not_admit(full: Template) -> None:
    policy = the(full, "AWS::SNS::TopicPolicy")["PolicyDocument"]
    condition = statement_for(policy, "cloudwatch.amazonaws.com")["Condition"]
    *_, admitted = condition["ArnLike"]["aws:SourceArn"]["Fn::Join"][1]
    assert admitted == ":alarm:fraudlake-full-*"
    for one in resources(full, "AWS::CloudWatch::Alarm").values():
        assert one["Properties"]["AlarmName"].startswith("fraudlake-full-")


def test_a_publisher_that_is_admitted_without_need() -> None:
    policy = the(templates()["dev"], "AWS::SNS::TopicPolicy")["PolicyDocument"]
    allowed = [one["Principal"] for one in policy["Statement"] if one["Effect"] == "Allow"]
    services = {"events.amazonaws.com", "cloudwatch.amazonaws.com"}
    assert {one["Service"] for one in allowed} == services


def test_notices_in_the_clear_or_under_a_key_that_is_never_rotated(full: Template) -> None:
    (key,) = resources(full, "AWS::KMS::Key")
    assert the(full, "AWS::SNS::Topic")["KmsMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    assert the(full, "AWS::KMS::Key")["EnableKeyRotation"] is True
    policy = the(full, "AWS::SNS::TopicPolicy")["PolicyDocument"]
    (denied,) = [one for one in policy["Statement"] if one["Effect"] == "Deny"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (denied["Principal"], denied["Action"]) == ("*", "sns:Publish")


def test_a_stage_whose_address_is_not_told() -> None:
    mail = the(templates()["full"], "AWS::SNS::Subscription")
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "night@bank.test")
    assert mail["TopicArn"] == topic_ref(templates()["full"])
    templates()["dev"].resource_count_is("AWS::SNS::Subscription", 0)
