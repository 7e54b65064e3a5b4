from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local.deployment import Deployment
from fraudlake.local.provisioning.provision import NOT_MADE, STEPS, provision
from fraudlake.local.provisioning.site import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fraudlake.local.actors import Actors

DATABASE = {"CatalogId": "123456789012", "DatabaseInput": {"Name": "one"}}


@pytest.fixture
def of(tmp_path: Path) -> Callable[..., Deployment]:
    """Builds a deployment of one stack from literal resources."""

    def build(**resources: dict[str, Any]) -> Deployment:
        template = tmp_path / "one.template.json"
        template.write_text(json.dumps({"Resources": resources}))
        return Deployment(tmp_path, "dev", "us-east-1")

    return build


def test_what_is_left_out_is_said_in_sentences_that_name_the_types(
    moto_actors: Actors, dev_deployment: Deployment
) -> None:
    said: list[str] = []
    differences = provision(dev_deployment, moto_actors, report=said.append)
    for kind in {one.type for one in dev_deployment.all}:
        is_made = any(line.split(": ")[0].endswith(kind) for line in said)
        assert is_made != any(kind in sentence for sentence in differences), kind
    assert any("schedule" in sentence for sentence in differences)


def test_the_same_is_made_on_an_empty_cloud_again(
    empty_moto: Callable[[], Actors], dev_deployment: Deployment
) -> None:
    first, again = (made(empty_moto(), dev_deployment) for _ in range(2))
    assert first == again
    assert all(first.values())


def made(actors: Actors, deployment: Deployment) -> dict[str, Any]:
    """Provisions, and lists what has ids and times that could differ."""
    provision(deployment, actors)
    glue, s3 = actors.client("glue"), actors.client("s3")
    tables = glue.get_tables(DatabaseName="fraudlake_dev_raw")["TableList"]
    assets = s3.list_objects_v2(Bucket="cdk-hnb659fds-assets-123456789012-us-east-1")
    return {
        "tables": [{**one, "CreateTime": None, "UpdateTime": None} for one in tables],
        "keys": sorted(one["KeyArn"] for one in actors.client("kms").list_keys()["Keys"]),
        "shipped": [(one["Key"], one["ETag"]) for one in assets["Contents"]],
    }


def test_a_cloud_that_is_not_empty_is_refused_in_the_words_of_the_service(
    moto_actors: Actors, of: Callable[..., Deployment]
) -> None:
    deployment = of(Base={"Type": "AWS::Glue::Database", "Properties": DATABASE})
    provision(deployment, moto_actors)
    with pytest.raises(ProvisionError, match=r"AWS::Glue::Database .* cannot be made: .*exists"):
        provision(deployment, moto_actors)


def test_unknown_types_are_refused_together_and_before_anything_is_made(
    moto_actors: Actors, of: Callable[..., Deployment]
) -> None:
    deployment = of(
        Bucket={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "one"}},
        Table={"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "two"}},
        Box={"Type": "AWS::EC2::Instance"},
    )
    with pytest.raises(ProvisionError) as refused:
        provision(deployment, moto_actors)
    assert [one.split(" ")[0] for one in refused.value.problems] == [
        "AWS::DynamoDB::Table",
        "AWS::EC2::Instance",
    ]
    assert "(two)" in refused.value.problems[0]
    assert not moto_actors.client("s3").list_buckets()["Buckets"]


@pytest.mark.parametrize(
    ("kind", "properties", "named"),
    [
        ("AWS::S3::Bucket", {"WebsiteConfiguration": {}}, "WebsiteConfiguration"),
        ("AWS::KMS::Key", {"KeyPolicy": {}, "MultiRegion": True}, "MultiRegion"),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": {}, "ManagedPolicyArns": []}, "ManagedP"),
        ("AWS::Logs::LogGroup", {"DataProtectionPolicy": {}}, "DataProtectionPolicy"),
        ("AWS::Glue::Job", {"Role": "r", "Command": {}, "Speed": "ludicrous"}, "Speed"),
        (
            "AWS::S3::Bucket",
            {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "Transitions": []}]}},
            "Transitions",
        ),
    ],
)
def test_a_property_that_no_maker_knows_is_refused_by_name(
    moto_actors: Actors,
    of: Callable[..., Deployment],
    kind: str,
    properties: dict[str, Any],
    named: str,
) -> None:
    with pytest.raises(ProvisionError, match=named):
        provision(of(One={"Type": kind, "Properties": properties}), moto_actors)


def test_a_crawler_with_a_schedule_and_a_trigger_without_a_logical_are_made(
    moto_actors: Actors, of: Callable[..., Deployment]
) -> None:
    crawler = {
        "Name": "c",
        "Role": "r",
        "DatabaseName": "d",
        "Targets": {"S3Targets": [{"Path": "s3://bucket/x"}]},
        "Schedule": {"ScheduleExpression": "cron(0 1 * * ? *)"},
    }
    condition = {"CrawlerName": "c", "LogicalOperator": "EQUALS", "CrawlState": "SUCCEEDED"}
    trigger = {
        "Name": "t",
        "Type": "CONDITIONAL",
        "Actions": [{"JobName": "j"}],
        "Predicate": {"Conditions": [condition]},
    }
    deployment = of(
        Crawler={"Type": "AWS::Glue::Crawler", "Properties": crawler},
        Trigger={"Type": "AWS::Glue::Trigger", "Properties": trigger},
    )
    provision(deployment, moto_actors)
    glue = moto_actors.client("glue")
    schedule = glue.get_crawler(Name="c")["Crawler"]["Schedule"]
    assert schedule["ScheduleExpression"] == "cron(0 1 * * ? *)"
    assert glue.get_trigger(Name="t")["Trigger"]["Predicate"]["Conditions"] == [condition]


def test_a_subscription_and_a_role_with_a_policy_of_its_own_are_made(
    moto_actors: Actors, of: Callable[..., Deployment]
) -> None:
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    deployment = of(
        Topic={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alarms"}},
        Mail={
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "email",
                "Endpoint": "night@example.com",
            },
        },
        Role={
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "reader",
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
                "Policies": [{"PolicyName": "read", "PolicyDocument": policy}],
            },
        },
    )
    provision(deployment, moto_actors)
    (mail,) = moto_actors.client("sns").list_subscriptions()["Subscriptions"]
    assert mail["Endpoint"] == "night@example.com"
    found = moto_actors.client("iam").get_role_policy(RoleName="reader", PolicyName="read")
    assert found["PolicyDocument"] == policy


def test_buckets_lie_in_the_region_of_the_stage(
    moto_actors: Actors, of: Callable[..., Deployment]
) -> None:
    deployment = of(Bucket={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "one"}})
    deployment.region = "eu-central-1"
    actors = dataclasses.replace(moto_actors, region="eu-central-1")
    provision(deployment, actors)
    found = actors.client("s3").get_bucket_location(Bucket="one")
    assert found["LocationConstraint"] == "eu-central-1"


def test_no_type_is_both_made_and_left_out() -> None:
    assert not {kind for kind, _ in STEPS} & NOT_MADE.keys()


def test_only_the_grant_to_access_logs_is_kept_of_a_bucket_policy(
    moto_actors: Actors, of: Callable[..., Deployment]
) -> None:
    everything = ["arn:aws:s3:::one", "arn:aws:s3:::one/*"]
    insecure = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": everything,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = {"Version": "2012-10-17", "Statement": [insecure]}
    deployment = of(
        Bucket={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "one"}},
        Policy={
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document},
        },
    )
    provision(deployment, moto_actors)
    s3 = moto_actors.client("s3")
    s3.put_object(Bucket="one", Key="x", Body=b"x")
    assert s3.get_object(Bucket="one", Key="x")["Body"].read() == b"x"
