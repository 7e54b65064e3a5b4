from __future__ import annotations

import json
from itertools import chain

import pytest
from aws_cdk import aws_lambda as lambda_

from fraudlake.errors import SettingsError
from fraudlake.rules.file import read_rule_file
from lambdas.blacklist_extract.settings import ExtractSettings
from lambdas.fx_rates.settings import Settings
from stacks.functions import runtime_of
from tests.stacks.feeding import (
    PROJECT,
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

ALL = ("dev", "kept", "there", "secret")
LAYER = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python3"


def variables_of(one: Resource) -> dict[str, str]:
    """The environment as the function would get it: references as names that AWS could give."""
    given = {
        name: value if isinstance(value, str) else "name-given-by-aws"
        for name, value in one["Environment"]["Variables"].items()
    }
    if "DB_CA_FILE" in given:
        given["DB_CA_FILE"] = given["DB_CA_FILE"].replace("/var/task", str(PROJECT))
    return {**given, "AWS_REGION": "us-east-1"}


@pytest.mark.parametrize("name", ALL)
def test_the_extract_can_read_its_settings(name: str) -> None:
    fed = stages()[name]
    settings = ExtractSettings.from_environment(
        variables_of(function(fed.ingest, f"fraudlake-{name}-blacklist-extract"))
    )
    assert settings.crawler == f"fraudlake-{name}-blacklist"
    assert settings.max_shrink == read_rule_file().settings.blacklist.max_shrink
    source = fed.stage.source
    if source is None:
        assert settings.database.user == "fraudlake_extract"
    else:
        assert (settings.database.host, settings.database.port) == (source.host, source.port)
        assert (settings.database.user or "") == source.user
        assert (settings.database.secret_id or "") == source.secret_arn


def test_the_rates_can_read_their_settings(rates: Resource) -> None:
    assert Settings.from_environment(variables_of(rates)).raw_bucket == "name-given-by-aws"


@pytest.mark.parametrize("folder", ["blacklist_extract", "fx_rates"])
def test_a_handler_is_where_lambda_looks_for_it(dev: Fed, folder: str) -> None:
    name = f"fraudlake-dev-{folder.replace('_', '-')}"
    module = function(dev.ingest, name)["Handler"].rpartition(".")[0].replace(".", "/")
    assert (PROJECT / f"{module}.py").is_file()


def test_the_extract_has_room_and_time_for_a_large_table(extract: Resource) -> None:
    assert extract["Timeout"] == 900
    assert extract["EphemeralStorage"]["Size"] == 2048


def test_pandas_comes_with_the_extract_only(dev: Fed, extract: Resource, rates: Resource) -> None:
    assert extract["Layers"] == [dev.stage.pandas_layer_arn]
    assert "Layers" not in rates


def test_a_function_runs_on_what_its_layer_is_made_for(extract: Resource) -> None:
    assert "-Python313:" in extract["Layers"][0]
    assert extract["Runtime"] == "python3.13"
    assert extract["Architectures"] == ["x86_64"]


def test_a_layer_for_arm_brings_its_processor() -> None:
    runtime, processor = runtime_of(f"{LAYER}14-Arm64:7")
    assert runtime.name == "python3.14"
    assert processor.name == lambda_.Architecture.ARM_64.name


def test_a_layer_of_something_else_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"pandas_layer_arn: .*:layer:numpy:1 is no layer"):
        runtime_of("arn:aws:lambda:us-east-1:336392948345:layer:numpy:1")


def test_the_extract_runs_in_the_network_and_the_rates_do_not(
    dev: Fed, extract: Resource, rates: Resource
) -> None:
    assert all("isolated" in flat(one) for one in extract["VpcConfig"]["SubnetIds"])
    assert "VpcConfig" not in rates


def test_every_function_has_a_log_group_that_ends_and_is_encrypted(dev: Fed) -> None:
    for template in dev.all:
        groups = resources(template, "AWS::Logs::LogGroup")
        for one in groups.values():
            assert one["Properties"]["RetentionInDays"] == dev.stage.retention.log_days
            assert "KmsKeyId" in one["Properties"]
            assert "fraudlake-dev" in one["Properties"]["LogGroupName"], "the key's policy says so"
        for one in resources(template, "AWS::Lambda::Function").values():
            assert one["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] in groups


@pytest.mark.parametrize("name", ["blacklist-extract", "fx-rates"])
def test_concurrency_is_reserved_where_the_stage_says_so(name: str) -> None:
    kept = function(stages()["kept"].ingest, f"fraudlake-kept-{name}")
    assert kept["ReservedConcurrentExecutions"] == 2
    dev = function(stages()["dev"].ingest, f"fraudlake-dev-{name}")
    assert "ReservedConcurrentExecutions" not in dev


@pytest.mark.parametrize(("name", "state"), [("dev", "DISABLED"), ("kept", "ENABLED")])
def test_rates_are_fetched_by_schedule_when_the_stage_is_switched_on(name: str, state: str) -> None:
    fed = stages()[name]
    rule = the(fed.ingest, "AWS::Events::Rule")
    assert rule["State"] == state
    assert rule["ScheduleExpression"] == fed.stage.rates_schedule


def test_the_schedule_may_call_the_rates_and_only_it(dev: Fed) -> None:
    (rule,) = resources(dev.ingest, "AWS::Events::Rule")
    permission = the(dev.ingest, "AWS::Lambda::Permission")
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": [rule, "Arn"]}
    (target,) = the(dev.ingest, "AWS::Events::Rule")["Targets"]
    assert target["Arn"] == permission["FunctionName"]
    assert json.loads(target["Input"]) == {}


def test_rates_that_failed_for_good_become_a_dead_letter(dev: Fed, rates: Resource) -> None:
    (queue,) = resources(dev.ingest, "AWS::SQS::Queue")
    letters = {"Fn::GetAtt": [queue, "Arn"]}
    assert rates["DeadLetterConfig"] == {"TargetArn": letters}
    rights = allowed(statements_of(dev.ingest, rates["Role"]))
    assert rights["sqs:SendMessage"] == {f"<{queue}.Arn>"}
    (target,) = the(dev.ingest, "AWS::Events::Rule")["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": letters}
    retries = the(dev.ingest, "AWS::Lambda::EventInvokeConfig")
    assert (retries["MaximumRetryAttempts"], retries["MaximumEventAgeInSeconds"]) == (2, 3600)


def test_dead_letters_are_encrypted_and_travel_over_tls(dev: Fed) -> None:
    assert the(dev.ingest, "AWS::SQS::Queue")["SqsManagedSseEnabled"] is True
    statements = the(dev.ingest, "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"]
    (refused,) = (one for one in statements if one["Effect"] == "Deny")
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_stage_that_keeps_data_keeps_its_logs() -> None:
    kept, dev = stages()["kept"], stages()["dev"]
    policies = {one["DeletionPolicy"] for one in log_groups(kept)}
    assert policies == {"RetainExceptOnCreate"}
    assert {one["DeletionPolicy"] for one in log_groups(dev)} == {"Delete"}


def log_groups(fed: Fed) -> list[Resource]:
    found = (resources(template, "AWS::Logs::LogGroup").values() for template in fed.all)
    return list(chain(*found))
