"""One page that shows how the nights went: runs, rows, risk, durations, errors, storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from glue_jobs.metrics import CATEGORIES, COMMITTED_RUNS, NAMESPACE, ROWS, RUN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_events as events
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns
    from constructs import Construct

    from stacks.stage import Stage

_DAY = cdk.Duration.days(1)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What the dashboard of a stage shows, beside the runs."""

    alarms: tuple[cloudwatch.IAlarm, ...]
    functions: tuple[lambda_.IFunction, ...]
    score_job: str
    buckets: tuple[s3.IBucket, ...]
    rules: tuple[events.IRule, ...]
    topic: sns.ITopic


def run_metric(
    stage: Stage, name: str, *, period: cdk.Duration = _DAY, statistic: str = "Sum"
) -> cloudwatch.Metric:
    """Something that the scoring job tells of the runs of a stage."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"Stage": stage.name},
        statistic=statistic,
        period=period,
    )


def show_dashboard(scope: Construct, stage: Stage, watched: Watched) -> cloudwatch.Dashboard:
    """Make the dashboard of a stage, named like the stage, two graphs a row."""
    status = cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(watched.alarms), width=24)
    return cloudwatch.Dashboard(
        scope,
        "Dashboard",
        dashboard_name=stage.prefix,
        default_interval=cdk.Duration.days(14),
        widgets=[
            [status],
            _run_graphs(stage)[:2],
            _run_graphs(stage)[2:],
            _scoring_graphs(watched.score_job),
            _function_graphs(watched.functions),
            [_lost_notices(watched), _storage(watched.buckets)],
        ],
    )


def _run_graphs(stage: Stage) -> list[cloudwatch.IWidget]:
    seconds = run_metric(stage, RUN_SECONDS, statistic="Maximum")
    return [
        _graph("Committed runs a day", [run_metric(stage, COMMITTED_RUNS)]),
        _graph("Rows a day", [run_metric(stage, name) for name in ROWS]),
        _graph("Scored rows a day by risk", [run_metric(stage, name) for name in CATEGORIES]),
        _graph("Longest run of a day, seconds", [seconds]),
    ]


def _scoring_graphs(job: str) -> list[cloudwatch.IWidget]:
    usage = "resource_utilization"
    shares = [
        _of_glue(job, "glue.driver.workerUtilization", group=usage),
        _of_glue(job, "glue.ALL.memory.heap.used.percentage", group=usage),
        _of_glue(job, "glue.ALL.disk.used.percentage", group=usage),
    ]
    skew = _of_glue(job, "glue.driver.skewness.job", group="job_performance")
    return [
        _graph("Scoring: workers, memory and disk in use", shares),
        _graph("Scoring: skew (one task far longer than the others)", [skew]),
    ]


def _of_glue(job: str, name: str, *, group: str) -> cloudwatch.Metric:
    dimensions = {"JobName": job, "JobRunId": "ALL", "Type": "gauge", "ObservabilityGroup": group}
    return cloudwatch.Metric(
        namespace="Glue",
        metric_name=name,
        dimensions_map=dimensions,
        statistic="Maximum",
        period=cdk.Duration.minutes(5),
        label=name,
    )


def _function_graphs(functions: tuple[lambda_.IFunction, ...]) -> list[cloudwatch.IWidget]:
    errors = [one.metric_errors(period=_DAY, label=one.function_name) for one in functions]
    longest = [
        one.metric_duration(period=_DAY, statistic="Maximum", label=one.function_name)
        for one in functions
    ]
    return [
        _graph("Functions: errors a day", errors),
        _graph("Functions: longest call of a day, milliseconds", longest),
    ]


def _lost_notices(watched: Watched) -> cloudwatch.IWidget:
    not_published = [
        cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name="FailedInvocations",
            dimensions_map={"RuleName": rule.rule_name},
            statistic="Sum",
            period=_DAY,
            label=rule.node.id,
        )
        for rule in watched.rules
    ]
    not_sent = watched.topic.metric_number_of_notifications_failed(
        period=_DAY, label="not sent by the topic"
    )
    return _graph("Notices that did not arrive", [*not_published, not_sent])


def _storage(buckets: tuple[s3.IBucket, ...]) -> cloudwatch.IWidget:
    sizes = [
        cloudwatch.Metric(
            namespace="AWS/S3",
            metric_name="BucketSizeBytes",
            dimensions_map={"BucketName": one.bucket_name, "StorageType": "StandardStorage"},
            statistic="Average",
            period=_DAY,
            label=one.bucket_name,
        )
        for one in buckets
    ]
    return _graph("Bytes in the lake", sizes)


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.IWidget:
    axis = cloudwatch.YAxisProps(min=0, show_units=False)
    return cloudwatch.GraphWidget(title=title, left=list(metrics), left_y_axis=axis, width=12)
