"""What the roles of the synthesized dev stage may do, and what they may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.calls import Call
from fraudlake.local.permissions.judge import Judge, Verdict

if TYPE_CHECKING:
    from fraudlake.local.deployment import Deployment, Resource

EXTRACT_FUNCTION = "fraudlake-dev-blacklist-extract"
SCORE_JOB, EXTRACT_JOB = "fraudlake-dev-score", "fraudlake-dev-extract"


class Cast:
    """The deployment's judge, and the names that its calls are made with."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment, self.judge = deployment, Judge(deployment)
        arguments = self.job(SCORE_JOB).properties["DefaultArguments"]
        self.raw, self.curated = arguments["--raw_bucket"], arguments["--curated_bucket"]

    def job(self, name: str) -> Resource:
        return self.deployment.find("AWS::Glue::Job", name)

    def role_of(self, kind: str, name: str) -> str:
        return self.deployment.role_named(self.deployment.find(kind, name).properties["Role"])

    def verdict(self, role: str, operation: str, **parameters: object) -> Verdict:
        service, _, name = operation.partition(":")
        call = Call(role=role, service=service, operation=name, parameters=parameters)
        return self.judge.judge(call)

    def may(self, role: str, operation: str, **parameters: object) -> bool:
        return self.verdict(role, operation, **parameters).allowed


@pytest.fixture(scope="module")
def cast(dev_deployment: Deployment) -> Cast:
    return Cast(dev_deployment)


@pytest.fixture(scope="module")
def extract(cast: Cast) -> str:
    return cast.role_of("AWS::Lambda::Function", EXTRACT_FUNCTION)


@pytest.fixture(scope="module")
def score(cast: Cast) -> str:
    return cast.role_of("AWS::Glue::Job", SCORE_JOB)


def test_the_extract_puts_snapshots_and_nothing_else(cast: Cast, extract: str) -> None:
    def puts(key: str) -> bool:
        return cast.may(extract, "s3:PutObject", Bucket=cast.raw, Key=key)

    assert puts("blacklist/snapshot_date=2025-01-01/blacklist.csv")
    assert not puts("transactions/ingest_date=2025-01-01/x.csv")
    assert not puts("blacklist")
    assert not cast.may(extract, "s3:PutObject", Bucket=cast.curated, Key="blacklist/x")


def test_a_put_of_the_extract_is_judged_with_the_key_of_the_lake(cast: Cast, extract: str) -> None:
    found = cast.verdict(extract, "s3:PutObject", Bucket=cast.raw, Key="blacklist/x")

    assert [one.action for one in found.needs] == ["s3:PutObject", "kms:GenerateDataKey"]


def test_the_extract_deletes_nothing(cast: Cast, extract: str) -> None:
    assert not cast.may(extract, "s3:DeleteObject", Bucket=cast.raw, Key="blacklist/x")


def test_the_extract_starts_its_own_crawler_only(cast: Cast, extract: str) -> None:
    assert cast.may(extract, "glue:StartCrawler", Name="fraudlake-dev-blacklist")
    assert not cast.may(extract, "glue:StartCrawler", Name="fraudlake-dev-raw")


def test_no_endpoint_leads_the_extract_to_services_that_it_does_not_need(
    cast: Cast, extract: str
) -> None:
    topic = cast.deployment.resources("AWS::SNS::Topic")[0].arn

    found = cast.verdict(extract, "sns:Publish", TopicArn=topic)

    assert "no endpoint leads from the VPC" in found.reason


def test_the_extract_learns_that_a_snapshot_is_missing_and_nothing_of_others(
    cast: Cast, extract: str
) -> None:
    def learns(key: str) -> bool:
        asked = {"Bucket": cast.raw, "Key": key}
        call = Call(role=extract, service="s3", operation="HeadObject", parameters=asked)
        return cast.judge.judge_absence(call, cast.judge.judge(call)).allowed

    assert learns("blacklist/snapshot_date=2025-01-01/blacklist.csv")
    assert not learns("transactions/x")


def test_the_extract_logs_in_as_its_own_user_only(cast: Cast, extract: str) -> None:
    database = cast.deployment.resources("AWS::RDS::DBInstance")[0]
    asked = {"DbiResourceId": f"{database.name}.DbiResourceId"}

    assert cast.may(extract, "rds-db:connect", DBUser="fraudlake_extract", **asked)
    assert not cast.may(extract, "rds-db:connect", DBUser="admin", **asked)


def test_the_score_job_reads_raw_tables_and_writes_curated_ones(cast: Cast, score: str) -> None:
    raw, curated = {"Bucket": cast.raw}, {"Bucket": cast.curated}

    assert cast.may(score, "s3:GetObject", Key="transactions/ingest_date=2025-01-01/x", **raw)
    assert not cast.may(score, "s3:PutObject", Key="transactions/ingest_date=2025-01-01/x", **raw)
    assert cast.may(score, "s3:CreateMultipartUpload", Key="scored_transactions/x", **curated)
    assert cast.may(score, "s3:UploadPart", Key="scored_transactions/x", **curated)
    assert not cast.may(score, "s3:PutObject", Key="elsewhere/x", **curated)


def test_the_score_job_writes_manifests_and_never_deletes_one(cast: Cast, score: str) -> None:
    manifest = {"Bucket": cast.curated, "Key": "runs/batch_date=2025-01-01/r.json"}

    assert cast.may(score, "s3:PutObject", **manifest)
    assert not cast.may(score, "s3:DeleteObject", **manifest)


def test_the_score_job_lists_its_folders_and_not_the_whole_bucket(cast: Cast, score: str) -> None:
    assert cast.may(score, "s3:ListObjectsV2", Bucket=cast.raw, Prefix="transactions/")
    assert not cast.may(score, "s3:ListObjectsV2", Bucket=cast.raw, Prefix="control/")
    assert not cast.may(score, "s3:ListObjectsV2", Bucket=cast.raw)


def test_the_score_job_reads_the_raw_catalog_and_changes_none(cast: Cast, score: str) -> None:
    table = {"DatabaseName": "fraudlake_dev_raw", "TableName": "transactions"}

    assert cast.may(score, "glue:GetPartitions", **table)
    assert not cast.may(score, "glue:BatchCreatePartition", **table)
    curated = {"DatabaseName": "fraudlake_dev_curated", "TableName": "runs"}
    assert not cast.may(score, "glue:GetPartitions", **curated)


def test_the_score_job_puts_metrics_of_its_own_namespace(cast: Cast, score: str) -> None:
    assert cast.may(score, "cloudwatch:PutMetricData", Namespace="fraudlake")
    assert not cast.may(score, "cloudwatch:PutMetricData", Namespace="AWS/Lambda")


def test_the_extract_job_invokes_one_function_and_sets_properties_of_one_workflow(
    cast: Cast,
) -> None:
    role = cast.role_of("AWS::Glue::Job", EXTRACT_JOB)
    arn = cast.job(EXTRACT_JOB).properties["DefaultArguments"]["--function_arn"]

    assert cast.may(role, "lambda:Invoke", FunctionName=arn)
    assert not cast.may(role, "lambda:Invoke", FunctionName="fraudlake-dev-fx-rates")
    assert cast.may(role, "glue:PutWorkflowRunProperties", Name="fraudlake-dev-nightly")
    assert not cast.may(role, "glue:PutWorkflowRunProperties", Name="fraudlake-dev-rerun")


@pytest.mark.parametrize(
    ("crawler", "database", "table"),
    [
        ("fraudlake-dev-raw", "fraudlake_dev_raw", "transactions"),
        ("fraudlake-dev-blacklist", "fraudlake_dev_raw", "blacklist"),
        ("fraudlake-dev-curated", "fraudlake_dev_curated", "scored_transactions"),
    ],
)
def test_a_crawler_adds_partitions_to_its_tables_and_reads_their_objects(
    cast: Cast, crawler: str, database: str, table: str
) -> None:
    role = cast.role_of("AWS::Glue::Crawler", crawler)
    lake = cast.curated if database.endswith("curated") else cast.raw
    named = {"DatabaseName": database, "TableName": table}

    assert cast.may(role, "glue:BatchCreatePartition", **named)
    assert cast.may(role, "s3:ListObjectsV2", Bucket=lake, Prefix=f"{table}/")
    assert cast.may(role, "s3:GetObject", Bucket=lake, Key=f"{table}/d=1/x")
    assert not cast.may(role, "s3:PutObject", Bucket=lake, Key=f"{table}/d=1/x")
    assert not cast.may(role, "glue:UpdateTable", DatabaseName=database, Name=table)


def test_analysts_query_the_curated_side_only(cast: Cast) -> None:
    analyst = cast.deployment.resources("AWS::IAM::ManagedPolicy")[0].name

    assert cast.may(analyst, "athena:StartQueryExecution", WorkGroup="fraudlake-dev")
    assert not cast.may(analyst, "athena:StartQueryExecution", WorkGroup="primary")
    assert cast.may(analyst, "s3:GetObject", Bucket=cast.curated, Key="scored_transactions/x")
    assert not cast.may(analyst, "s3:GetObject", Bucket=cast.raw, Key="customers/x")
    assert not cast.may(
        analyst, "glue:GetTable", DatabaseName="fraudlake_dev_raw", Name="customers"
    )


def test_the_alarm_topic_takes_messages_of_rules_and_of_this_stage_s_alarms(cast: Cast) -> None:
    topic = cast.deployment.resources("AWS::SNS::Topic")[0].arn
    alarm = cast.deployment.resources("AWS::CloudWatch::Alarm")[0]
    arn = f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{alarm.name}"

    def publishes(service: str, source: str) -> bool:
        return cast.judge.judge_publishing(
            topic, f"{service}.amazonaws.com", source_arn=source
        ).allowed

    assert publishes("events", "arn:aws:events:us-east-1:123456789012:rule/any")
    assert publishes("cloudwatch", arn)
    assert not publishes("cloudwatch", "arn:aws:cloudwatch:us-east-1:999999999999:alarm:x")
    assert not publishes("s3", "arn:aws:s3:::any")


def test_every_role_of_the_stage_can_be_judged(cast: Cast) -> None:
    for role in cast.judge.callers:
        found = cast.verdict(role, "s3:GetObject", Bucket="nowhere", Key="x")
        assert "is not authorized" in found.reason or "no endpoint leads" in found.reason, role
