"""Each test is named after the defect that it catches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from glue_jobs.metrics import CATEGORIES, COMMITTED_RUNS, ROWS, RUN_SECONDS
from tests.stacks.monitored import resources, templates, the

if TYPE_CHECKING:
    from aws_cdk.assertions import Template

# One worker makes the templates, once for all tests of monitoring.
pytestmark = pytest.mark.xdist_group("monitoring")


@pytest.fixture(scope="module")
def full() -> Template:
    return templates()["full"]


def dashboard(template: Template) -> dict[str, Any]:
    """The dashboard, references replaced by the names of what they refer to."""
    body = the(template, "AWS::CloudWatch::Dashboard")["DashboardBody"]
    parts = body["Fn::Join"][1]
    texts = [part if isinstance(part, str) else str(*part.values()) for part in parts]
    return cast("dict[str, Any]", json.loads("".join(texts)))


def test_a_dashboard_without_an_alarm_of_the_stage(full: Template) -> None:
    (status,) = [one for one in dashboard(full)["widgets"] if one["type"] == "alarm"]
    shown = " ".join(status["properties"]["alarms"])
    assert all(one in shown for one in resources(full, "AWS::CloudWatch::Alarm"))


def test_a_dashboard_without_runs_rows_or_risk(full: Template) -> None:
    widgets = [one for one in dashboard(full)["widgets"] if one["type"] == "metric"]
    shown = [metric for one in widgets for metric in one["properties"]["metrics"]]
    ours = {metric[1] for metric in shown if metric[0] == "fraudlake"}
    assert ours == {COMMITTED_RUNS, *ROWS, *CATEGORIES, RUN_SECONDS}
    assert {metric[0] for metric in shown} >= {"Glue", "AWS/Lambda", "AWS/Events", "AWS/S3"}


def test_a_dashboard_that_shows_another_stage(full: Template) -> None:
    assert "fraudlake-dev" not in json.dumps(the(full, "AWS::CloudWatch::Dashboard"))
    assert the(full, "AWS::CloudWatch::Dashboard")["DashboardName"] == "fraudlake-full"
