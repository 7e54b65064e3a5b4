"""What services of AWS may do on their own account, on tiny templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.permissions.judge import Judge
from fraudlake.local.permissions.needs import Need
from tests.local.tiny_templates import (
    ACCOUNT,
    DELEGATING,
    ROLE,
    Properties,
    allow,
    deployment_of,
    function,
    key,
    role,
    statement,
)

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms"


def topic(*statements: Properties, **more: object) -> dict[str, tuple[str, Properties]]:
    document = {"Statement": [*statements]}
    return {
        "Topic": ("AWS::SNS::Topic", {"TopicName": "alarms", **more}),
        "Guard": ("AWS::SNS::TopicPolicy", {"Topics": [TOPIC], "PolicyDocument": document}),
    }


def publishes(
    folder: Path, service: str, resources: dict[str, tuple[str, Properties]], **more: str
) -> bool:
    judge_of_all = Judge(deployment_of(folder, **resources))
    return judge_of_all.judge_publishing(TOPIC, f"{service}.amazonaws.com", **more).allowed


def test_a_service_publishes_only_where_the_topic_names_it(tmp_path: Path) -> None:
    made = topic(allow("sns:Publish", TOPIC, Principal={"Service": "events.amazonaws.com"}))

    assert publishes(tmp_path, "events", made)
    assert not publishes(tmp_path, "cloudwatch", made)
    assert not publishes(tmp_path, "events", topic())


def test_a_service_needs_the_key_of_an_encrypted_topic(tmp_path: Path) -> None:
    service = {"Service": "events.amazonaws.com"}
    lets_in = allow("sns:Publish", TOPIC, Principal=service)
    uses = allow(["kms:Decrypt", "kms:GenerateDataKey*"], Principal=service)
    made = deployment_of(tmp_path, Key=key(DELEGATING)).resources("AWS::KMS::Key")[0]
    topics = topic(lets_in, KmsMasterKeyId=made.arn)

    assert publishes(tmp_path, "events", {**topics, "Key": key(DELEGATING, uses)})
    assert not publishes(tmp_path, "events", {**topics, "Key": key(DELEGATING)})


def test_eventbridge_tells_sns_nothing_of_its_rule_and_cloudwatch_its_alarm(tmp_path: Path) -> None:
    def guarded(service: str) -> dict[str, tuple[str, Properties]]:
        source = {"ArnLike": {"aws:SourceArn": "arn:aws:x:us-east-1:*:mine"}}
        named = {"Service": f"{service}.amazonaws.com"}
        return topic(allow("sns:Publish", TOPIC, Principal=named, Condition=source))

    mine, other = f"arn:aws:x:us-east-1:{ACCOUNT}:mine", f"arn:aws:x:us-east-1:{ACCOUNT}:other"
    assert not publishes(tmp_path, "events", guarded("events"), source_arn=mine)
    assert publishes(tmp_path, "cloudwatch", guarded("cloudwatch"), source_arn=mine)
    assert not publishes(tmp_path, "cloudwatch", guarded("cloudwatch"), source_arn=other)


def test_a_function_lets_in_the_rule_that_its_permission_names(tmp_path: Path) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    rule = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/mine"
    given = {
        "FunctionName": "f",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": rule,
    }
    made = deployment_of(tmp_path, F=function(), May=("AWS::Lambda::Permission", given))
    need = [Need("lambda:InvokeFunction", arn)]

    def invokes(source: str) -> bool:
        return Judge(made).judge_service("events.amazonaws.com", need, source_arn=source).allowed

    assert invokes(rule)
    assert not invokes(f"{rule}2")


def test_a_role_is_taken_by_the_service_that_it_trusts(tmp_path: Path) -> None:
    found = Judge(deployment_of(tmp_path, Role=role()))
    need = [Need("sts:AssumeRole", ROLE)]

    assert found.judge_service("lambda.amazonaws.com", need).allowed
    assert not found.judge_service("glue.amazonaws.com", need).allowed


def test_a_queue_lets_in_by_its_policy(tmp_path: Path) -> None:
    document = statement("sqs:SendMessage", principal={"Service": "events.amazonaws.com"})
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
    made = deployment_of(
        tmp_path,
        Dead=("AWS::SQS::Queue", {"QueueName": "dead"}),
        May=("AWS::SQS::QueuePolicy", {"Queues": ["dead"], "PolicyDocument": document}),
    )

    need = [Need("sqs:SendMessage", arn)]
    assert Judge(made).judge_service("events.amazonaws.com", need).allowed
