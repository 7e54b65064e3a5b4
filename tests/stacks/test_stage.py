from __future__ import annotations

import json
from typing import Any

import pytest

from fraudlake.errors import SettingsError
from stacks.stage import EXAMPLE, Stage
from stacks.synthesis import PROJECT, context

CDK_JSON = PROJECT / "cdk.json"
STAGES: dict[str, dict[str, Any]] = json.loads(CDK_JSON.read_text())["context"]["stages"]
CHECKED: dict[str, dict[str, Any]] = context("prod")["stages"]
SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:etl-AbCdEf"  # noqa: S105 - a name
KEY = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-1111-2222-3333-0a1b2c3d4e5f"
BY_SECRET = {
    "host": "db.example.org",
    "database": "bank",
    "security_group_id": "sg-1",
    "auth": "secret",
    "secret_arn": SECRET,
}
SOURCE = {
    "host": "db.example.org",
    "database": "bank",
    "security_group_id": "sg-1",
    "auth": "iam",
    "user": "reader",
    "resource_id": "db-ABC",
}
NETWORK = {
    "vpc_id": "vpc-1",
    "availability_zones": ["us-east-1a", "us-east-1b"],
    "subnet_ids": ["subnet-1", "subnet-2"],
    "route_table_ids": ["rtb-1", "rtb-2"],
}


def stage(name: str = "mine", /, **changes: object) -> Stage:
    return Stage.read(name, {**STAGES, name: {"source": "demo", **changes}})


def problems(name: str = "mine", /, **changes: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        stage(name, **changes)
    return caught.value.problems


def test_dev_gives_its_data_away_and_prod_keeps_it() -> None:
    assert not Stage.read("dev", STAGES).keeps_data
    assert Stage.read("prod", CHECKED).keeps_data


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_nothing_is_scheduled_before_data_is_loaded(name: str) -> None:
    assert not Stage.read(name, CHECKED).is_scheduled


def test_an_own_stage_takes_what_it_leaves_out_from_the_defaults() -> None:
    own = stage(workers={"count": 20})
    assert (own.workers.count, own.workers.type) == (20, "G.1X")
    assert own.prefix == "fraudlake-mine"
    assert own.network is None
    assert own.source is None


def test_an_unknown_stage_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"no stage 'live' in cdk\.json; known are dev, prod"):
        Stage.read("live", STAGES)


def test_every_problem_is_told_at_once_with_its_place() -> None:
    found = problems(workers={"count": 1, "tpe": "G.1X"}, region="moon", alarm_email="me", more=1)
    places = [problem.split(": ")[1] for problem in found]
    assert places == [
        "stages.mine.workers.count",
        "stages.mine.workers.tpe",
        "stages.mine.more",
        "stages.mine.region",
        "stages.mine.alarm_email",
        "stages.mine.pandas_layer_arn",
    ]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"schedule": "rate(1 day)"}, "schedule"),
        ({"schedule": "cron(30 25 * * ? *)"}, "schedule"),
        ({"rates_schedule": "daily"}, "rates_schedule"),
        ({"rates_schedule": "cron(0 17 * * * *)"}, "rates_schedule"),
        ({"pandas_layer_arn": "AWSSDKPandas"}, "pandas_layer_arn"),
        ({"region": "eu-west-1"}, "pandas_layer_arn"),
        ({"athena_scan_limit_gb": 0}, "athena_scan_limit_gb"),
        ({"schedule_enabled": "yes"}, "schedule_enabled"),
        ({"keeps_data": None}, "keeps_data"),
        ({"reserved_concurrency": 0}, "reserved_concurrency"),
        ({"monthly_budget_usd": 0.5}, "monthly_budget_usd"),
        ({"workers": {"type": "G.4X", "flex": True}}, "workers.type"),
        ({"workers": {"type": "Standard"}}, "workers.type"),
        ({"retention": {"log_days": 31}}, "retention.log_days"),
    ],
)
def test_what_aws_would_refuse_is_refused_here(changes: dict[str, object], place: str) -> None:
    assert any(
        problem.startswith(f"cdk.json: stages.mine.{place}: ") for problem in problems(**changes)
    )


@pytest.mark.parametrize("name", ["Dev", "my-stage", "1st", "averylongname", ""])
def test_a_name_that_resources_cannot_carry_is_refused(name: str) -> None:
    assert any("1 to 12 small letters and digits" in problem for problem in problems(name))


def test_an_existing_database_and_network_are_taken() -> None:
    own = stage(source=SOURCE, network=NETWORK)
    assert own.source is not None
    assert (own.source.port, own.source.secret_arn) == (3306, "")
    assert own.network is not None
    assert own.network.subnet_ids == ("subnet-1", "subnet-2")


@pytest.mark.parametrize("left_out", ["resource_id", "user", "host", "security_group_id"])
def test_iam_needs_the_resource_id_and_the_user(left_out: str) -> None:
    source = {name: value for name, value in SOURCE.items() if name != left_out}
    assert problems(source=source)[0] == f"cdk.json: stages.mine.source.{left_out}: is missing"


def test_a_stage_that_keeps_its_data_is_not_given_a_database_of_nobody_by_mistake() -> None:
    with pytest.raises(SettingsError) as caught:
        Stage.read("mine", {**STAGES, "mine": {}})
    (problem,) = caught.value.problems
    assert problem.startswith("cdk.json: stages.mine.source: names no database")
    assert EXAMPLE in problem
    assert "or 'demo'" in problem


@pytest.mark.parametrize("changes", [{"source": None}, {"source": None, "network": NETWORK}])
def test_null_is_no_source_where_data_is_kept(changes: dict[str, object]) -> None:
    assert "source: names no database" in problems(**changes)[0]
    assert stage(**changes, keeps_data=False).source is None


def test_the_demo_database_is_there_for_all_who_ask_for_it() -> None:
    for keeps_data in (True, False):
        assert stage(source="demo", keeps_data=keeps_data).source is None


def test_a_word_that_is_no_source_is_told_once() -> None:
    (problem,) = problems(source="dmeo")
    assert "expected a mapping, or the word 'demo', found 'dmeo'" in problem


def test_the_example_is_a_whole_one_and_checked_as_prod() -> None:
    example = json.loads((PROJECT / EXAMPLE).read_text())
    assert stage(**example).source is not None
    assert Stage.read("prod", CHECKED).keeps_data  # refused if nothing filled it in


def test_rds_makes_the_demo_database_in_two_zones() -> None:
    one_zone = {name: value if name == "vpc_id" else value[:1] for name, value in NETWORK.items()}
    (problem,) = problems(network=one_zone)
    assert "network.availability_zones: there is one, and RDS makes the demo database" in problem
    assert stage(network=one_zone, source=BY_SECRET).network


@pytest.mark.parametrize("zone", ["eu-west-1b", "us-east-11", "use1-az2", "us-east-1", "b"])
def test_a_zone_of_another_region_is_refused(zone: str) -> None:
    (problem,) = problems(network={**NETWORK, "availability_zones": ["us-east-1a", zone]})
    assert f"network.availability_zones: {zone!r} is no zone of the stage's region" in problem


def test_a_zone_that_is_named_twice_is_refused() -> None:
    (problem,) = problems(network={**NETWORK, "availability_zones": ["us-east-1a"] * 2})
    assert "found us-east-1a, us-east-1a: an endpoint takes one subnet of a zone" in problem


def test_route_tables_need_no_naming_where_s3_is_reached_already() -> None:
    there = {**NETWORK, "has_s3_endpoint": True}
    without = {name: value for name, value in there.items() if name != "route_table_ids"}
    for network in (there, without):
        own = stage(network=network, source=BY_SECRET).network
        assert own is not None
        assert own.has_s3_endpoint
    assert (
        "one subnet and one route table" in problems(network={**there, "route_table_ids": [""]})[0]
    )


def test_a_secret_may_lie_under_a_key_of_ones_own() -> None:
    with_key = stage(network=NETWORK, source={**BY_SECRET, "secret_key_arn": KEY}).source
    assert with_key is not None
    assert (with_key.secret_arn, with_key.secret_key_arn) == (SECRET, KEY)
    found = problems(network=NETWORK, source={**SOURCE, "secret_key_arn": KEY})
    assert "source.secret_key_arn: is not known here" in found[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("secret_arn", "etl"),
        ("secret_arn", SECRET.removesuffix("-AbCdEf")),
        ("secret_arn", SECRET.replace("us-east-1", "eu-west-1")),
        ("secret_arn", KEY),
        ("secret_key_arn", "alias/etl"),
        ("secret_key_arn", "arn:aws:kms:us-east-1:111122223333:alias/etl"),
        ("secret_key_arn", KEY.replace("us-east-1", "eu-west-1")),
    ],
)
def test_a_secret_or_key_that_no_policy_could_mean_is_refused(field: str, value: str) -> None:
    (problem,) = problems(network=NETWORK, source={**BY_SECRET, field: value})
    assert f"source.{field}: expected the ARN of a" in problem
    assert f"in the region us-east-1, found '{value}'" in problem


def test_a_secret_needs_its_arn_and_no_user() -> None:
    found = problems(source={**SOURCE, "auth": "secret"}, network=NETWORK)
    assert [problem.split(": ")[1].split(".")[-1] for problem in found] == [
        "secret_arn",
        "user",
        "resource_id",
    ]


@pytest.mark.parametrize("field", ["availability_zones", "subnet_ids", "route_table_ids"])
def test_each_zone_needs_a_subnet_and_a_route_table(field: str) -> None:
    found = problems(network={**NETWORK, field: ["only-one"]})
    assert "needs one subnet and one route table for each availability zone" in found[0]


def test_a_database_needs_the_network_that_leads_to_it() -> None:
    assert "network: is needed with a source" in problems(source=SOURCE)[0]


def test_what_a_night_takes_is_a_setting() -> None:
    stage = Stage.read("dev", STAGES)
    assert vars(stage.night) == {
        "blacklist_max_age_days": 2,
        "rates_max_age_days": 7,
        "catch_up_batches": 31,
    }
