"""Would the workflows of a template run to their end in Glue? A linter of their triggers.

Glue accepts a workflow that never goes on: a conditional trigger that is not activated, or that
watches what no trigger of its workflow started, waits for ever, and no error tells of it.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from fraudlake.local.template_triggers import (
    SUCCESS,
    Condition,
    Step,
    Trigger,
    TriggerGraph,
    read_graph,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MOST_CRAWLERS = 2  # that Glue lets one trigger start
STATES = {  # that a trigger can wait for
    "job": (SUCCESS, "STOPPED", "FAILED", "TIMEOUT"),
    "crawler": (SUCCESS, "FAILED", "CANCELLED"),
}
LOGICALS = ("AND", "ANY")


def trigger_problems(
    templates: Mapping[str, Mapping[str, Any]], *, lambda_started: Collection[str] = ()
) -> list[str]:
    """All that keeps the workflows of CloudFormation templates from running, as sorted sentences.

    Args:
        templates: parsed templates, by stack, that together make one deployment.
        lambda_started: names of crawlers that a function starts; no trigger may start or watch one.

    Raises:
        ValueError: a reference to what is not in the templates.
    """
    graph = read_graph(templates)
    aside = frozenset(Step("crawler", name) for name in lambda_started)
    workflows = sorted(graph.workflows | {one.workflow for one in graph.triggers})
    found = chain(
        *(_trigger_faults(one, graph, aside) for one in graph.triggers),
        *(_workflow_faults(name, graph.of(name)) for name in workflows),
        _step_faults(graph, aside),
        _shared_crawler_faults(graph),
    )
    return sorted(found)


def _trigger_faults(trigger: Trigger, graph: TriggerGraph, aside: frozenset[Step]) -> Iterator[str]:
    if not trigger.starts:
        yield f"{trigger} starts nothing"
    crawlers = [step.name for step in trigger.starts if step.kind == "crawler"]
    if len(crawlers) > MOST_CRAWLERS:
        yield f"{trigger} starts {len(crawlers)} crawlers, and Glue starts {MOST_CRAWLERS} at most"
    if trigger.workflow not in graph.workflows:
        yield f"{trigger} belongs to a workflow that is not in the templates"
    for step in trigger.starts:
        if step in aside:
            yield f"{trigger} starts {step}, which a function starts"
        elif step not in graph.steps:
            yield f"{trigger} starts {step}, which is not in the templates"
    if not trigger.is_root:
        yield from _conditional_faults(trigger, graph, aside)


def _conditional_faults(
    trigger: Trigger, graph: TriggerGraph, aside: frozenset[Step]
) -> Iterator[str]:
    if trigger.type != "CONDITIONAL":
        yield f"{trigger} is of the type {trigger.type}, which Glue does not know"
    if not trigger.is_active:
        yield f"{trigger} is not activated: StartOnCreation is not true, so it never fires"
    if not trigger.conditions:
        yield f"{trigger} waits for nothing, so it never fires"
    yield from _logical_faults(trigger)
    started = {step for one in graph.of(trigger.workflow) for step in one.starts}
    for condition in trigger.conditions:
        yield from _condition_faults(trigger, condition)
        step = condition.step
        if step in aside:
            yield f"{trigger} watches {step}, which a function starts: that fires no trigger"
        elif step not in started:
            yield f"{trigger} watches {step}, which no trigger of that workflow starts"


def _logical_faults(trigger: Trigger) -> Iterator[str]:
    if trigger.logical is None and len(trigger.conditions) > 1:
        yield f"{trigger} has {len(trigger.conditions)} conditions and no Logical (AND or ANY)"
    elif trigger.logical not in (None, *LOGICALS):
        yield f"{trigger} has the Logical {trigger.logical}, which is not AND or ANY"


def _condition_faults(trigger: Trigger, condition: Condition) -> Iterator[str]:
    step = condition.step
    if condition.operator != "EQUALS":
        yield f"{trigger} compares {step} with {condition.operator} instead of EQUALS"
    if condition.state is None:
        state = "State" if step.kind == "job" else "CrawlState"
        yield f"{trigger} does not say which {state} of {step} it waits for"
    elif condition.state not in STATES[step.kind]:
        known = ", ".join(STATES[step.kind])
        yield f"{trigger} waits for {step} to be {condition.state}, which is not one of {known}"


def _workflow_faults(workflow: str, triggers: list[Trigger]) -> Iterator[str]:
    roots = sorted(trigger.name for trigger in triggers if trigger.is_root)
    if len(roots) != 1:
        found = ", ".join(roots) if roots else "none"
        yield f"workflow {workflow} needs one trigger that starts it, and has {found}"
    if circle := _steps_in_circles(triggers):
        names = ", ".join(f"{step} by trigger {name}" for step, name in circle)
        yield f"workflow {workflow} goes in a circle: {names}"
    yield from _failure_branch_faults(triggers)


def _failure_branch_faults(triggers: list[Trigger]) -> Iterator[str]:
    """Steps that run after a failure and never after success, for each trigger of a workflow."""
    reached = _reached(triggers)
    for trigger in triggers:
        others = _states_beside_success(trigger)
        for step in trigger.starts:
            if others and step not in reached:
                waits = " and ".join(others)
                yield f"{trigger} waits for {waits}, so that success never leads to {step}"


def _states_beside_success(trigger: Trigger) -> list[str]:
    return [
        f"{one.step} to be {one.state}"
        for one in trigger.conditions
        if one.state in STATES[one.step.kind] and one.state != SUCCESS
    ]


def _steps_in_circles(triggers: list[Trigger]) -> list[tuple[Step, str]]:
    """Steps that follow from themselves, each with the trigger that starts it again."""
    follows: dict[Step, set[Step]] = {}
    for trigger in triggers:
        for step in trigger.watches:
            follows.setdefault(step, set()).update(trigger.starts)
    circling = {step for step in follows if step in _all_after(step, follows)}
    return sorted(
        (step, trigger.name)
        for trigger in triggers
        for step in trigger.starts
        if step in circling and circling & {*trigger.watches}
    )


def _all_after(step: Step, follows: Mapping[Step, set[Step]]) -> set[Step]:
    """Every step that comes after one, by any number of triggers."""
    found: set[Step] = set()
    waiting = [step]
    while waiting:
        new = follows.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def _step_faults(graph: TriggerGraph, aside: frozenset[Step]) -> Iterator[str]:
    reached = {step for workflow in graph.workflows for step in _reached(graph.of(workflow))}
    for step in graph.steps - aside - reached:
        yield f"{step} is never started: no trigger leads to it"
    for step in aside - graph.steps:
        yield f"{step}, which a function is said to start, is not in the templates"


def _shared_crawler_faults(graph: TriggerGraph) -> Iterator[str]:
    """Crawlers of two workflows: Glue refuses to start one that is at work, and queues none."""
    for step in sorted(step for step in graph.steps if step.kind == "crawler"):
        users = sorted({one.workflow for one in graph.triggers if step in one.starts})
        if len(users) > 1:
            yield f"{step} is started by {' and '.join(users)}: busy in one, it fails the other"


def _reached(triggers: list[Trigger]) -> set[Step]:
    """The steps that a workflow runs when every step succeeds."""
    done: set[Step] = set()
    while True:
        fired = {step for one in triggers if one.fires_after(done) for step in one.starts}
        if fired <= done:
            return done
        done |= fired
