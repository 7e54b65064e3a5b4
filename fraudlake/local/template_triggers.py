"""The Glue triggers of synthesized templates, and the jobs and crawlers that they tie together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from fraudlake.local.intrinsics import Resolver

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

ROOT_TYPES = ("SCHEDULED", "ON_DEMAND", "EVENT")
SUCCESS = "SUCCEEDED"
_NO_NAME = "(none)"
_REGION = "us-east-1"  # any: triggers name things, and no name has a region in it


class Step(NamedTuple):
    """A job or a crawler, by its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        """As sentences name it."""
        return f"the {self.kind} {self.name}"


@dataclass(frozen=True)
class Condition:
    """One thing that a trigger waits for; `state` is the one that suits its kind."""

    step: Step
    operator: str | None
    state: str | None


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """A trigger with what it starts and what it waits for (all of it, or `logical` ANY)."""

    name: str
    workflow: str
    type: str
    is_active: bool
    logical: str | None
    starts: tuple[Step, ...]
    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        """As sentences name it."""
        return f"trigger {self.name} of workflow {self.workflow}"

    @property
    def is_root(self) -> bool:
        """Whether it starts a workflow rather than going on with one."""
        return self.type in ROOT_TYPES

    @property
    def watches(self) -> tuple[Step, ...]:
        """The steps that it waits for."""
        return tuple(condition.step for condition in self.conditions)

    @property
    def waits_for_success(self) -> bool:
        """Whether success is all that it waits for; otherwise it is a branch for failures."""
        return all(condition.state == SUCCESS for condition in self.conditions)

    def fires_after(self, done: Collection[Step]) -> bool:
        """Whether it fires once these steps have succeeded."""
        if self.is_root:
            return True
        quantifier = any if self.logical == "ANY" else all
        return self.waits_for_success and quantifier(step in done for step in self.watches)


@dataclass(frozen=True)
class TriggerGraph:
    """The triggers of some templates, and the jobs, crawlers and workflows made beside them."""

    triggers: tuple[Trigger, ...]
    steps: frozenset[Step]
    workflows: frozenset[str]

    def of(self, workflow: str) -> list[Trigger]:
        """The triggers of a workflow."""
        return [one for one in self.triggers if one.workflow == workflow]


def read_graph(templates: Mapping[str, Mapping[str, Any]]) -> TriggerGraph:
    """Read the triggers of parsed templates by stack; references become names.

    Raises:
        ValueError: a reference to what is not in the templates.
    """
    resolver = Resolver(templates, _REGION)
    steps = {
        Step(kind, name)
        for kind in ("job", "crawler")
        for name in _names(resolver, f"AWS::Glue::{kind.title()}")
    }
    triggers = [
        _trigger(resolver.name(stack, key), resolver.resolve(stack, resource["Properties"]))
        for stack, key, resource in _resources(resolver, "AWS::Glue::Trigger")
    ]
    workflows = _names(resolver, "AWS::Glue::Workflow")
    return TriggerGraph(tuple(triggers), frozenset(steps), frozenset(workflows))


def _names(resolver: Resolver, kind: str) -> set[str]:
    return {resolver.name(stack, key) for stack, key, _ in _resources(resolver, kind)}


def _resources(resolver: Resolver, kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Stack, logical id and template of each resource of a type."""
    for stack, template in resolver.templates.items():
        for key, resource in template.get("Resources", {}).items():
            if resource["Type"] == kind:
                yield stack, key, resource


def _trigger(name: str, properties: Mapping[str, Any]) -> Trigger:
    predicate = properties.get("Predicate") or {}
    return Trigger(
        name=name,
        workflow=str(properties.get("WorkflowName", _NO_NAME)),
        type=str(properties.get("Type", _NO_NAME)),
        is_active=properties.get("StartOnCreation") in (True, "true"),
        logical=predicate.get("Logical"),
        starts=tuple(_step(action) for action in properties.get("Actions", ())),
        conditions=tuple(_condition(one) for one in predicate.get("Conditions", ())),
    )


def _condition(written: Mapping[str, Any]) -> Condition:
    step = _step(written)
    state = written.get("State" if step.kind == "job" else "CrawlState")
    return Condition(step, written.get("LogicalOperator"), state)


def _step(written: Mapping[str, Any]) -> Step:
    if "CrawlerName" in written:
        return Step("crawler", str(written["CrawlerName"]))
    return Step("job", str(written.get("JobName", _NO_NAME)))
