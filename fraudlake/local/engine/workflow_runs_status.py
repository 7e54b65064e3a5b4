"""How far each node of a run of a workflow is, from its first trigger down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.template_triggers import Step
from fraudlake.local.view.states import (
    FIRED,
    INACTIVE,
    NEVER,
    PENDING,
    TRIGGER,
    WORKFLOW,
    NodeState,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fraudlake.local.engine.crawls import Crawlers
    from fraudlake.local.engine.jobs import JobRuns
    from fraudlake.local.engine.steps import Crawl, JobRun
    from fraudlake.local.engine.workflow_runs import WorkflowRun, WorkflowRuns
    from fraudlake.local.engine.workflow_runs_triggers import Triggers
    from fraudlake.local.template_triggers import Trigger


def node_states(
    run: WorkflowRun, runs: WorkflowRuns, triggers: Triggers, jobs: JobRuns, crawlers: Crawlers
) -> list[NodeState]:
    """The run, then each trigger followed by what it starts, then what calls started meanwhile."""
    yet = NEVER if run.is_over else PENDING
    nodes = [_of_run(run)]
    for trigger in _downwards(triggers.of(run.workflow)):
        nodes.append(_of_trigger(trigger, run, triggers, yet))
        nodes += [
            _of_step(step, trigger.name, _last_of(step, trigger, run, runs), yet)
            for step in dict.fromkeys(trigger.starts)
        ]
    called: list[JobRun | Crawl] = [*jobs.runs, *crawlers.crawls]
    return [*nodes, *(_begun(one, "") for one in called if _is_beside(one, run))]


def _downwards(triggers: Sequence[Trigger]) -> Iterator[Trigger]:
    """Triggers in the order in which they can fire; those that never can, last."""
    waiting, seen = list(triggers), set[Step]()
    while waiting:
        ready = [one for one in waiting if one.is_root or seen.issuperset(one.watches)]
        ready = ready or list(waiting)
        yield from ready
        seen.update(step for one in ready for step in one.starts)
        waiting = [one for one in waiting if one not in ready]


def _of_run(run: WorkflowRun) -> NodeState:
    return NodeState(
        kind=WORKFLOW,
        name=run.workflow,
        state=run.status,
        since=run.started,
        until=run.ended,
        message=run.message,
    )


def _of_trigger(trigger: Trigger, run: WorkflowRun, triggers: Triggers, yet: str) -> NodeState:
    fired = run.fired.get(trigger.name)
    is_dead = not trigger.is_root and not triggers.is_active(trigger)
    return NodeState(
        kind=TRIGGER,
        name=trigger.name,
        state=FIRED if fired else INACTIVE if is_dead else yet,
        watches=tuple(step.name for step in trigger.watches),
        since=fired,
    )


def _of_step(step: Step, under: str, last: JobRun | Crawl | None, yet: str) -> NodeState:
    if last is None:
        return NodeState(kind=step.kind, name=step.name, state=yet, under=under)
    return _begun(last, under)


def _last_of(
    step: Step, trigger: Trigger, run: WorkflowRun, runs: WorkflowRuns
) -> JobRun | Crawl | None:
    begun = [
        one
        for one in runs.steps(run)
        if (one.kind, one.name) == step and one.origin.trigger == trigger.name
    ]
    return begun[-1] if begun else None


def _begun(one: JobRun | Crawl, under: str) -> NodeState:
    return NodeState(
        kind=one.kind,
        name=one.name,
        state=one.state,
        under=under,
        since=one.started,
        until=one.ended,
        attempt=one.attempt,
        message=one.message,
        line=one.line,
    )


def _is_beside(one: JobRun | Crawl, run: WorkflowRun) -> bool:
    """Whether a call started it while the run was on; no trigger sees that."""
    is_early = one.started < run.began
    is_late = run.ended is not None and one.started > run.ended
    return not (one.origin.run_id or is_early or is_late)
