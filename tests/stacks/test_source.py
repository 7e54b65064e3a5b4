from __future__ import annotations

import json
import re
import zipfile

import pytest

from stacks.assets import function_zip
from tests.stacks.feeding import (
    BY_IAM,
    KEY,
    PROJECT,
    SECRET,
    Fed,
    Resource,
    allowed,
    flat,
    function,
    resources,
    stages,
    statements_of,
    the,
)

SCHEMA = PROJECT / "lambdas" / "blacklist_extract" / "schema.sql"
PEOPLE = PROJECT / "lambdas" / "demo_source" / "people.sql"


@pytest.fixture(scope="module")
def dev() -> Fed:
    return stages()["dev"]


@pytest.fixture(scope="module")
def instance(dev: Fed) -> Resource:
    return the(dev.source, "AWS::RDS::DBInstance")


def test_the_demo_database_is_not_on_the_internet(dev: Fed, instance: Resource) -> None:
    assert instance["PubliclyAccessible"] is False
    subnets = the(dev.source, "AWS::RDS::DBSubnetGroup")["SubnetIds"]
    assert all("isolated" in flat(one) for one in subnets)


def test_the_demo_database_refuses_connections_without_tls(dev: Fed, instance: Resource) -> None:
    name = instance["DBParameterGroupName"]["Ref"]
    group = resources(dev.source, "AWS::RDS::DBParameterGroup")[name]["Properties"]
    assert group["Family"] == "mysql8.4"
    # Of an instance RDS takes 0 and 1; ON and OFF are for clusters.
    assert group["Parameters"]["require_secure_transport"] == "1"
    assert instance["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"


def test_no_template_holds_the_password_of_the_demo_database(dev: Fed, instance: Resource) -> None:
    assert instance["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in instance
    assert instance["EnableIAMDatabaseAuthentication"] is True
    assert not resources(dev.source, "AWS::SecretsManager::Secret")


def test_data_password_and_logs_of_the_demo_are_encrypted(dev: Fed, instance: Resource) -> None:
    (key,) = resources(dev.source, "AWS::KMS::Key")
    assert the(dev.source, "AWS::KMS::Key")["EnableKeyRotation"] is True
    arn = {"Fn::GetAtt": [key, "Arn"]}
    assert instance["StorageEncrypted"] is True
    assert instance["KmsKeyId"] == instance["MasterUserSecret"]["KmsKeyId"] == arn
    for group in resources(dev.source, "AWS::Logs::LogGroup").values():
        assert group["Properties"]["KmsKeyId"] == arn


def test_logs_of_the_demo_end_though_rds_would_keep_them_for_ever(dev: Fed) -> None:
    ((_, instance),) = resources(dev.source, "AWS::RDS::DBInstance").items()
    exported = instance["Properties"]["EnableCloudwatchLogsExports"]
    name = instance["Properties"]["DBInstanceIdentifier"]
    for log in exported:
        group = {"LogGroupName": f"/aws/rds/instance/{name}/{log}"}
        ((made, found),) = resources(dev.source, "AWS::Logs::LogGroup", **group).items()
        assert found["Properties"]["RetentionInDays"] == dev.stage.retention.log_days
        assert made in instance["DependsOn"], "RDS makes the group itself when it is first"


def test_the_demo_is_backed_up_and_patched(instance: Resource) -> None:
    assert instance["BackupRetentionPeriod"] >= 7
    assert instance["AutoMinorVersionUpgrade"] is True
    assert instance["EngineVersion"].startswith("8.4.")


@pytest.mark.parametrize(("name", "policy"), [("dev", "Delete"), ("kept", "Snapshot")])
def test_a_stage_that_keeps_data_keeps_its_demo_database(name: str, policy: str) -> None:
    ((_, made),) = resources(stages()[name].source, "AWS::RDS::DBInstance").items()
    assert made["DeletionPolicy"] == made["UpdateReplacePolicy"] == policy
    assert made["Properties"]["DeletionProtection"] is (name == "kept")


@pytest.mark.parametrize("name", ["dev", "there", "secret", "shared"])
def test_only_functions_of_the_network_reach_the_database(name: str) -> None:
    fed = stages()[name]
    rule = the(fed.source, "AWS::EC2::SecurityGroupIngress")
    port = fed.stage.source.port if fed.stage.source else 3306
    assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (port, port, "tcp")
    source = flat(rule["SourceSecurityGroupId"])
    assert source.startswith(f"<fraudlake-{name}-network:")
    for group in resources(fed.source, "AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group["Properties"]


def test_an_existing_database_gets_a_rule_and_nothing_else() -> None:
    fed = stages()["there"]
    kinds = {one["Type"] for one in fed.source.to_json()["Resources"].values()}
    assert kinds == {"AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"}
    rule = the(fed.source, "AWS::EC2::SecurityGroupIngress")
    assert rule["GroupId"] == BY_IAM.security_group_id


@pytest.mark.parametrize(
    ("name", "action", "resource"),
    [
        ("dev", "rds-db:connect", r".*:dbuser:<.*DbiResourceId.*>/fraudlake_extract"),
        ("there", "rds-db:connect", r".*:dbuser:db-ABC/etl"),
        ("secret", "secretsmanager:GetSecretValue", SECRET),
    ],
)
def test_the_extract_logs_in_as_one_user_only(name: str, action: str, resource: str) -> None:
    fed = stages()[name]
    extract = function(fed.ingest, f"fraudlake-{name}-blacklist-extract")
    rights = allowed(statements_of(fed.ingest, extract["Role"]))
    (found,) = rights[action]
    assert re.fullmatch(resource, found)
    assert {"rds-db:connect", "secretsmanager:GetSecretValue"} & set(rights) == {action}


@pytest.mark.parametrize(("name", "keys"), [("shared", [KEY]), ("secret", []), ("there", [])])
def test_the_extract_uses_the_key_of_its_secret_through_secrets_manager_only(
    name: str, keys: list[str]
) -> None:
    fed = stages()[name]
    extract = function(fed.ingest, f"fraudlake-{name}-blacklist-extract")
    found = [
        one
        for one in statements_of(fed.ingest, extract["Role"])
        if "secretsmanager" in json.dumps(one.get("Condition", ""))
    ]
    assert [one["Resource"] for one in found] == keys
    for one in found:
        assert one["Action"] == "kms:Decrypt"
        ((condition, service),) = one["Condition"]["StringEquals"].items()
        assert condition == "kms:ViaService"
        assert flat(service) == "secretsmanager.us-east-1.<AWS::URLSuffix>"


@pytest.mark.parametrize("name", ["dev", "kept"])
def test_a_changed_schema_and_changed_people_reach_the_demo_database(name: str) -> None:
    schema = the(stages()[name].source, "Custom::DemoSourceSchema")["Schema"]
    assert schema.startswith(SCHEMA.read_text(encoding="utf-8"))
    assert schema.endswith(PEOPLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["there", "secret", "shared"])
def test_nobody_is_put_into_a_database_that_is_there(name: str) -> None:
    template = json.dumps(stages()[name].source.to_json())
    assert "INSERT" not in template
    assert "DEMO-01" not in template


def test_the_schema_is_run_when_the_function_can_connect_and_answer(dev: Fed) -> None:
    ((_, schema),) = resources(dev.source, "Custom::DemoSourceSchema").items()
    for kind in ("SecurityGroupIngress", "SecurityGroupEgress"):
        (rule,) = resources(dev.source, f"AWS::EC2::{kind}")
        assert rule in schema["DependsOn"]
    (instance,) = resources(dev.source, "AWS::RDS::DBInstance")
    assert instance in schema["DependsOn"]


def test_a_function_that_does_not_answer_does_not_hold_a_deployment_for_an_hour(dev: Fed) -> None:
    limit = int(the(dev.source, "Custom::DemoSourceSchema")["ServiceTimeout"])
    assert function(dev.source, "fraudlake-dev-demo-source")["Timeout"] < limit <= 900


def test_the_preparing_function_reads_the_master_login_and_no_other(dev: Fed) -> None:
    prepare = function(dev.source, "fraudlake-dev-demo-source")
    rights = allowed(statements_of(dev.source, prepare["Role"]))
    (instance,) = resources(dev.source, "AWS::RDS::DBInstance")
    secret = f"<{instance}.MasterUserSecret.SecretArn>"
    assert rights["secretsmanager:GetSecretValue"] == {secret}
    assert flat(prepare["Environment"]["Variables"]["DB_SECRET_ID"]) == secret
    others = {action.partition(":")[0] for action in rights}
    assert others == {"secretsmanager", "kms", "logs", "ec2"}


def test_the_preparing_function_carries_what_it_is_told_of(dev: Fed) -> None:
    prepare = function(dev.source, "fraudlake-dev-demo-source")
    package = function_zip("demo_source", core=["errors"], packages=["pymysql"])
    names = zipfile.ZipFile(package).namelist()
    authorities = prepare["Environment"]["Variables"]["DB_CA_FILE"]
    assert authorities.removeprefix("/var/task/") in names
    module = prepare["Handler"].rpartition(".")[0]
    assert f"{module.replace('.', '/')}.py" in names


def test_an_existing_database_is_not_kept_waiting_for_a_preparing_function() -> None:
    assert not resources(stages()["there"].source, "AWS::Lambda::Function")
