from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.errors import SettingsError
from fraudlake.local.actors import DEPLOYER, Actors
from fraudlake.local.watch.alarms import Alarms, put_invocation
from fraudlake.local.watch.notices import Publisher
from tests.local.glue_world import deployment

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.deployment import Deployment

TOPIC = "arn:aws:sns:us-east-1:123456789012:fraudlake-dev-alarms"
EXTRACT = "fraudlake-dev-blacklist-extract"
AT = datetime(2026, 11, 24, 2, 31, 20, tzinfo=UTC)


def publisher(actors: Actors, *, allowed: bool = True) -> Publisher:
    actors.client("sns", DEPLOYER).create_topic(Name="fraudlake-dev-alarms")
    return Publisher(actors, lambda *_: allowed)


def alarm(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """An alarm on one or more errors in five minutes, in a literal template."""
    written = {
        "AlarmName": "errors",
        "Namespace": "test",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "Stage", "Value": "dev"}],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
        "OKActions": [TOPIC],
        **changes,
    }
    return {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": written}}


def put(
    actors: Actors, at: datetime, value: float, stage: str = "dev", namespace: str = "test"
) -> None:
    actors.client("cloudwatch", DEPLOYER).put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": "Errors",
                "Dimensions": [{"Name": "Stage", "Value": stage}],
                "Timestamp": at,
                "Value": value,
            }
        ],
    )


def states(alarms: Alarms, at: datetime) -> dict[str, str]:
    return {one.name: one.state for one in alarms.evaluate(at)}


def test_a_failed_extract_of_the_real_templates_sets_off_its_alarm_and_no_other(
    dev_deployment: Deployment, moto_actors: Actors
) -> None:
    published = publisher(moto_actors)
    alarms = Alarms(dev_deployment, moto_actors, published)
    put_invocation(moto_actors, EXTRACT, AT, failed=True)
    found = states(alarms, AT)
    in_alarm = {name for name, state in found.items() if state == "ALARM"}
    assert in_alarm == {
        "fraudlake-dev-extract-errors",
        "fraudlake-dev-no-committed-run-unscheduled",
        "fraudlake-dev-rates-not-called-unscheduled",
    }
    # The last two have their actions off while nothing is scheduled.
    (notice,) = published.notices
    assert (notice.topic, notice.rule) == (TOPIC, "fraudlake-dev-extract-errors")
    told = json.loads(notice.message)
    assert told["NewStateValue"] == "ALARM"
    assert told["AlarmDescription"].endswith("See docs/operations.md, extract-errors.")
    assert told["Trigger"]["Dimensions"] == [{"value": EXTRACT, "name": "FunctionName"}]


def test_a_throttled_call_is_no_error_of_the_function(
    dev_deployment: Deployment, moto_actors: Actors
) -> None:
    alarms = Alarms(dev_deployment, moto_actors, publisher(moto_actors))
    put_invocation(moto_actors, EXTRACT, AT, throttled=True)
    found = states(alarms, AT)
    assert found["fraudlake-dev-extract-throttled"] == "ALARM"
    assert found["fraudlake-dev-extract-errors"] == "OK"


def test_what_lambda_puts_of_a_call_is_in_its_namespace(moto_actors: Actors) -> None:
    put_invocation(moto_actors, EXTRACT, AT)
    listed = moto_actors.client("cloudwatch", DEPLOYER).list_metrics(Namespace="AWS/Lambda")
    names = sorted(one["MetricName"] for one in listed["Metrics"])
    assert names == ["Errors", "Invocations", "Throttles"]


def test_a_committed_run_within_26_hours_is_no_silence(
    dev_deployment: Deployment, moto_actors: Actors
) -> None:
    alarms = Alarms(dev_deployment, moto_actors, publisher(moto_actors))
    name = "fraudlake-dev-no-committed-run-unscheduled"
    moto_actors.client("cloudwatch", DEPLOYER).put_metric_data(
        Namespace="fraudlake",
        MetricData=[
            {
                "MetricName": "CommittedRuns",
                "Dimensions": [{"Name": "Stage", "Value": "dev"}],
                "Timestamp": AT,
                "Value": 1,
            }
        ],
    )
    assert states(alarms, AT + timedelta(hours=1))[name] == "OK"
    assert states(alarms, AT + timedelta(hours=26))[name] == "OK"
    assert states(alarms, AT + timedelta(hours=27))[name] == "ALARM"


def test_an_alarm_is_told_when_it_changes_and_not_again(
    tmp_path: Path, moto_actors: Actors
) -> None:
    published = publisher(moto_actors)
    alarms = Alarms(deployment(tmp_path, alarm()), moto_actors, published)
    put(moto_actors, AT, 1)
    for minutes in (0, 1, 10, 11):
        alarms.evaluate(AT + timedelta(minutes=minutes))
    told = [json.loads(one.message) for one in published.notices]
    assert [(one["OldStateValue"], one["NewStateValue"]) for one in told] == [
        ("INSUFFICIENT_DATA", "ALARM"),
        ("ALARM", "OK"),
    ]
    assert told[0]["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors"


def test_an_alarm_whose_actions_are_off_tells_nobody(tmp_path: Path, moto_actors: Actors) -> None:
    published = publisher(moto_actors)
    alarms = Alarms(deployment(tmp_path, alarm(ActionsEnabled=False)), moto_actors, published)
    put(moto_actors, AT, 1)
    assert states(alarms, AT) == {"errors": "ALARM"}
    assert published.notices == []


def test_an_alarm_that_no_policy_lets_out_is_kept(tmp_path: Path, moto_actors: Actors) -> None:
    published = publisher(moto_actors, allowed=False)
    alarms = Alarms(deployment(tmp_path, alarm()), moto_actors, published)
    put(moto_actors, AT, 1)
    alarms.evaluate(AT)
    assert "lets cloudwatch.amazonaws.com publish" in published.undelivered[0].reason


def test_an_alarm_sees_only_metrics_of_its_very_dimensions(
    tmp_path: Path, moto_actors: Actors
) -> None:
    alarms = Alarms(deployment(tmp_path, alarm()), moto_actors, publisher(moto_actors))
    put(moto_actors, AT, 1, stage="prod")
    assert states(alarms, AT) == {"errors": "OK"}


def test_an_alarm_sees_only_metrics_of_its_very_namespace(
    tmp_path: Path, moto_actors: Actors
) -> None:
    alarms = Alarms(deployment(tmp_path, alarm()), moto_actors, publisher(moto_actors))
    put(moto_actors, AT, 1, namespace="another")
    assert states(alarms, AT) == {"errors": "OK"}


@pytest.mark.parametrize(
    ("statistic", "state"), [("Sum", "ALARM"), ("Average", "OK"), ("Maximum", "OK")]
)
def test_an_alarm_is_on_the_statistic_that_it_names(
    tmp_path: Path, moto_actors: Actors, statistic: str, state: str
) -> None:
    written = alarm(Statistic=statistic, Threshold=3)
    alarms = Alarms(deployment(tmp_path, written), moto_actors, publisher(moto_actors))
    put(moto_actors, AT, 2)
    put(moto_actors, AT, 1)
    assert states(alarms, AT) == {"errors": state}


def test_an_alarm_looks_at_each_of_its_periods(tmp_path: Path, moto_actors: Actors) -> None:
    written = alarm(Period=60, EvaluationPeriods=3, DatapointsToAlarm=2)
    alarms = Alarms(deployment(tmp_path, written), moto_actors, publisher(moto_actors))
    put(moto_actors, AT - timedelta(minutes=2), 1)
    assert states(alarms, AT) == {"errors": "OK"}
    put(moto_actors, AT, 1)
    assert states(alarms, AT) == {"errors": "ALARM"}


@pytest.mark.parametrize(
    "changes", [{"Statistic": None, "ExtendedStatistic": "p99"}, {"Statistic": "IQM"}]
)
def test_an_alarm_that_cannot_be_evaluated_is_refused(
    tmp_path: Path, moto_actors: Actors, changes: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match="errors is on no single metric"):
        Alarms(deployment(tmp_path, alarm(**changes)), moto_actors, publisher(moto_actors))
