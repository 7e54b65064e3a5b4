"""The whole system as `app.py` composes it: its templates, and what is found in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fraudlake.local.intrinsics import Resolver
from stacks.synthesis import Templates

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["REGION", "Resource", "Templates", "resources", "statements"]

REGION = "us-east-1"
_POLICIES = ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument")

Resource = dict[str, Any]


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
