"""The deployment as it was synthesized: every resource of its templates with its name and ARN."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fraudlake.errors import InputError, SettingsError
from fraudlake.local.intrinsics import ACCOUNT, Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a template; `properties` without intrinsic functions."""

    stack: str
    logical_id: str
    type: str
    name: str
    arn: str
    properties: Mapping[str, Any]


class Deployment:
    """All templates of one stage, and the files that they ship."""

    def __init__(self, folder: Path, stage: str, region: str) -> None:
        """Read what a synth left in a folder. Raises InputError when there is nothing."""
        self.folder, self.stage, self.region = folder, stage, region
        found = sorted(folder.glob("*.template.json"))
        if not found:
            raise InputError(f"{folder} holds no templates; synthesize the stage {stage} first")
        self.templates = {path.name.split(".")[0]: _read(path) for path in found}
        self.resolver = Resolver(self.templates, region)

    @cached_property
    def all(self) -> tuple[Resource, ...]:
        """Every resource, stack by stack in the order of the templates."""
        return tuple(self._resources())

    def resources(self, kind: str) -> list[Resource]:
        """The resources of a type, as `AWS::Glue::Job`."""
        return [one for one in self.all if one.type == kind]

    def find(self, kind: str, name: str) -> Resource:
        """The resource of a type and name; KeyError when there is none."""
        for one in self.resources(kind):
            if one.name == name:
                return one
        raise KeyError(f"{kind} {name}")

    def role_named(self, arn: str) -> str:
        """The name of a role, given its ARN (or the name itself)."""
        return arn.rsplit("/", 1)[-1]

    def asset(self, uri: str) -> Path:
        """The file that was shipped as `s3://bucket/key`; KeyError when none was."""
        return self._assets[uri]

    @cached_property
    def _assets(self) -> dict[str, Path]:
        return dict(self._shipped())

    def _shipped(self) -> Iterator[tuple[str, Path]]:
        for path in sorted(self.folder.glob("*.assets.json")):
            for file in _read(path)["files"].values():
                for place in file["destinations"].values():
                    bucket = place["bucketName"].replace("${AWS::AccountId}", ACCOUNT)
                    uri = f"s3://{bucket}/{place['objectKey']}"
                    yield uri, self.folder / file["source"]["path"]

    def _resources(self) -> Iterator[Resource]:
        for stack, template in self.templates.items():
            for logical_id, written in template.get("Resources", {}).items():
                yield Resource(
                    stack=stack,
                    logical_id=logical_id,
                    type=written["Type"],
                    name=self.resolver.name(stack, logical_id),
                    arn=self.resolver.arn(stack, logical_id),
                    properties=self.resolver.resolve(stack, written.get("Properties", {})),
                )


def synthesize(stage: str, folder: Path) -> Deployment:
    """Run the CDK app of this checkout for a stage, into a folder, and read what it made.

    Raises SettingsError with the app's own words when the stage cannot be synthesized.
    """
    try:
        from stacks.synthesis import context, synthesized  # noqa: PLC0415 - there in a checkout only
    except ImportError as error:
        raise SettingsError(
            "the CDK app is not beside the package; play it from a checkout of fraudlake"
        ) from error
    try:
        synthesized(stage, folder.absolute())  # the app runs in a folder of its own
    except RuntimeError as error:
        raise SettingsError(str(error)) from error
    stages = context(stage)["stages"]
    return Deployment(folder, stage, stages[stage].get("region", stages["defaults"]["region"]))


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
