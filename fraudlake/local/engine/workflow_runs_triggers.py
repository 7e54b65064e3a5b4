"""The triggers of the workflows: what each starts and waits for, and whether it is activated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fraudlake.errors import SettingsError
from fraudlake.local.calls import CallError
from fraudlake.local.template_triggers import Step, Trigger, read_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.deployment import Deployment

ACTIVATED, CREATED, DEACTIVATED = "ACTIVATED", "CREATED", "DEACTIVATED"
SCHEDULED, ON_DEMAND, CONDITIONAL = "SCHEDULED", "ON_DEMAND", "CONDITIONAL"
_EQUALS = "EQUALS"


@dataclass(frozen=True, kw_only=True)
class Action:
    """What a trigger starts, and what it tells a job."""

    step: Step
    arguments: Mapping[str, str]
    timeout: float | None


class Triggers:
    """All triggers of a deployment; only those that are activated fire by themselves."""

    def __init__(self, deployment: Deployment) -> None:
        """Read the triggers; `StartOnCreation` says which are activated."""
        graph = read_graph(deployment.templates)
        self._triggers = {one.name: one for one in graph.triggers}
        self._written = {
            one.name: one.properties for one in deployment.resources("AWS::Glue::Trigger")
        }
        self._active = {one.name for one in graph.triggers if one.is_active}

    def find(self, name: str) -> Trigger:
        """The trigger of a name; CallError when there is none."""
        if name not in self._triggers:
            raise CallError("EntityNotFoundException", f"Trigger {name} is not found.")
        return self._triggers[name]

    def root(self, workflow: str) -> Trigger:
        """The trigger that starts a workflow; SettingsError unless there is exactly one."""
        roots = [one for one in self.of(workflow) if one.is_root]
        if len(roots) != 1:
            names = ", ".join(one.name for one in roots) or "none"
            raise SettingsError(
                f"Glue starts a workflow by exactly one trigger; {workflow} has {names}"
            )
        return roots[0]

    def of(self, workflow: str) -> list[Trigger]:
        """The triggers of a workflow, in the order of the template."""
        return [one for one in self._triggers.values() if one.workflow == workflow]

    def steps(self, workflow: str) -> list[Step]:
        """Every job and crawler that a trigger of a workflow starts, each once."""
        return list(dict.fromkeys(step for one in self.of(workflow) for step in one.starts))

    def actions(self, trigger: Trigger) -> list[Action]:
        """What a trigger starts."""
        written = self._written[trigger.name].get("Actions", ())
        return [
            Action(step=step, arguments=one.get("Arguments", {}), timeout=one.get("Timeout"))
            for step, one in zip(trigger.starts, written, strict=True)
        ]

    def schedule(self, trigger: Trigger) -> str:
        """The schedule of a SCHEDULED trigger."""
        return str(self._written[trigger.name].get("Schedule", ""))

    def is_active(self, trigger: Trigger) -> bool:
        """Whether a trigger is activated."""
        return trigger.name in self._active

    def activate(self, trigger: Trigger) -> None:
        """Let a trigger fire by itself from now on."""
        self._active.add(trigger.name)

    def deactivate(self, trigger: Trigger) -> None:
        """Keep a trigger from firing."""
        self._active.discard(trigger.name)

    def answer(self, trigger: Trigger) -> dict[str, Any]:
        """A trigger as Glue's API shows it."""
        written = self._written[trigger.name]
        names = ("Description", "Schedule", "Actions", "Predicate", "EventBatchingCondition")
        return {
            "Name": trigger.name,
            "WorkflowName": trigger.workflow,
            "Type": trigger.type,
            "State": self._state(trigger),
            **{name: written[name] for name in names if name in written},
        }

    def _state(self, trigger: Trigger) -> str:
        if trigger.name in self._active:
            return ACTIVATED
        return DEACTIVATED if trigger.type == CONDITIONAL else CREATED


def is_met(trigger: Trigger, ended: Mapping[Step, str]) -> bool:
    """Whether a conditional trigger may fire.

    `ended` are the last states of what the triggers of the same workflow run started, and of
    nothing else: what a call started, or another workflow, is never seen.
    """
    met = [
        condition.operator == _EQUALS and ended.get(condition.step) == condition.state
        for condition in trigger.conditions
    ]
    return bool(met) and (any(met) if trigger.logical == "ANY" else all(met))
