"""The whole system as `app.py` composes it: its templates, and what is found in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraudlake.local.intrinsics import Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
REGION = "us-east-1"
_POLICIES = ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument")

Resource = dict[str, Any]
Templates = dict[str, dict[str, Any]]


def synthesized(stage: str, folder: Path) -> Templates:
    """The templates of a stage, by stack."""
    context = json.loads((PROJECT / "cdk.json").read_text())["context"]
    told = {
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps({**context, "stage": stage}),
    }
    subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        env={**os.environ, **told},
        check=True,
        capture_output=True,
    )
    found = sorted(folder.glob("*.template.json"))
    return {path.name.split(".")[0]: json.loads(path.read_text()) for path in found}


def resources(templates: Templates, kind: str) -> Iterator[tuple[str, Resource]]:
    """Resources of a kind in all stacks, with their stacks."""
    for stack, template in templates.items():
        for resource in template.get("Resources", {}).values():
            if resource["Type"] == kind:
                yield stack, resource


def statements(templates: Templates) -> Iterator[Resource]:
    """Every policy statement of all stacks, resolved."""
    resolver = Resolver(templates, REGION)
    for stack, template in templates.items():
        for resource in template.get("Resources", {}).values():
            for field in _POLICIES:
                document = resource.get("Properties", {}).get(field, {})
                yield from resolver.resolve(stack, document).get("Statement", [])
