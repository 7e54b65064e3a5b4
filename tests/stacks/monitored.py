"""Monitoring as two stages have it: dev as it comes, and one with everything switched on."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from stacks.monitoring import MonitoringStack
from stacks.stage import Stage

PROJECT = Path(__file__).parents[2]

Resource = dict[str, Any]


@dataclass(frozen=True)
class StandIns:
    """What monitoring needs of the other stacks, as real constructs and names."""

    raw: s3.IBucket
    curated: s3.IBucket
    extract: lambda_.IFunction
    rates: lambda_.IFunction
    rates_dead_letters: sqs.IQueue
    blacklist_crawler: str
    extract_job: str
    score_job: str
    raw_crawler: str
    curated_crawler: str
    rerun_crawler: str


def stand_ins(app: cdk.App, stage: Stage) -> StandIns:
    stack = cdk.Stack(app, f"{stage.prefix}-others", env=cdk.Environment(region=stage.region))
    return StandIns(
        raw=s3.Bucket(stack, "Raw"),
        curated=s3.Bucket(stack, "Curated"),
        extract=function(stack, "Extract"),
        rates=function(stack, "Rates"),
        rates_dead_letters=sqs.Queue(stack, "RatesDeadLetters"),
        blacklist_crawler=f"{stage.prefix}-blacklist",
        extract_job=f"{stage.prefix}-extract",
        score_job=f"{stage.prefix}-score",
        raw_crawler=f"{stage.prefix}-raw",
        curated_crawler=f"{stage.prefix}-curated",
        rerun_crawler=f"{stage.prefix}-curated-rerun",
    )


def function(stack: cdk.Stack, name: str) -> lambda_.Function:
    return lambda_.Function(
        stack,
        name,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): pass"),
    )


def monitoring_of(app: cdk.App, stage: Stage) -> MonitoringStack:
    others = cast("Any", stand_ins(app, stage))
    return MonitoringStack(app, stage, lake=others, ingest=others, scoring=others)


@cache
def templates() -> dict[str, Template]:
    """The templates of the stages `dev` and `full`, synthesized once."""
    stages = json.loads((PROJECT / "cdk.json").read_text())["context"]["stages"]
    dev = Stage.read("dev", stages)
    full = replace(
        dev, name="full", is_scheduled=True, alarm_email="night@bank.test", monthly_budget_usd=500
    )
    app = cdk.App()
    stacks = {stage.name: monitoring_of(app, stage) for stage in (dev, full)}
    return {name: Template.from_stack(stack) for name, stack in stacks.items()}


def resources(template: Template, kind: str) -> dict[str, Resource]:
    return cast("dict[str, Resource]", template.find_resources(kind))


def the(template: Template, kind: str) -> Resource:
    (found,) = resources(template, kind).values()
    return cast("Resource", found["Properties"])


def topic_ref(template: Template) -> dict[str, str]:
    (topic,) = resources(template, "AWS::SNS::Topic")
    return {"Ref": topic}
