"""The stacks that feed the lake, as five stages have them, synthesized once."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk.assertions import Template

from stacks.existing import ExistingNetwork, ExistingSource
from stacks.ingest import IngestStack
from stacks.lake import LakeStack
from stacks.network import NetworkStack
from stacks.source import SourceStack
from stacks.stage import Stage

PROJECT = Path(__file__).parents[2]
EXISTING_NETWORK = ExistingNetwork(
    vpc_id="vpc-0a1b2c3d4e5f60718",
    availability_zones=("us-east-1a", "us-east-1b"),
    subnet_ids=("subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"),
    route_table_ids=("rtb-0a1b2c3d4e5f60711", "rtb-0a1b2c3d4e5f60712"),
)
BY_IAM = ExistingSource(
    host="db.bank.test",
    port=3307,
    database="risk",
    security_group_id="sg-0a1b2c3d4e5f60718",
    auth="iam",
    user="etl",
    resource_id="db-ABC",
    secret_arn="",
)
SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:etl-AbCdEf"  # noqa: S105 - a name
KEY = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-1111-2222-3333-0a1b2c3d4e5f"
BY_SECRET = replace(BY_IAM, auth="secret", user="", resource_id="", secret_arn=SECRET)
SHARED_NETWORK = replace(EXISTING_NETWORK, route_table_ids=(), has_s3_endpoint=True)

Resource = dict[str, Any]


@dataclass(frozen=True)
class Fed:
    """The templates of one stage."""

    stage: Stage
    network: Template
    source: Template
    ingest: Template

    @property
    def all(self) -> list[Template]:
        return [self.network, self.source, self.ingest]


@cache
def stages() -> dict[str, Fed]:
    """`dev` as it comes; `kept` keeps its data; `there` and `secret` use what is there.

    `shared` does so in a network that has an endpoint for S3, its secret under a key of its own.
    """
    settings = json.loads((PROJECT / "cdk.json").read_text())
    dev = Stage.read("dev", settings["context"]["stages"])
    variants = [
        dev,
        replace(dev, name="kept", keeps_data=True, is_scheduled=True, reserved_concurrency=2),
        replace(dev, name="there", network=EXISTING_NETWORK, source=BY_IAM),
        replace(dev, name="secret", network=EXISTING_NETWORK, source=BY_SECRET),
        replace(
            dev,
            name="shared",
            network=SHARED_NETWORK,
            source=replace(BY_SECRET, secret_key_arn=KEY),
        ),
    ]
    context = {key: value for key, value in settings["context"].items() if key != "stages"}
    app = cdk.App(context=context)
    built = [(stage, *_built(app, stage)) for stage in variants]
    return {
        stage.name: Fed(stage, *(Template.from_stack(one) for one in made))
        for stage, *made in built
    }


def _built(app: cdk.App, stage: Stage) -> tuple[cdk.Stack, cdk.Stack, cdk.Stack]:
    lake = LakeStack(app, stage)
    network = NetworkStack(app, stage, lake=lake)
    source = SourceStack(app, stage, network=network)
    ingest = IngestStack(app, stage, lake=lake, network=network, source=source)
    return network, source, ingest


def resources(template: Template, kind: str, **properties: object) -> dict[str, Resource]:
    """The resources of a kind by logical id, those with such properties."""
    found = cast("dict[str, Resource]", template.find_resources(kind))
    return {
        name: one
        for name, one in found.items()
        if all(one.get("Properties", {}).get(key) == value for key, value in properties.items())
    }


def the(template: Template, kind: str, **properties: object) -> Resource:
    """The properties of the one resource of a kind, or the one with such properties."""
    (found,) = resources(template, kind, **properties).values()
    return cast("Resource", found["Properties"])


def function(template: Template, name: str) -> Resource:
    return the(template, "AWS::Lambda::Function", FunctionName=name)


def statements_of(template: Template, role: Resource) -> list[Resource]:
    """What the policies of a role say, the role given as a function names it."""
    name = {"Ref": role["Fn::GetAtt"][0]}
    return [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        if name in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def allowed(statements: list[Resource]) -> dict[str, set[str]]:
    """The resources of each allowed action, as flat texts."""
    rights: dict[str, set[str]] = {}
    for one in statements:
        if one["Effect"] == "Allow":
            for action in listed(one["Action"]):
                rights.setdefault(action, set()).update(map(flat, listed(one["Resource"])))
    return rights


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    return value if isinstance(value, list) else [value]


def flat(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A value of a template as one text, references by what they name."""
    match value:
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(map(flat, parts))
        case {"Fn::ImportValue": name} | {"Ref": name}:
            return f"<{flat(name)}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
    return str(value)
