from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.actors import DEPLOYER
from fraudlake.local.provisioning.provision import provision

if TYPE_CHECKING:
    from collections.abc import Callable

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment, Resource

DATABASES = {"fraudlake_dev_raw", "fraudlake_dev_curated"}


@pytest.fixture(scope="module")
def cloud(empty_moto: Callable[[], Actors], dev_deployment: Deployment) -> Actors:
    """Provisioned once: the tests of this file only look at it."""
    actors = empty_moto()
    provision(dev_deployment, actors)
    return actors


def names(deployment: Deployment, kind: str) -> set[str]:
    return {one.name for one in deployment.resources(kind)}


def the_bucket(deployment: Deployment, part: str) -> Resource:
    return next(one for one in deployment.resources("AWS::S3::Bucket") if part in one.name)


def test_every_table_of_the_templates_is_in_its_database(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    glue = cloud.client("glue")
    assert {one["Name"] for one in glue.get_databases()["DatabaseList"]} == DATABASES
    found = {
        table["Name"]
        for name in DATABASES
        for table in glue.get_tables(DatabaseName=name)["TableList"]
    }
    written = dev_deployment.resources("AWS::Glue::Table")
    assert found == {one.properties["TableInput"]["Name"] for one in written}


def test_a_table_keeps_its_location_keys_and_parameters(cloud: Actors) -> None:
    table = cloud.client("glue").get_table(DatabaseName="fraudlake_dev_raw", Name="blacklist")
    found = table["Table"]
    assert found["StorageDescriptor"]["Location"].endswith("/blacklist/")
    assert found["PartitionKeys"] == [{"Name": "snapshot_date", "Type": "string"}]
    assert found["Parameters"]["compressionType"] == "none"


def test_jobs_crawlers_workflows_and_triggers_are_there(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    glue = cloud.client("glue")
    assert {*glue.list_jobs()["JobNames"]} == names(dev_deployment, "AWS::Glue::Job")
    assert {*glue.list_crawlers()["CrawlerNames"]} == names(dev_deployment, "AWS::Glue::Crawler")
    assert {*glue.list_workflows()["Workflows"]} == names(dev_deployment, "AWS::Glue::Workflow")
    assert {*glue.list_triggers()["TriggerNames"]} == names(dev_deployment, "AWS::Glue::Trigger")


def test_a_job_has_the_arguments_and_the_security_of_the_template(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    written = dev_deployment.find("AWS::Glue::Job", "fraudlake-dev-score").properties
    job = cloud.client("glue").get_job(JobName="fraudlake-dev-score")["Job"]
    assert job["DefaultArguments"] == written["DefaultArguments"]
    security = cloud.client("glue").get_security_configuration(Name=job["SecurityConfiguration"])
    encryption = security["SecurityConfiguration"]["EncryptionConfiguration"]
    assert encryption["S3Encryption"][0]["S3EncryptionMode"] == "SSE-KMS"


def test_a_key_of_the_templates_resolves_by_its_arn_and_by_its_alias(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    kms = cloud.client("kms")
    for alias in dev_deployment.resources("AWS::KMS::Alias"):
        key = alias.properties["TargetKeyId"]
        by_arn = kms.describe_key(KeyId=key)["KeyMetadata"]
        assert by_arn["Arn"] == key
        assert kms.describe_key(KeyId=alias.properties["AliasName"])["KeyMetadata"] == by_arn
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
        assert kms.list_resource_tags(KeyId=key)["Tags"]


def test_an_object_is_marked_with_the_key_of_its_bucket(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    key = dev_deployment.find("AWS::KMS::Alias", "fraudlake-dev-lake-KeyAlias910D852D")
    s3, bucket = cloud.client("s3"), the_bucket(dev_deployment, "raw").name
    s3.put_object(Bucket=bucket, Key="blacklist/x.csv", Body=b"a,b\n")
    assert (
        s3.head_object(Bucket=bucket, Key="blacklist/x.csv")["SSEKMSKeyId"]
        == (key.properties["TargetKeyId"])
    )


def test_a_bucket_has_its_versions_access_log_and_rules(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    s3, bucket = cloud.client("s3", DEPLOYER), the_bucket(dev_deployment, "raw").name
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    log = s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]
    assert log["TargetBucket"] == the_bucket(dev_deployment, "accesslogs").name
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block["BlockPublicPolicy"] is True
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7


def test_every_script_zip_and_function_lies_where_the_templates_look_for_it(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    s3 = cloud.client("s3")
    for job in dev_deployment.resources("AWS::Glue::Job"):
        uri = job.properties["Command"]["ScriptLocation"]
        bucket, key = uri.removeprefix("s3://").split("/", 1)
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == (
            dev_deployment.asset(uri).read_bytes()
        )
    for function in dev_deployment.resources("AWS::Lambda::Function"):
        code = function.properties["Code"]
        found = s3.get_object(Bucket=code["S3Bucket"], Key=code["S3Key"])
        assert found["Body"].read(2) == b"PK"


def test_roles_have_the_policies_of_the_templates(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    iam = cloud.client("iam")
    assert {one["RoleName"] for one in iam.list_roles()["Roles"]} == names(
        dev_deployment, "AWS::IAM::Role"
    )
    for policy in dev_deployment.resources("AWS::IAM::Policy"):
        name = policy.properties["PolicyName"]
        for role in policy.properties["Roles"]:
            found = iam.get_role_policy(RoleName=role, PolicyName=name)
            assert found["PolicyDocument"] == policy.properties["PolicyDocument"]


def test_the_alarm_topic_is_encrypted_and_admits_publishers_by_its_policy(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    (topic,) = dev_deployment.resources("AWS::SNS::Topic")
    attributes = cloud.client("sns").get_topic_attributes(TopicArn=topic.arn)["Attributes"]
    assert attributes["KmsMasterKeyId"] == topic.properties["KmsMasterKeyId"]
    assert "cloudwatch.amazonaws.com" in attributes["Policy"]


def test_rules_have_their_targets_and_stay_off_where_the_template_says_so(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    events = cloud.client("events")
    for rule in dev_deployment.resources("AWS::Events::Rule"):
        assert events.describe_rule(Name=rule.name)["State"] == rule.properties["State"]
        targets = events.list_targets_by_rule(Rule=rule.name)["Targets"]
        assert targets == rule.properties["Targets"]


def test_queues_alarms_log_groups_functions_and_queries_are_there(
    cloud: Actors, dev_deployment: Deployment
) -> None:
    (queue,) = cloud.client("sqs").list_queues()["QueueUrls"]
    policy = cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])
    assert "aws:SecureTransport" in policy["Attributes"]["Policy"]
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {one["AlarmName"] for one in alarms} == names(dev_deployment, "AWS::CloudWatch::Alarm")
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    assert {(one["logGroupName"], one["retentionInDays"]) for one in groups} == {
        (one.name, one.properties["RetentionInDays"])
        for one in dev_deployment.resources("AWS::Logs::LogGroup")
    }
    functions = cloud.client("lambda").list_functions()["Functions"]
    assert {one["FunctionName"] for one in functions} == names(
        dev_deployment, "AWS::Lambda::Function"
    )
    athena = cloud.client("athena")
    workgroup = athena.get_work_group(WorkGroup="fraudlake-dev")["WorkGroup"]
    assert workgroup["Configuration"]["EnforceWorkGroupConfiguration"] is True
    queries = athena.list_named_queries(WorkGroup="fraudlake-dev")["NamedQueryIds"]
    assert len(queries) == len(names(dev_deployment, "AWS::Athena::NamedQuery"))
