"""What calls of the services need in IAM; S3 apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.permissions.iam_conditions import PolicyProblem
from tests.local.needed import facts_of, named, needs
from tests.local.tiny_templates import ACCOUNT, KEY

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.permissions.resource_facts import ResourceFacts

GLUE = f"arn:aws:glue:us-east-1:{ACCOUNT}"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms"
LOGS = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group"


@pytest.fixture
def facts(tmp_path: Path) -> ResourceFacts:
    return facts_of(tmp_path)


@pytest.mark.parametrize(
    "operation", ["GetTable", "GetPartitions", "BatchCreatePartition", "UpdatePartition"]
)
def test_a_table_needs_rights_on_catalog_database_and_table(
    facts: ResourceFacts, operation: str
) -> None:
    name = "Name" if operation == "GetTable" else "TableName"
    found = needs(facts, "glue", operation, DatabaseName="raw", **{name: "rates"})

    paths = ("catalog", "database/raw", "table/raw/rates")
    assert named(found) == [f"glue:{operation} on {GLUE}:{path}" for path in paths]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("glue", "StartCrawler", {"Name": "raw"}, f"{GLUE}:crawler/raw"),
        ("glue", "GetWorkflowRunProperties", {"Name": "n"}, f"{GLUE}:workflow/n"),
        ("glue", "StartJobRun", {"JobName": "score"}, f"{GLUE}:job/score"),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            f"{LOGS}:/g:log-stream:s",
        ),
        ("logs", "CreateLogGroup", {"logGroupName": "/g"}, f"{LOGS}:/g:log-stream:"),
        (
            "sqs",
            "SendMessage",
            {"QueueUrl": "http://127.0.0.1:1/1/q"},
            f"arn:aws:sqs:us-east-1:{ACCOUNT}:q",
        ),
        (
            "athena",
            "GetQueryResults",
            {"QueryExecutionId": "1"},
            f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/analysts",
        ),
        (
            "athena",
            "StartQueryExecution",
            {},
            f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/primary",
        ),
        ("kms", "Decrypt", {"KeyId": "alias/lake"}, KEY),
        (
            "rds-db",
            "connect",
            {"DbiResourceId": "db-1", "DBUser": "u"},
            f"arn:aws:rds-db:us-east-1:{ACCOUNT}:dbuser:db-1/u",
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{"Source": "x"}]},
            f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default",
        ),
    ],
)
def test_calls_need_their_own_action_on_what_they_name(
    facts: ResourceFacts,
    service: str,
    operation: str,
    parameters: dict[str, object],
    expected: str,
) -> None:
    found = needs(facts, service, operation, **parameters)

    assert named(found) == [f"{service}:{operation} on {expected}"]


@pytest.mark.parametrize("name", ["f", f"{ACCOUNT}:function:f", f"function:{'f'}"])
def test_a_function_may_be_named_in_several_ways(facts: ResourceFacts, name: str) -> None:
    [found] = needs(facts, "lambda", "Invoke", FunctionName=name)

    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    assert str(found) == f"lambda:InvokeFunction on {arn}"


def test_metrics_are_told_apart_by_their_namespace(facts: ResourceFacts) -> None:
    [found] = needs(facts, "cloudwatch", "PutMetricData", Namespace="fraudlake")

    assert (found.resource, found.keys) == ("*", {"cloudwatch:namespace": ("fraudlake",)})


def test_a_message_to_an_encrypted_topic_needs_its_key(facts: ResourceFacts) -> None:
    assert named(needs(facts, "sns", "Publish", TopicArn=TOPIC)) == [
        f"sns:Publish on {TOPIC}",
        f"kms:GenerateDataKey on {KEY} through sns",
        f"kms:Decrypt on {KEY} through sns",
    ]


def test_a_secret_needs_its_key(facts: ResourceFacts) -> None:
    found = needs(facts, "secretsmanager", "GetSecretValue", SecretId="db")

    arn = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf"
    assert named(found) == [
        f"secretsmanager:GetSecretValue on {arn}",
        f"kms:Decrypt on {KEY} through secretsmanager",
    ]


def test_who_one_is_everybody_may_ask(facts: ResourceFacts) -> None:
    assert needs(facts, "sts", "GetCallerIdentity") == []


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        *(("glue", "DeleteCrawler"), ("s3", "PutBucketPolicy"), ("dynamodb", "GetItem")),
        *(("sns", "Subscribe"), ("logs", "DeleteLogGroup"), ("athena", "DeleteWorkGroup")),
        *(("events", "PutRule"), ("kms", "CreateKey"), ("sqs", "PurgeQueue")),
        *(("cloudwatch", "DeleteAlarms"), ("rds-db", "Connect"), ("secretsmanager", "PutSecret")),
    ],
)
def test_a_call_that_no_table_knows_is_named(
    facts: ResourceFacts, service: str, operation: str
) -> None:
    with pytest.raises(PolicyProblem, match=f"{service}:{operation}"):
        needs(facts, service, operation)


def test_an_unknown_call_of_a_function_is_named(facts: ResourceFacts) -> None:
    with pytest.raises(PolicyProblem, match="lambda:DeleteFunction"):
        needs(facts, "lambda", "DeleteFunction", FunctionName="f")


def test_a_call_that_names_no_resource_is_a_problem(facts: ResourceFacts) -> None:
    with pytest.raises(PolicyProblem, match="glue:StartCrawler names no Name"):
        needs(facts, "glue", "StartCrawler")
