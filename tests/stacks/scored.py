"""Scoring as two stages have it: dev as it comes, and one with its schedule on and Flex workers."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from stacks.jobs import EXTRACT_SCRIPT
from stacks.lake import LakeStack
from stacks.scoring import ScoringStack
from stacks.stage import Stage

if TYPE_CHECKING:
    from stacks.ingest import IngestStack

CONTEXT = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())["context"]
Properties = dict[str, Any]
# Any script will do: what the jobs run is not looked into.
SCRIPT = EXTRACT_SCRIPT


@dataclass(frozen=True)
class Ingest:
    """What scoring needs of the stack before it."""

    extract: lambda_.Function
    blacklist_crawler: str


@dataclass(frozen=True)
class Deployed:
    """The templates of a stage, and the rights of its roles."""

    stack: ScoringStack
    template: Template
    others: tuple[Template, ...]

    def all(self, kind: str) -> dict[str, Properties]:
        """The properties of the resources of a type by their logical ids."""
        found = self.template.find_resources(f"AWS::{kind}")
        return {key: one["Properties"] for key, one in found.items()}

    def named(self, kind: str, name: str) -> Properties:
        """The properties of the resource of a name."""
        [found] = [one for one in self.all(kind).values() if one["Name"] == name]
        return found

    def statements(self, role: str) -> list[dict[str, Any]]:
        """What the policies of a role allow; the role by the middle of its name."""
        name = f"fraudlake-dev-{role}-us-east-1"
        [key] = [key for key, one in self.all("IAM::Role").items() if one["RoleName"] == name]
        policies = [
            one for one in self.all("IAM::Policy").values() if one["Roles"][0]["Ref"] == key
        ]
        return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]

    def resources(self, role: str, action: str) -> list[str]:
        """What a role may do an action on, as the ends of ARNs."""
        return sorted(
            flat(resource).rpartition("\n")[2]
            for one in self.statements(role)
            if action in listed(one["Action"])
            for resource in listed(one["Resource"])
        )

    def actions(self, role: str) -> set[str]:
        """All that a role may do somewhere."""
        return {action for one in self.statements(role) for action in listed(one["Action"])}


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def flat(value: Any) -> str:  # noqa: ANN401 - any JSON of a template
    """A text of a template; what is only known in AWS becomes a line break."""
    if isinstance(value, dict) and "Fn::Join" in value:
        return "".join(flat(part) for part in value["Fn::Join"][1])
    return "\n" if isinstance(value, dict) else str(value)


def deployed(stage: Stage) -> Deployed:
    app = cdk.App(context={name: CONTEXT[name] for name in CONTEXT if name != "stages"})
    lake = LakeStack(app, stage)
    ingest_stack = cdk.Stack(app, "ingest", env=cdk.Environment(region=stage.region))
    extract = lambda_.Function(
        ingest_stack,
        "Extract",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
    )
    blacklist = f"{stage.prefix}-blacklist"
    glue.CfnCrawler(
        ingest_stack,
        "Blacklist",
        name=blacklist,
        role="role",
        targets=glue.CfnCrawler.TargetsProperty(),
    )
    ingest = cast("IngestStack", Ingest(extract=extract, blacklist_crawler=blacklist))
    stack = ScoringStack(app, stage, lake=lake, ingest=ingest, score_script=SCRIPT)
    others = (Template.from_stack(ingest_stack), Template.from_stack(lake))
    return Deployed(stack, Template.from_stack(stack), others)


STAGE = Stage.read("dev", CONTEXT["stages"])


@cache
def dev() -> Deployed:
    """The stage dev, made once."""
    return deployed(STAGE)


@cache
def flex() -> Deployed:
    """The same stage with its schedule on, its data kept and other workers, made once."""
    workers = replace(STAGE.workers, type="G.2X", count=12, is_flex=True, timeout_minutes=90)
    return deployed(replace(STAGE, is_scheduled=True, keeps_data=True, workers=workers))
