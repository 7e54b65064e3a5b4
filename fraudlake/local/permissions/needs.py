"""What a call needs in IAM: actions on resources, each with what conditions may ask about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fraudlake.local.calls import Call
from fraudlake.local.permissions.iam_conditions import PolicyProblem
from fraudlake.local.permissions.resource_facts import ResourceFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

# Condition keys in lower case, with their values.
Keys = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Need:
    """An action on a resource that a call needs, with the service's own condition keys.

    `through` is the service that acts for the caller (`s3`), as it does when it uses a key.
    """

    action: str
    resource: str
    keys: Keys = field(default_factory=dict)
    through: str = ""

    def __str__(self) -> str:
        """As records and messages name it."""
        suffix = f" through {self.through}" if self.through else ""
        return f"{self.action} on {self.resource}{suffix}"


# What the calls of a service need.
Rule = Callable[[Call, ResourceFacts], list[Need]]


def unknown(call: Call) -> PolicyProblem:
    """The problem of a call that no table knows."""
    name = f"{call.service}:{call.operation}"
    return PolicyProblem(f"what {name} needs is not known here; add it to the permissions")


def named(call: Call, *names: str) -> str:
    """The first of some parameters that a call has; PolicyProblem when it has none."""
    for name in names:
        if call.parameters.get(name):
            return str(call.parameters[name])
    listed = " or ".join(names)
    raise PolicyProblem(f"{call.service}:{call.operation} names no {listed}")


def key_needs(key: str, through: str, actions: Iterable[str], keys: Keys) -> list[Need]:
    """What it needs of the caller that a service uses a key on the caller's behalf."""
    return [Need(f"kms:{one}", key, keys, through) for one in actions]


def encryption_context(name: str, value: str) -> Keys:
    """The condition keys of an encryption context of one entry."""
    return {
        f"kms:encryptioncontext:{name.lower()}": (value,),
        "kms:encryptioncontextkeys": (name,),
    }
