"""The deployed system as a Mermaid flow chart, drawn from the synthesized templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fraudlake.local.intrinsics import ACCOUNT, Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stacks.synthesis import Templates

Edge = tuple[str, str, str]

# What is drawn, and as which shape: the things that move or hold data, what starts them, and the
# policy that a person gets, whose rights queries run with.
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
    "AWS::IAM::ManagedPolicy": ("[/", "/]"),
}
# What has no arrow, by a part of its name, and why that is right.
LEFT_OUT = {
    "-AWS679f53fac002430cb0da5b7982bd2287": "CloudFormation alone calls it, to make the network",
}
# What a right to do something is called on an arrow.
_RIGHTS = {
    "starts": re.compile(r"(lambda:InvokeFunction|glue:StartCrawler)$"),
    "asks": re.compile(r"athena:StartQueryExecution$"),
    "logs in to": re.compile(r"(rds-db:connect|secretsmanager:GetSecretValue)$"),
    "read by": re.compile(r"s3:(Get|List)"),
    "writes": re.compile(r"s3:Put"),
}


def diagram_text(templates: Templates, region: str) -> str:
    """The flow chart: a box a resource, an arrow for what it starts, reads, writes or tells."""
    drawing = _Drawing(templates, Resolver(templates, region))
    edges = sorted(set(drawing.edges()))
    named = {one for start, _, end in edges for one in (start, end)}
    boxes = [line for name, line in sorted(drawing.boxes()) if name in named]
    arrows = [f"  {_id(start)} -->|{word}| {_id(end)}" for start, word, end in edges]
    left_out = [
        f"\nLeft out: `{name}`. {why_left_out(name)}." for name in without_arrow(templates, region)
    ]
    return "\n".join(["```mermaid", "flowchart LR", *boxes, *arrows, "```", *left_out])


def without_arrow(templates: Templates, region: str) -> list[str]:
    """Names of the resources that would be drawn, but that nothing leads to or comes from."""
    drawing = _Drawing(templates, Resolver(templates, region))
    named = {one for start, _, end in drawing.edges() for one in (start, end)}
    return sorted({name for name, _ in drawing.boxes()} - named)


def why_left_out(name: str) -> str:
    """The reason why a resource has no arrow. Raises ValueError when nobody has given one."""
    for part, reason in LEFT_OUT.items():
        if part in name:
            return reason
    raise ValueError(f"the diagram leads to or from {name} nowhere; draw it, or say why not")


class _Drawing:
    """Finds boxes and arrows; a resource goes by the name it has in AWS."""

    def __init__(self, templates: Templates, resolver: Resolver) -> None:
        self._templates = templates
        self._resolver = resolver
        self._by_arn = {
            arn: resolver.name(stack, logical_id)
            for stack, logical_id, resource in self._drawn()
            for arn in self._arns(stack, logical_id, resource)
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
            for word, arn in _told(resource["Type"], properties):
                yield from ((name, word, other) for other in self._named([arn]))
            yield from self._right_edges(name, properties)

    def _right_edges(self, name: str, properties: Mapping[str, Any]) -> Iterator[Edge]:
        """What a resource may do by its role, or lets do if it is a policy itself."""
        for statement in self._statements(properties):
            actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
            for word in _words(actions) if statement["Effect"] == "Allow" else ():
                for other in self._named(resources) - {name}:
                    yield (other, word, name) if word == "read by" else (name, word, other)

    def _named(self, resources: list[str]) -> set[str]:
        plain = {one.removesuffix("/*").removesuffix(":*") for one in resources}
        inside = ("arn:aws:s3", "arn:aws:rds-db")  # objects of a bucket, users of a database
        roots = {one.split("/")[0] if one.startswith(inside) else one for one in plain}
        return {self._by_arn[one] for one in roots if one in self._by_arn}

    def _arns(self, stack: str, logical_id: str, resource: Mapping[str, Any]) -> Iterator[str]:
        """What policies call a resource; a database also by its users and its master's secret."""
        yield self._resolver.arn(stack, logical_id)
        if resource["Type"] == "AWS::RDS::DBInstance":
            of_users, secret = (
                self._resolver.resolve(stack, {"Fn::GetAtt": [logical_id, one]})
                for one in ("DbiResourceId", "MasterUserSecret.SecretArn")
            )
            yield f"arn:aws:rds-db:{self._resolver.region}:{ACCOUNT}:dbuser:{of_users}"
            yield str(secret)

    def _statements(self, properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield from properties.get("PolicyDocument", {}).get("Statement", [])
        role = str(properties.get("Role", ""))
        for stack, template in self._templates.items() if role else ():
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


def _told(kind: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """ARNs in the settings of a resource, and what it does with them."""
    match kind, properties:
        case "AWS::Events::Rule", {"Targets": targets}:
            yield from (("tells", target["Arn"]) for target in targets)
        case "AWS::Lambda::Function", {"DeadLetterConfig": {"TargetArn": queue}}:
            yield "gives up to", queue
        case "AWS::S3::Bucket", {"LoggingConfiguration": {"DestinationBucketName": log}}:
            yield "logs to", f"arn:aws:s3:::{log}"
        case "AWS::Athena::WorkGroup", {"WorkGroupConfiguration": settings}:
            place = settings["ResultConfiguration"]["OutputLocation"]
            yield "writes", place.replace("s3://", "arn:aws:s3:::")


def _words(actions: list[str]) -> Iterator[str]:
    for word, pattern in _RIGHTS.items():
        if any(pattern.match(one) for one in actions):
            yield word


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name)


def _short(name: str) -> str:
    """A name as it is read: a generated one without the hash at its end."""
    return re.sub(r"[0-9A-Fa-f]{8}$", "", name)
