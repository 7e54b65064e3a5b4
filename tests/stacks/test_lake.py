from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from stacks.lake import LakeStack
from stacks.stage import Stage
from stacks.synthesis import context

CONTEXT = context("prod")
RAW_TABLES = ["transactions", "customers", "blacklist", "fx_rates"]
Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def stacks() -> dict[str, LakeStack]:
    app = cdk.App(context={name: CONTEXT[name] for name in CONTEXT if name != "stages"})
    stages = [Stage.read(name, CONTEXT["stages"]) for name in ("dev", "prod")]
    return {stage.name: LakeStack(app, stage) for stage in stages}


@pytest.fixture(scope="module")
def dev(stacks: dict[str, LakeStack]) -> Template:
    return Template.from_stack(stacks["dev"])


def found(template: Template, kind: str) -> Resources:
    return {name: dict(one) for name, one in template.find_resources(kind).items()}


def buckets(template: Template) -> Resources:
    """The buckets by the prefix of their access logs: raw, curated, results; and `logs`."""
    return {
        one["Properties"].get("LoggingConfiguration", {}).get("LogFilePrefix", "logs"): {
            "id": logical_id,
            "policy": policy_of(template, logical_id),
            **one,
        }
        for logical_id, one in found(template, "AWS::S3::Bucket").items()
    }


def policy_of(template: Template, bucket: str) -> list[dict[str, Any]]:
    policies = found(template, "AWS::S3::BucketPolicy").values()
    [policy] = [one for one in policies if one["Properties"]["Bucket"] == {"Ref": bucket}]
    return list(policy["Properties"]["PolicyDocument"]["Statement"])


def key_arn(template: Template) -> dict[str, Any]:
    [key] = found(template, "AWS::KMS::Key")
    return {"Fn::GetAtt": [key, "Arn"]}


def rules(bucket: dict[str, Any]) -> dict[str, Any]:
    [rule] = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    return dict(rule)


def table_inputs(template: Template) -> Resources:
    tables = found(template, "AWS::Glue::Table").values()
    return {one["Properties"]["TableInput"]["Name"]: one["Properties"] for one in tables}


def test_no_bucket_is_public_or_knows_acls(dev: Template) -> None:
    assert sorted(buckets(dev)) == ["curated/", "logs", "raw/", "results/"]
    for bucket in buckets(dev).values():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
        [owner] = bucket["Properties"]["OwnershipControls"]["Rules"]
        assert owner == {"ObjectOwnership": "BucketOwnerEnforced"}
        assert "AccessControl" not in bucket["Properties"]


def test_no_bucket_answers_without_tls(dev: Template) -> None:
    for bucket in buckets(dev).values():
        refused = [one["Condition"] for one in bucket["policy"] if one["Effect"] == "Deny"]

        assert {"Bool": {"aws:SecureTransport": "false"}} in refused
        assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in refused


def test_nobody_but_log_delivery_is_allowed_by_a_bucket_policy(dev: Template) -> None:
    allowed = [
        (name, one["Principal"], one["Action"])
        for name, bucket in buckets(dev).items()
        for one in bucket["policy"]
        if one["Effect"] == "Allow"
    ]

    assert allowed == [("logs", {"Service": "logging.s3.amazonaws.com"}, "s3:PutObject")] * 3


def test_every_object_of_ours_is_encrypted_with_the_key_of_the_stage(dev: Template) -> None:
    """Without a bucket key each object costs a call to KMS."""
    for name in ("raw/", "curated/", "results/"):
        encryption = buckets(dev)[name]["Properties"]["BucketEncryption"]
        assert encryption["ServerSideEncryptionConfiguration"] == [
            {
                "BucketKeyEnabled": True,
                "ServerSideEncryptionByDefault": {
                    "KMSMasterKeyID": key_arn(dev),
                    "SSEAlgorithm": "aws:kms",
                },
            }
        ]


def test_access_is_logged_where_s3_can_deliver(dev: Template) -> None:
    """S3 delivers access logs to no bucket of another encryption, and tells nobody."""
    logs = buckets(dev)["logs"]
    [encryption] = logs["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}

    admitted = [one for one in logs["policy"] if one["Effect"] == "Allow"]
    for name in ("raw/", "curated/", "results/"):
        bucket = buckets(dev)[name]
        target = bucket["Properties"]["LoggingConfiguration"]["DestinationBucketName"]
        source = {"aws:SourceArn": {"Fn::GetAtt": [bucket["id"], "Arn"]}}

        assert target == {"Ref": logs["id"]}
        assert source in [one["Condition"]["ArnLike"] for one in admitted]


@pytest.mark.parametrize("name", ["raw/", "curated/"])
def test_age_never_deletes_raw_data_or_the_folder_of_a_run(dev: Template, name: str) -> None:
    bucket = buckets(dev)[name]

    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert rules(bucket) == {
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
        "ExpiredObjectDeleteMarker": True,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
    }


@pytest.mark.parametrize(("name", "days"), [("results/", 7), ("logs", 30)])
def test_answers_and_logs_do_not_pile_up(dev: Template, name: str, days: int) -> None:
    assert rules(buckets(dev)[name])["ExpirationInDays"] == days


def test_prod_keeps_its_data_when_its_stack_is_deleted(stacks: dict[str, LakeStack]) -> None:
    for name, policy in (
        ("dev", ("Delete", "Delete")),
        ("prod", ("RetainExceptOnCreate", "Retain")),
    ):
        template = Template.from_stack(stacks[name])
        kept = [*found(template, "AWS::KMS::Key").values(), *buckets(template).values()]
        policies = {(one["DeletionPolicy"], one["UpdateReplacePolicy"]) for one in kept}

        assert len(kept) == 5
        assert policies == {policy}
        assert stacks[name].termination_protection is (name == "prod")


def test_nothing_in_the_lake_can_empty_a_bucket(dev: Template) -> None:
    dev.resource_count_is("AWS::Lambda::Function", 0)
    dev.resource_count_is("AWS::IAM::Role", 0)


def test_the_key_rotates_and_has_the_name_of_the_stage(dev: Template) -> None:
    dev.has_resource_properties("AWS::KMS::Key", {"EnableKeyRotation": True})
    dev.has_resource_properties("AWS::KMS::Alias", {"AliasName": "alias/fraudlake-dev"})


def test_the_key_serves_the_account_and_the_log_groups_of_the_stage_only(dev: Template) -> None:
    [key] = found(dev, "AWS::KMS::Key").values()
    account, logs = key["Properties"]["KeyPolicy"]["Statement"]

    assert list(account["Principal"]) == ["AWS"]
    assert ":root" in json.dumps(account["Principal"])
    assert logs["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    assert not [action for action in logs["Action"] if "*" in action]
    [groups] = logs["Condition"]["ArnLike"].values()
    assert groups["Fn::Join"][1][-1] == ":log-group:*fraudlake-dev*"


def test_glue_encrypts_data_logs_and_bookmarks(dev: Template) -> None:
    arn = key_arn(dev)
    dev.has_resource_properties(
        "AWS::Glue::SecurityConfiguration",
        {
            "Name": "fraudlake-dev",
            "EncryptionConfiguration": {
                "S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": arn}],
                "CloudWatchEncryption": {
                    "CloudWatchEncryptionMode": "SSE-KMS",
                    "KmsKeyArn": arn,
                },
                "JobBookmarksEncryption": {
                    "JobBookmarksEncryptionMode": "CSE-KMS",
                    "KmsKeyArn": arn,
                },
            },
        },
    )


def test_personal_data_is_in_another_database_than_what_analysts_read(dev: Template) -> None:
    databases = {
        logical_id: one["Properties"]["DatabaseInput"]["Name"]
        for logical_id, one in found(dev, "AWS::Glue::Database").items()
    }
    raw = [
        name
        for name, one in table_inputs(dev).items()
        if databases[one["DatabaseName"]["Ref"]] == "fraudlake_dev_raw"
    ]

    assert sorted(databases.values()) == ["fraudlake_dev_curated", "fraudlake_dev_raw"]
    assert sorted(raw) == sorted(RAW_TABLES)
    assert len(table_inputs(dev)) == 10


def test_each_table_lies_in_its_own_folder_of_its_own_bucket(dev: Template) -> None:
    for name, one in table_inputs(dev).items():
        bucket = buckets(dev)["raw/" if name in RAW_TABLES else "curated/"]["id"]
        location = one["TableInput"]["StorageDescriptor"]["Location"]

        assert location == {"Fn::Join": ["", ["s3://", {"Ref": bucket}, f"/{name}/"]]}


def test_a_crawl_of_any_table_finds_partitions(dev: Template) -> None:
    """Without these two a catalog crawl succeeds and adds nothing."""
    parameters = [one["TableInput"]["Parameters"] for one in table_inputs(dev).values()]

    assert {one["compressionType"] for one in parameters} == {"none"}
    assert {one["classification"] for one in parameters} == {"csv", "parquet", "json"}
    # Projected partitions are Athena's alone: Glue would read an empty table.
    assert not [name for one in parameters for name in one if name.startswith("projection.")]


def test_no_header_is_read_as_a_row(dev: Template) -> None:
    for name in RAW_TABLES:
        table = table_inputs(dev)[name]["TableInput"]
        assert table["Parameters"]["skip.header.line.count"] == "1"
        assert table["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {
            "separatorChar": ",",
            "quoteChar": '"',
            "escapeChar": "\\",
        }
