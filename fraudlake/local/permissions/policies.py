"""The policies of a deployment: what each role holds, each resource lets in, each endpoint passes.

A caller is a role of the templates, or a managed policy by its name: whoever holds that alone, as
the analysts do, whom the templates give no role.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fraudlake.local.permissions.iam import Statement, statements_of
from fraudlake.local.permissions.iam_conditions import PolicyProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fraudlake.local.deployment import Deployment, Resource

_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}
# Endpoints are named after hosts, which are not always botocore's names of the services.
_HOSTS = {"cloudwatch": "monitoring"}
# Where a resource's policy stands: the property, and the one that names the resources it is of.
_RESOURCE_POLICIES = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A role with what its policies say, or the holder of a managed policy (without an ARN).

    `functions` run with the role; `boundary` is what its permissions boundary says, if it has one.
    """

    arn: str
    tags: Mapping[str, str]
    statements: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None
    functions: tuple[Resource, ...]


@dataclass(frozen=True)
class Endpoint:
    """A way from a VPC to a service, and what its policy lets pass."""

    name: str
    vpc: str
    statements: tuple[Statement, ...]


class Policies:
    """Every policy of the templates, by what it is of."""

    def __init__(self, deployment: Deployment) -> None:
        """Read nothing yet; a policy that cannot be judged is a matter of the calls it is about."""
        self._deployment = deployment
        self._callers: dict[str, Caller] = {}

    @cached_property
    def names(self) -> Mapping[str, Resource]:
        """The roles of the templates, and the managed policies, by name."""
        kinds = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Role")
        return {one.name: one for kind in kinds for one in self._deployment.resources(kind)}

    def caller(self, name: str) -> Caller:
        """A caller by its name.

        Raises:
            PolicyProblem: no such role, or policies that cannot be judged.
        """
        if name not in self._callers:
            self._callers[name] = self._read_caller(name)
        return self._callers[name]

    def guarding(self, arn: str) -> tuple[Statement, ...]:
        """The statements of a resource's own policies; none when it has none.

        Raises:
            PolicyProblem: a key that is not in the templates, whose policy must be known.
        """
        own = arn.partition("/")[0] if arn.startswith("arn:aws:s3:") else arn
        if ":kms:" in arn and own not in self._guards:
            raise PolicyProblem(f"the policy of the key {arn} is not in the templates")
        return self._guards.get(own, ())

    def endpoint(self, function: Resource, service: str) -> Endpoint | None:
        """The endpoint through which a function in a VPC reaches a service; None without one."""
        host = f"com.amazonaws.{self._deployment.region}.{_HOSTS.get(service, service)}"
        for one in self._deployment.resources("AWS::EC2::VPCEndpoint"):
            if one.properties["ServiceName"] == host and self._serves(one, function):
                return _endpoint(one)
        return None

    @property
    def has_other_ways(self) -> bool:
        """Whether a VPC has ways out that are no endpoints, or is not in the templates at all."""
        kinds = ("AWS::EC2::NatGateway", "AWS::EC2::InternetGateway")
        has_gateway = any(self._deployment.resources(kind) for kind in kinds)
        return has_gateway or not self._deployment.resources("AWS::EC2::VPC")

    @cached_property
    def _guards(self) -> Mapping[str, tuple[Statement, ...]]:
        found: dict[str, tuple[Statement, ...]] = {}
        for arn, statements in self._read_guards():
            found[arn] = (*found.get(arn, ()), *statements)
        return found

    def _read_guards(self) -> Iterator[tuple[str, tuple[Statement, ...]]]:
        for kind, property_name in _RESOURCE_POLICIES.items():
            for one in self._deployment.resources(kind):
                for arn in self._arns(kind, one.properties[property_name]):
                    yield arn, _of_resource(one, own_resource=arn)
        for one in self._deployment.resources("AWS::KMS::Key"):
            source = f"the policy of the key {one.name}"
            yield one.arn, statements_of(one.properties["KeyPolicy"], source, own_resource=one.arn)
        for one in self._deployment.resources("AWS::IAM::Role"):
            trust = one.properties["AssumeRolePolicyDocument"]
            source = f"the trust policy of the role {one.name}"
            yield one.arn, statements_of(trust, source, own_resource=one.arn)
        for one in self._deployment.resources("AWS::Lambda::Permission"):
            arn = self._function_arn(str(one.properties["FunctionName"]))
            yield arn, _of_permission(one, arn)

    def _arns(self, kind: str, named: Any) -> Iterator[str]:  # noqa: ANN401 - one or a list
        for one in named if isinstance(named, list) else [named]:
            if kind == "AWS::S3::BucketPolicy":
                yield f"arn:aws:s3:::{one}"
            elif kind == "AWS::SQS::QueuePolicy":
                yield self._deployment.find("AWS::SQS::Queue", _last(one)).arn
            else:
                yield str(one)

    def _function_arn(self, named: str) -> str:
        if named.startswith("arn:"):
            return named
        return self._deployment.find("AWS::Lambda::Function", named).arn

    def _read_caller(self, name: str) -> Caller:
        found = self.names.get(name)
        if found is None:
            raise PolicyProblem(f"{name} is no role and no managed policy of the templates")
        is_role = found.type == "AWS::IAM::Role"
        boundary = found.properties.get("PermissionsBoundary")
        return Caller(
            arn=found.arn if is_role else "",
            tags={one["Key"]: str(one["Value"]) for one in found.properties.get("Tags", [])},
            statements=tuple(self._held_by_role(found)) if is_role else _of_resource(found),
            boundary=self._managed(name, str(boundary)) if boundary else None,
            functions=tuple(self._functions_of(name)),
        )

    def _functions_of(self, role: str) -> Iterator[Resource]:
        for one in self._deployment.resources("AWS::Lambda::Function"):
            if _last(one.properties.get("Role", "")) == role:
                yield one

    def _held_by_role(self, role: Resource) -> Iterator[Statement]:
        for inline in role.properties.get("Policies", []):
            source = f"the policy {inline['PolicyName']}"
            yield from statements_of(inline["PolicyDocument"], source)
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for one in self._deployment.resources(kind):
                if role.name in map(_last, one.properties.get("Roles", [])):
                    yield from _of_resource(one)
        for arn in role.properties.get("ManagedPolicyArns", []):
            yield from self._managed(role.name, str(arn))

    def _managed(self, caller: str, arn: str) -> tuple[Statement, ...]:
        for one in self._deployment.resources("AWS::IAM::ManagedPolicy"):
            if one.arn == arn:
                return _of_resource(one)
        raise PolicyProblem(
            f"the role {caller} holds {arn}, which is not in the templates, so no call of it can "
            "be judged; give the role statements of its own"
        )

    def _serves(self, endpoint: Resource, function: Resource) -> bool:
        """Whether an endpoint is in the VPC of a function's subnets, as far as that is known."""
        subnets = {one.name: one for one in self._deployment.resources("AWS::EC2::Subnet")}
        mine = function.properties["VpcConfig"]["SubnetIds"]
        known = [subnets[one].properties["VpcId"] for one in mine if one in subnets]
        return not known or endpoint.properties["VpcId"] in known


def _endpoint(resource: Resource) -> Endpoint:
    document = resource.properties.get("PolicyDocument", {"Statement": _EVERYTHING})
    statements = statements_of(document, f"the policy of the endpoint {resource.name}")
    return Endpoint(resource.name, str(resource.properties["VpcId"]), statements)


def _of_resource(resource: Resource, *, own_resource: str = "") -> tuple[Statement, ...]:
    document = resource.properties["PolicyDocument"]
    name = resource.properties.get("PolicyName", resource.name)
    return statements_of(document, f"the policy {name}", own_resource=own_resource)


def _of_permission(resource: Resource, function: str) -> tuple[Statement, ...]:
    """A permission of a function as the statement that Lambda makes of it."""
    given = resource.properties
    principal = str(given["Principal"])
    kind = "Service" if principal.endswith(".amazonaws.com") else "AWS"
    tests = {}
    if "SourceArn" in given:
        tests["ArnLike"] = {"aws:SourceArn": given["SourceArn"]}
    if "SourceAccount" in given:
        tests["StringEquals"] = {"aws:SourceAccount": given["SourceAccount"]}
    statement = {"Effect": "Allow", "Principal": {kind: principal}, "Action": given["Action"]}
    source = f"a permission of the function {function}"
    document = {"Statement": {**statement, "Condition": tests}}
    return statements_of(document, source, own_resource=function)


def _last(arn: str) -> str:
    """The name at the end of an ARN or a URL; of a bare name, itself."""
    return str(arn).rsplit("/", 1)[-1]
