"""Judges calls by the synthesized policies: may this role do that in AWS, and if not, why.

Within one account a call is allowed when no policy denies it and an identity policy or the policy
of the resource allows it; a key's policy must allow it or leave it to the account. A call of a
function in a VPC must be let through by an endpoint, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fraudlake.local.actors import DEPLOYER, OPERATOR
from fraudlake.local.intrinsics import ACCOUNT
from fraudlake.local.permissions.calls_need import needs_of
from fraudlake.local.permissions.iam import Principal, Request, Ruling, ruling_of
from fraudlake.local.permissions.iam_conditions import PolicyProblem
from fraudlake.local.permissions.needs import Need
from fraudlake.local.permissions.policies import Caller, Endpoint, Policies
from fraudlake.local.permissions.request_context import context_of_role, context_of_service
from fraudlake.local.permissions.resource_facts import ResourceFacts
from fraudlake.local.permissions.s3 import listing_need

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fraudlake.local.calls import Call
    from fraudlake.local.deployment import Deployment
    from fraudlake.local.permissions.iam_conditions import Context

# What Lambda itself does for a function in a VPC does not leave through the VPC.
_OUTSIDE_THE_VPC = frozenset({"logs", "rds-db"})
_LETS_PASS = frozenset({Ruling.ALLOWED, Ruling.DELEGATED})
_SENDING = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True)
class Verdict:
    """Whether a call is allowed, what it needs for that, and why it is or is not."""

    allowed: bool
    needs: tuple[Need, ...]
    reason: str


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """A need that the policies do not meet, in AWS's words."""


class Judge:
    """Judges the calls of a deployment's roles."""

    def __init__(self, deployment: Deployment) -> None:
        """Take the deployment whose templates hold the policies."""
        self._facts = ResourceFacts(deployment)
        self._policies = Policies(deployment)

    @property
    def callers(self) -> list[str]:
        """The names of all whose calls can be judged."""
        return sorted(self._policies.names)

    def judge(self, call: Call) -> Verdict:
        """Judge a call; what cannot be judged is not allowed."""
        if call.role in (OPERATOR, DEPLOYER):
            return Verdict(True, (), f"the {call.role} may do everything")
        try:
            needs = tuple(needs_of(call, self._facts))
        except PolicyProblem as problem:
            return Verdict(False, (), str(problem))
        return self._verdict(call, needs)

    def judge_absence(self, call: Call, verdict: Verdict) -> Verdict:
        """Judge whether S3 tells the caller of a missing object so, with 404 and not with 403."""
        if call.role in (OPERATOR, DEPLOYER):
            return verdict
        return self._verdict(call, (*verdict.needs, listing_need(call)))

    def judge_service(
        self, service: str, needs: Sequence[Need], *, source_arn: str = ""
    ) -> Verdict:
        """Judge what a service of AWS does on its own account, as `events.amazonaws.com`.

        `source_arn` is that of the rule or alarm for which it acts, where the service says so.
        """
        principal = Principal(ACCOUNT, service=service)
        reasons = []
        for need in needs:
            context = context_of_service(service, source_arn, need, self._facts)
            request = _request(principal, need, context)
            try:
                ruling, source = ruling_of(self._policies.guarding(need.resource), request)
            except PolicyProblem as problem:
                return Verdict(False, tuple(needs), str(problem))
            if ruling is not Ruling.ALLOWED:
                return Verdict(False, tuple(needs), f"{service} may not {need}: no policy of it")
            reasons.append(source)
        return Verdict(True, tuple(needs), "; ".join(dict.fromkeys(reasons)))

    def judge_publishing(self, topic: str, service: str, *, source_arn: str = "") -> Verdict:
        """Judge whether a service may publish to a topic, with its key if the topic has one.

        EventBridge tells SNS nothing that a condition could ask about.
        """
        told = "" if service == "events.amazonaws.com" else source_arn
        key = self._facts.topic_key(topic)
        uses = [Need(action, key, {}, "sns") for action in _SENDING] if key else []
        return self.judge_service(service, [Need("sns:Publish", topic), *uses], source_arn=told)

    def _verdict(self, call: Call, needs: tuple[Need, ...]) -> Verdict:
        try:
            caller = self._policies.caller(call.role)
            way = self._way(call, caller)
            reasons = [self._reason(call, caller, way, need) for need in needs]
        except (PolicyProblem, Refusal) as refusal:
            return Verdict(False, needs, str(refusal))
        return Verdict(True, needs, "; ".join(dict.fromkeys(reasons)) or "everybody may")

    def _reason(self, call: Call, caller: Caller, way: Endpoint | None, need: Need) -> str:
        """The policy that allows a need; Refusal when none does or one denies it."""
        endpoint = None if need.through else way
        context = context_of_role(caller, endpoint, need, self._facts)
        request = _request(Principal(ACCOUNT, arn=caller.arn), need, context)
        if endpoint is not None and ruling_of(endpoint.statements, request)[0] not in _LETS_PASS:
            raise _refusal(call, request, f"because {_no('VPC endpoint', request)}")
        return self._allowing(call, caller, request)

    def _allowing(self, call: Call, caller: Caller, request: Request) -> str:
        identity = ruling_of(caller.statements, request)
        guard = ruling_of(self._policies.guarding(request.resource), request)
        boundary = ruling_of(caller.boundary, request)[0] if caller.boundary else Ruling.ALLOWED
        for ruling, kind in ((identity[0], "an identity-based"), (guard[0], "a resource-based")):
            if ruling is Ruling.DENIED:
                raise _refusal(call, request, f"with an explicit deny in {kind} policy")
        if boundary is not Ruling.ALLOWED:
            raise _refusal(call, request, f"because {_no('permissions boundary', request)}")
        if guard[0] is Ruling.ALLOWED:
            return guard[1]
        if request.action.startswith("kms:") and guard[0] is not Ruling.DELEGATED:
            raise _refusal(call, request, f"because {_no('resource-based', request)}")
        if identity[0] is not Ruling.ALLOWED:
            raise _refusal(call, request, f"because {_no('identity-based', request)}")
        return identity[1]

    def _way(self, call: Call, caller: Caller) -> Endpoint | None:
        """The endpoint that a call takes; None when its caller is in no VPC, or has other ways.

        Raises:
            Refusal: a VPC from which nothing leads to the service.
        """
        inside = [one for one in caller.functions if one.properties.get("VpcConfig")]
        if not inside or call.service in _OUTSIDE_THE_VPC:
            return None
        found = self._policies.endpoint(inside[0], call.service)
        if found is None and not self._policies.has_other_ways:
            name = inside[0].name
            raise Refusal(
                f"no endpoint leads from the VPC of the function {name} to {call.service}"
            )
        return found


def judge(call: Call, deployment: Deployment) -> Verdict:
    """Judge one call; whoever has many keeps a Judge."""
    return Judge(deployment).judge(call)


def _request(principal: Principal, need: Need, context: Context) -> Request:
    return Request(principal=principal, action=need.action, resource=need.resource, context=context)


def _refusal(call: Call, request: Request, why: str) -> Refusal:
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/{call.role}/local"
    asked = f"{request.action} on resource: {request.resource}"
    return Refusal(f"User: {who} is not authorized to perform: {asked} {why}")


def _no(kind: str, request: Request) -> str:
    policy = kind if kind == "permissions boundary" else f"{kind} policy"
    return f"no {policy} allows the {request.action} action"
