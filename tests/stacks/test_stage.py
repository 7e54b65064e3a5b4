from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fraudlake.errors import SettingsError
from stacks.stage import Stage

CDK_JSON = Path(__file__).parents[2] / "cdk.json"
STAGES: dict[str, dict[str, Any]] = json.loads(CDK_JSON.read_text())["context"]["stages"]
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
    return Stage.read(name, {**STAGES, name: changes})


def problems(name: str = "mine", /, **changes: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        stage(name, **changes)
    return caught.value.problems


def test_dev_gives_its_data_away_and_prod_keeps_it() -> None:
    assert not Stage.read("dev", STAGES).keeps_data
    assert Stage.read("prod", STAGES).keeps_data


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_nothing_is_scheduled_before_data_is_loaded(name: str) -> None:
    assert not Stage.read(name, STAGES).is_scheduled


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
        ({"schedule": "cron(30 2 * * ?)"}, "schedule"),
        ({"rates_schedule": "daily"}, "rates_schedule"),
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
