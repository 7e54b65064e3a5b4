"""The two workflows of Glue. A step follows another only where a trigger says so.

A conditional trigger sees only what a trigger of its own workflow started; the crawler of the
blacklist is started by a function and so watched by none, and the job extract waits for it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, cast

from aws_cdk import aws_glue as glue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk.interfaces.aws_glue import ITriggerRef
    from constructs import Construct

    from stacks.stage import Stage


def nightly_workflow(  # noqa: PLR0913 - by keyword
    scope: Construct,
    id: str,  # noqa: A002 - the CDK's own name for it
    *,
    stage: Stage,
    extract: glue.IJob,
    raw: glue.CfnCrawler,
    score: glue.IJob,
    curated: glue.CfnCrawler,
) -> glue.Workflow:
    """Every night: extract and crawl the raw tables, score when both are done, catalog."""
    name = f"{stage.prefix}-nightly"
    workflow = _workflow(scope, id, name, "Scores the batches that are due, every night.")
    start = workflow.add_scheduled_trigger(
        "Start",
        name=f"{name}-start",
        description="Extracts the blacklist and registers the new raw partitions.",
        schedule=glue.TriggerSchedule.expression(stage.schedule),
        # Off until data is loaded. Glue reads this once, when the trigger is made.
        start_on_creation=stage.is_scheduled,
        actions=[glue.Action.job(extract), glue.Action.crawler(raw)],
    )
    scored = workflow.add_conditional_trigger(
        "Score",
        name=f"{name}-score",
        description="Scores when the blacklist and the raw partitions are there.",
        start_on_creation=True,
        predicate=_all_of(_succeeded(extract), _crawled(raw)),
        actions=[glue.Action.job(score)],
    )
    _in_order([start, scored, _catalog_trigger(workflow, name, score, curated)])
    return workflow


def rerun_workflow(
    scope: Construct,
    id: str,  # noqa: A002 - the CDK's own name for it
    *,
    stage: Stage,
    score: glue.IJob,
    curated: glue.CfnCrawler,
) -> glue.Workflow:
    """On demand: score the dates of the run properties `from` and `to` again, catalog."""
    name = f"{stage.prefix}-rerun"
    workflow = _workflow(scope, id, name, "Scores the dates from `from` to `to` again.")
    start = workflow.add_on_demand_trigger(
        "Start",
        name=f"{name}-start",
        description="Scores the dates that the run properties name.",
        actions=[glue.Action.job(score)],
    )
    _in_order([start, _catalog_trigger(workflow, name, score, curated)])
    return workflow


def _workflow(scope: Construct, id: str, name: str, description: str) -> glue.Workflow:  # noqa: A002
    return glue.Workflow(
        scope, id, workflow_name=name, description=description, max_concurrent_runs=1
    )


def _catalog_trigger(
    workflow: glue.Workflow, name: str, score: glue.IJob, curated: glue.CfnCrawler
) -> ITriggerRef:
    return workflow.add_conditional_trigger(
        "Catalog",
        name=f"{name}-catalog",
        description="Registers what was scored.",
        start_on_creation=True,
        predicate=_all_of(_succeeded(score)),
        actions=[glue.Action.crawler(curated)],
    )


def _succeeded(job: glue.IJob) -> glue.Condition:
    return glue.Condition.job(
        job, glue.JobState.SUCCEEDED, logical_operator=glue.ConditionLogicalOperator.EQUALS
    )


def _crawled(crawler: glue.CfnCrawler) -> glue.Condition:
    return glue.Condition.crawler(
        crawler,
        glue.CrawlerState.SUCCEEDED,
        logical_operator=glue.ConditionLogicalOperator.EQUALS,
    )


def _all_of(*conditions: glue.Condition) -> glue.Predicate:
    return glue.Predicate(logical=glue.PredicateLogical.AND, conditions=[*conditions])


def _in_order(triggers: Sequence[ITriggerRef]) -> None:
    """Make triggers one after another: Glue refuses changes of one workflow at the same time."""
    made = [cast("glue.CfnTrigger", trigger) for trigger in triggers]
    for trigger in made[1:]:
        # Batches of events are a matter of EVENT triggers; the construct writes them everywhere.
        trigger.add_property_deletion_override("EventBatchingCondition")
    for earlier, later in pairwise(made):
        later.node.add_dependency(earlier)
