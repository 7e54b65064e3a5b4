"""Each test is named after the defect that it catches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from glue_jobs.metrics import COMMITTED_RUNS
from tests.stacks.monitored import PROJECT, Resource, resources, templates, the, topic_ref

if TYPE_CHECKING:
    from aws_cdk.assertions import Template

SEVEN_DAYS = 7 * 24 * 3600

# One worker makes the templates, once for all tests of monitoring.
pytestmark = pytest.mark.xdist_group("monitoring")


@pytest.fixture(scope="module")
def full() -> Template:
    return templates()["full"]


# The alarms


def alarm(template: Template, **properties: object) -> Resource:
    """The one alarm with these properties."""
    found = [
        one["Properties"]
        for one in resources(template, "AWS::CloudWatch::Alarm").values()
        if properties.items() <= one["Properties"].items()
    ]
    assert len(found) == 1
    return cast("Resource", found[0])


def test_an_alarm_that_tells_nobody(full: Template) -> None:
    for one in resources(full, "AWS::CloudWatch::Alarm").values():
        assert one["Properties"]["AlarmActions"] == [topic_ref(full)]
        assert one["Properties"].get("ActionsEnabled", True) is True


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
@pytest.mark.parametrize("name", ["extract", "rates"])
def test_a_function_that_fails_unseen(full: Template, name: str, metric: str) -> None:
    kind = "throttled" if metric == "Throttles" else "errors"
    found = alarm(full, AlarmName=f"fraudlake-full-{name}-{kind}")
    (dimension,) = found["Dimensions"]
    assert (found["Namespace"], found["MetricName"]) == ("AWS/Lambda", metric)
    assert dimension["Name"] == "FunctionName"
    assert name.title() in json.dumps(dimension["Value"])
    assert (found["Statistic"], found["Threshold"]) == ("Sum", 1)
    assert found["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert found["TreatMissingData"] == "notBreaching"


def test_rates_that_were_given_up_unseen(full: Template) -> None:
    found = alarm(full, MetricName="ApproximateNumberOfMessagesVisible")
    (dimension,) = found["Dimensions"]
    assert dimension["Name"] == "QueueName"
    assert "RatesDeadLetters" in json.dumps(dimension["Value"])
    assert (found["Statistic"], found["Threshold"]) == ("Maximum", 1)
    assert found["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_a_night_that_never_comes(full: Template) -> None:
    found = alarm(full, MetricName=COMMITTED_RUNS)
    assert found["Namespace"] == "fraudlake"
    assert found["Dimensions"] == [{"Name": "Stage", "Value": "full"}]
    assert (found["Statistic"], found["Threshold"]) == ("Sum", 1)
    assert found["ComparisonOperator"] == "LessThanThreshold"
    assert found["TreatMissingData"] == "breaching"


def test_rates_that_are_never_called(full: Template) -> None:
    found = alarm(full, MetricName="Invocations")
    (dimension,) = found["Dimensions"]
    assert dimension["Name"] == "FunctionName"
    assert "Rates" in json.dumps(dimension["Value"])
    assert (found["Statistic"], found["Threshold"]) == ("Sum", 1)
    assert found["ComparisonOperator"] == "LessThanThreshold"
    assert found["TreatMissingData"] == "breaching"
    assert found["EvaluationPeriods"] == found["DatapointsToAlarm"] == 96
    assert found["Period"] == 3600


def test_one_hour_without_a_run_that_counts_as_a_day_without(full: Template) -> None:
    found = alarm(full, MetricName=COMMITTED_RUNS)
    assert found["EvaluationPeriods"] == found["DatapointsToAlarm"] == 26
    assert found["Period"] == 3600


def test_a_window_that_cloudwatch_refuses(full: Template) -> None:
    for one in resources(full, "AWS::CloudWatch::Alarm").values():
        period, count = one["Properties"]["Period"], one["Properties"]["EvaluationPeriods"]
        assert period * count <= (SEVEN_DAYS if period >= 3600 else 24 * 3600)


@pytest.mark.parametrize("metric", [COMMITTED_RUNS, "Invocations"])
def test_a_silence_that_is_told_before_anything_is_scheduled(metric: str) -> None:
    assert alarm(templates()["dev"], MetricName=metric)["ActionsEnabled"] is False
    assert alarm(templates()["full"], MetricName=metric)["ActionsEnabled"] is True


@pytest.mark.parametrize("metric", [COMMITTED_RUNS, "Invocations"])
def test_an_alarm_that_is_already_red_when_the_schedule_starts(metric: str) -> None:
    names = {
        alarm(one, MetricName=metric)["AlarmName"].removeprefix(f"fraudlake-{stage}-")
        for stage, one in templates().items()
    }
    assert len(names) == 2  # another name is another alarm, which starts without a state


def test_a_notice_that_leads_to_a_page_without_its_name() -> None:
    lines = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8").splitlines()
    headings = {line.removeprefix("### ") for line in lines if line.startswith("### ")}
    for template in templates().values():
        alarms = resources(template, "AWS::CloudWatch::Alarm").values()
        descriptions = [one["Properties"]["AlarmDescription"] for one in alarms]
        leads = {
            text.partition("docs/operations.md, ")[2].removesuffix(".") for text in descriptions
        }
        assert leads | {"A job failed", "A crawler failed"} <= headings


# The budget


def test_a_budget_nobody_asked_for() -> None:
    templates()["dev"].resource_count_is("AWS::Budgets::Budget", 0)


def test_a_budget_that_tells_nobody(full: Template) -> None:
    budget = the(full, "AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 500, "Unit": "USD"}
    assert budget["Budget"]["TimeUnit"] == "MONTHLY"
    notices = budget["NotificationsWithSubscribers"]
    assert {one["Notification"]["NotificationType"] for one in notices} == {"ACTUAL", "FORECASTED"}
    for one in notices:
        assert one["Subscribers"] == [{"SubscriptionType": "SNS", "Address": topic_ref(full)}]


def test_a_budget_made_before_the_topic_admits_it(full: Template) -> None:
    (budget,) = resources(full, "AWS::Budgets::Budget").values()
    assert budget["DependsOn"] == list(resources(full, "AWS::SNS::TopicPolicy"))
