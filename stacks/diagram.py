"""The deployed system as a Mermaid flow chart, drawn from the synthesized templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fraudlake.local.intrinsics import Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Templates = dict[str, dict[str, Any]]
Edge = tuple[str, str, str]

# What is drawn, and as which shape: the things that move or hold data, and what starts them.
SHAPES = {
    "AWS::Glue::Workflow": ("[[", "]]"),
    "AWS::Glue::Trigger": ("{{", "}}"),
    "AWS::Glue::Job": ("[", "]"),
    "AWS::Glue::Crawler": ("(", ")"),
    "AWS::Lambda::Function": (">", "]"),
    "AWS::S3::Bucket": ("[(", ")]"),
    "AWS::RDS::DBInstance": ("[(", ")]"),
    "AWS::Events::Rule": ("{{", "}}"),
    "AWS::SNS::Topic": ("([", "])"),
    "AWS::SQS::Queue": ("([", "])"),
    "AWS::Athena::WorkGroup": ("([", "])"),
}
_READS = re.compile(r"s3:(Get|List)")
_WRITES = re.compile(r"s3:Put")
_STARTS = re.compile(r"(lambda:InvokeFunction|glue:StartCrawler)$")


def diagram_text(templates: Templates, region: str) -> str:
    """The flow chart: a box a resource, an arrow for what it starts, reads, writes or tells."""
    drawing = _Drawing(templates, Resolver(templates, region))
    edges = sorted(set(drawing.edges()))
    named = {one for start, _, end in edges for one in (start, end)}
    boxes = [line for name, line in sorted(drawing.boxes()) if name in named]
    arrows = [f"  {_id(start)} -->|{word}| {_id(end)}" for start, word, end in edges]
    return "\n".join(["```mermaid", "flowchart LR", *boxes, *arrows, "```"])


class _Drawing:
    """Finds boxes and arrows; a resource goes by the name it has in AWS."""

    def __init__(self, templates: Templates, resolver: Resolver) -> None:
        self._templates = templates
        self._resolver = resolver
        self._by_arn = {
            resolver.arn(stack, logical_id): resolver.name(stack, logical_id)
            for stack, logical_id, _ in self._drawn()
        }

    def boxes(self) -> Iterator[tuple[str, str]]:
        """Name and line of each box."""
        for stack, logical_id, resource in self._drawn():
            name = self._resolver.name(stack, logical_id)
            left, right = SHAPES[resource["Type"]]
            yield name, f'  {_id(name)}{left}"{_short(name)}"{right}'

    def edges(self) -> Iterator[Edge]:
        """Who starts, watches, reads or writes whom."""
        for stack, logical_id, resource in self._drawn():
            name = self._resolver.name(stack, logical_id)
            properties = self._resolver.resolve(stack, resource.get("Properties", {}))
            if resource["Type"] == "AWS::Glue::Trigger":
                yield from _trigger_edges(name, properties)
            if resource["Type"] == "AWS::Events::Rule":
                yield from self._rule_edges(name, properties)
            yield from self._role_edges(name, properties)

    def _rule_edges(self, name: str, properties: Mapping[str, Any]) -> Iterator[Edge]:
        for target in properties.get("Targets", []):
            if target["Arn"] in self._by_arn:
                yield name, "tells", self._by_arn[target["Arn"]]

    def _role_edges(self, name: str, properties: Mapping[str, Any]) -> Iterator[Edge]:
        role = properties.get("Role")
        for statement in self._statements(str(role)) if role else ():
            actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
            for word in _words(actions):
                for other in self._named(resources):
                    if other != name:
                        yield (other, word, name) if word == "read by" else (name, word, other)

    def _named(self, resources: list[str]) -> set[str]:
        plain = {one.removesuffix("/*").removesuffix(":*") for one in resources}
        roots = {one.split("/")[0] if one.startswith("arn:aws:s3") else one for one in plain}
        return {self._by_arn[one] for one in roots if one in self._by_arn}

    def _statements(self, role: str) -> Iterator[dict[str, Any]]:
        for stack, template in self._templates.items():
            for logical_id, resource in template.get("Resources", {}).items():
                yield from self._of_role(stack, logical_id, resource, role)

    def _of_role(
        self, stack: str, logical_id: str, resource: Mapping[str, Any], role: str
    ) -> Iterator[dict[str, Any]]:
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Policy":
            roles = self._resolver.resolve(stack, properties.get("Roles", []))
            if role.rsplit("/", 1)[-1] in roles:
                yield from self._resolver.resolve(stack, properties["PolicyDocument"])["Statement"]
        if resource["Type"] == "AWS::IAM::Role" and self._resolver.arn(stack, logical_id) == role:
            for policy in self._resolver.resolve(stack, properties.get("Policies", [])):
                yield from policy["PolicyDocument"]["Statement"]

    def _drawn(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for stack, template in self._templates.items():
            for logical_id, resource in template.get("Resources", {}).items():
                if resource["Type"] in SHAPES:
                    yield stack, logical_id, resource


def _trigger_edges(name: str, properties: Mapping[str, Any]) -> Iterator[Edge]:
    if workflow := properties.get("WorkflowName"):
        yield workflow, "has", name
    for action in properties.get("Actions", []):
        yield name, "starts", action.get("JobName") or action["CrawlerName"]
    for condition in properties.get("Predicate", {}).get("Conditions", []):
        yield condition.get("JobName") or condition["CrawlerName"], "done", name


def _words(actions: list[str]) -> Iterator[str]:
    if any(_STARTS.match(one) for one in actions):
        yield "starts"
    if any(_READS.match(one) for one in actions):
        yield "read by"
    if any(_WRITES.match(one) for one in actions):
        yield "writes"


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name)


def _short(name: str) -> str:
    """A name as it is read: a generated one without the hash at its end."""
    return re.sub(r"[0-9A-Fa-f]{8}$", "", name)
