"""The Glue triggers of synthesized templates, and the jobs and crawlers that they tie together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

ROOT_TYPES = ("SCHEDULED", "ON_DEMAND", "EVENT")
SUCCESS = "SUCCEEDED"
_NO_NAME = "(none)"


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


def read_graph(templates: Sequence[Mapping[str, Any]]) -> TriggerGraph:
    """Read the triggers of parsed templates; references within and between them become names."""
    steps = {
        Step(kind, name)
        for kind in ("job", "crawler")
        for name, _, _ in _resources(templates, f"AWS::Glue::{kind.title()}")
    }
    workflows = {name for name, _, _ in _resources(templates, "AWS::Glue::Workflow")}
    triggers = [
        _trigger(name, properties, _Names(template, templates))
        for name, template, properties in _resources(templates, "AWS::Glue::Trigger")
    ]
    return TriggerGraph(tuple(triggers), frozenset(steps), frozenset(workflows))


def _resources(
    templates: Sequence[Mapping[str, Any]], kind: str
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Name, template and properties of each resource of a type."""
    for template in templates:
        for key, resource in template.get("Resources", {}).items():
            if resource["Type"] == kind:
                properties = resource.get("Properties", {})
                yield str(properties.get("Name", key)), template, properties


def _trigger(name: str, properties: Mapping[str, Any], names: _Names) -> Trigger:
    predicate = properties.get("Predicate") or {}
    return Trigger(
        name=name,
        workflow=names.find(properties.get("WorkflowName", _NO_NAME)),
        type=str(properties.get("Type", _NO_NAME)),
        is_active=properties.get("StartOnCreation") in (True, "true"),
        logical=predicate.get("Logical"),
        starts=tuple(_step(action, names) for action in properties.get("Actions", ())),
        conditions=tuple(_condition(one, names) for one in predicate.get("Conditions", ())),
    )


def _condition(written: Mapping[str, Any], names: _Names) -> Condition:
    step = _step(written, names)
    state = written.get("State" if step.kind == "job" else "CrawlState")
    return Condition(step, written.get("LogicalOperator"), state)


def _step(written: Mapping[str, Any], names: _Names) -> Step:
    if "CrawlerName" in written:
        return Step("crawler", names.find(written["CrawlerName"]))
    return Step("job", names.find(written.get("JobName", _NO_NAME)))


@dataclass(frozen=True)
class _Names:
    """What references of one template mean, some of them to outputs of the others."""

    template: Mapping[str, Any]
    others: Sequence[Mapping[str, Any]]

    def find(self, value: Any) -> str:  # noqa: ANN401 - any JSON of a template
        """The name that a value stands for: its own text, a resource's, an exported one's."""
        match value:
            case {"Ref": key}:
                resource = self.template.get("Resources", {}).get(key, {})
                return str(resource.get("Properties", {}).get("Name", key))
            case {"Fn::ImportValue": export}:
                return self._exported(export)
        return str(value)

    def _exported(self, export: str) -> str:
        for other in self.others:
            for output in other.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == export:
                    return _Names(other, self.others).find(output["Value"])
        return export
