"""What IAM policies say to a request: the statements of a document, and who and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from fraudlake.local.permissions.iam_conditions import (
    ARN_PARTS,
    Context,
    PolicyProblem,
    condition_holds,
    is_arn_like,
    is_like,
    texts_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_ELEMENTS = frozenset(
    {
        *("Sid", "Effect", "Condition", "Principal", "NotPrincipal"),
        *("Action", "NotAction", "Resource", "NotResource"),
    }
)
_PRINCIPAL_KINDS = frozenset({"AWS", "Service"})


@dataclass(frozen=True)
class Principal:
    """Who calls: a role by its ARN, or a service of AWS by its name (`events.amazonaws.com`)."""

    account: str
    arn: str = ""
    service: str = ""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one resource (an ARN, or `*`), under the keys of its context."""

    principal: Principal
    action: str
    resource: str
    context: Context


class Ruling(Enum):
    """What a set of statements says to a request."""

    SILENT = "says nothing"
    DELEGATED = "leaves it to the identity policies of the account"
    ALLOWED = "allows it"
    DENIED = "denies it"


@dataclass(frozen=True)
class Statement:
    """A statement of a policy; `source` names the policy."""

    source: str
    written: Mapping[str, Any]

    @property
    def is_deny(self) -> bool:
        """Whether it denies rather than allows."""
        return bool(self.written["Effect"] == "Deny")

    def rules_on(self, request: Request) -> Ruling:
        """What it says to a request; a statement without principals means its role's requests."""
        whom = self._principal(request.principal)
        if whom is Ruling.SILENT or not self._concerns(request):
            return Ruling.SILENT
        if not self._holds(request.context):
            return Ruling.SILENT
        return Ruling.DENIED if self.is_deny else whom

    def _concerns(self, request: Request) -> bool:
        action = self._matches("Action", request.action, _is_action)
        return action and self._matches("Resource", request.resource, _is_resource)

    def _matches(self, element: str, text: str, matches: Callable[[str, str], bool]) -> bool:
        is_negated = f"Not{element}" in self.written
        patterns = texts_of(self.written[f"Not{element}" if is_negated else element])
        return any(matches(text, one) for one in patterns) != is_negated

    def _holds(self, context: Context) -> bool:
        try:
            return condition_holds(self.written.get("Condition", {}), context)
        except PolicyProblem as problem:
            raise PolicyProblem(f"{problem} ({self.source})") from problem

    def _principal(self, principal: Principal) -> Ruling:
        """ALLOWED when it names the principal, DELEGATED when it names its account."""
        if "NotPrincipal" in self.written:
            named = _naming(self.written["NotPrincipal"], principal, self.source)
            return Ruling.SILENT if named is Ruling.ALLOWED else Ruling.ALLOWED
        if "Principal" in self.written:
            return _naming(self.written["Principal"], principal, self.source)
        return Ruling.ALLOWED


def statements_of(
    document: Mapping[str, Any], source: str, *, own_resource: str = ""
) -> tuple[Statement, ...]:
    """The statements of a policy document.

    `own_resource` is what a resource's own policy means where it names no resource.

    Raises:
        PolicyProblem: an element that is unknown, or lacking.
    """
    written = document.get("Statement", [])
    found = []
    for one in written if isinstance(written, list) else [written]:
        names_none = not {"Resource", "NotResource"} & set(one)
        statement = {**one, "Resource": own_resource} if own_resource and names_none else one
        _check(statement, source)
        found.append(Statement(source, statement))
    return tuple(found)


def ruling_of(statements: Iterable[Statement], request: Request) -> tuple[Ruling, str]:
    """What statements say together, deny first, and the policy that says so."""
    found = [(one.rules_on(request), one.source) for one in statements]
    for ruling in (Ruling.DENIED, Ruling.ALLOWED, Ruling.DELEGATED):
        for one, source in found:
            if one is ruling:
                return one, source
    return Ruling.SILENT, ""


def _is_action(action: str, pattern: str) -> bool:
    return is_like(action.lower(), pattern.lower())


def _is_resource(resource: str, pattern: str) -> bool:
    """Whether a pattern means a resource; IAM completes a short ARN with wildcards."""
    if pattern == "*":
        return True
    missing = max(0, ARN_PARTS - 1 - pattern.count(":"))
    return is_arn_like(resource, pattern + ":*" * missing)


def _check(statement: Mapping[str, Any], source: str) -> None:
    unknown = sorted(set(statement) - _ELEMENTS)
    if unknown:
        raise PolicyProblem(f"{source}: a statement holds {unknown[0]}, which IAM does not know")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise PolicyProblem(f"{source}: a statement's Effect is neither Allow nor Deny")
    for element in ("Action", "Resource"):
        if (element in statement) == (f"Not{element}" in statement):
            raise PolicyProblem(f"{source}: a statement needs one of {element} and Not{element}")


def _naming(written: Any, principal: Principal, source: str) -> Ruling:  # noqa: ANN401 - any JSON
    if written == "*":
        return Ruling.ALLOWED
    if not isinstance(written, dict) or not set(written) <= _PRINCIPAL_KINDS:
        raise PolicyProblem(f"{source}: the principal {written} is not one that is judged here")
    if principal.service:
        named = principal.service in texts_of(written.get("Service", []))
        return Ruling.ALLOWED if named or "*" in texts_of(written.get("AWS", [])) else Ruling.SILENT
    names = texts_of(written.get("AWS", []))
    if "*" in names or principal.arn in names:
        return Ruling.ALLOWED
    account = {principal.account, f"arn:aws:iam::{principal.account}:root"}
    return Ruling.DELEGATED if account & set(names) else Ruling.SILENT
