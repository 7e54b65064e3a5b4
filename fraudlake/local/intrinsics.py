"""Resolves the intrinsic functions of synthesized templates, as CloudFormation would.

What CloudFormation learns only from AWS (ARNs, generated names, addresses) is made up: the same
every time, in the form that AWS gives it, so that policies can be read and resources be played.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "123456789012"
PARTITION = "aws"
# How the ARN of a resource is written; {name} is its name or made-up id.
_ARNS = {
    "AWS::Athena::WorkGroup": "athena:{region}:{account}:workgroup/{name}",
    "AWS::EC2::SecurityGroup": "ec2:{region}:{account}:security-group/{name}",
    "AWS::EC2::VPC": "ec2:{region}:{account}:vpc/{name}",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::Glue::Crawler": "glue:{region}:{account}:crawler/{name}",
    "AWS::Glue::Job": "glue:{region}:{account}:job/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::RDS::DBInstance": "rds:{region}:{account}:db:{name}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::SecretsManager::Secret": "secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
}
# The property that names a resource, where it has one.
_NAMES = (
    *("Name", "BucketName", "FunctionName", "RoleName", "QueueName", "TopicName", "LogGroupName"),
    *("DBInstanceIdentifier", "ManagedPolicyName", "AlarmName", "TableName"),
)
_REF_IS_ARN = frozenset(
    {"AWS::SNS::Topic", "AWS::IAM::ManagedPolicy", "AWS::SecretsManager::Secret"}
)


@dataclass
class Resolver:
    """Resolves values of several templates that import from each other.

    `templates` are synthesized templates by stack name; `parameters` the values of their
    parameters, of which the ones without a value or default resolve to their own names.
    """

    templates: Mapping[str, Mapping[str, Any]]
    region: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, stack: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """The value with every intrinsic function in it replaced by what it gives."""
        if isinstance(value, list):
            return [one for item in value if (one := self.resolve(stack, item)) is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), *_ = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(stack, function, argument)
        return {
            name: found
            for name, item in value.items()
            if (found := self.resolve(stack, item)) is not None
        }

    def arn(self, stack: str, logical_id: str) -> str:
        """The ARN of a resource."""
        kind = self._resource(stack, logical_id)["Type"]
        form = _ARNS.get(kind, "cloudformation:{region}:{account}:resource/{name}")
        name = self.name(stack, logical_id)
        filled = form.format(region=self.region, account=ACCOUNT, name=name)
        return f"arn:{PARTITION}:{filled}"

    def name(self, stack: str, logical_id: str) -> str:
        """The name that a resource has in AWS: its own, or a made-up one."""
        resource = self._resource(stack, logical_id)
        properties = resource.get("Properties", {})
        for name in _NAMES:
            if name in properties:
                return str(self.resolve(stack, properties[name]))
        if resource["Type"] == "AWS::KMS::Key":
            return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{stack}.{logical_id}"))
        made_up = f"{stack}-{logical_id}"
        return made_up.lower()[:63] if resource["Type"] == "AWS::S3::Bucket" else made_up

    def _call(self, stack: str, function: str, argument: Any) -> Any:  # noqa: ANN401
        functions = {
            "Ref": self._ref,
            "Fn::GetAtt": self._attribute,
            "Fn::Join": self._joined,
            "Fn::Sub": self._substituted,
            "Fn::ImportValue": self._imported,
            "Fn::Select": self._selected,
            "Fn::Split": self._split,
            "Fn::GetAZs": self._zones,
        }
        if function not in functions:
            raise ValueError(f"{function} in stack {stack} cannot be resolved here")
        return functions[function](stack, argument)

    def _joined(self, stack: str, argument: Any) -> str:  # noqa: ANN401
        return str(argument[0]).join(str(one) for one in self.resolve(stack, argument[1]))

    def _selected(self, stack: str, argument: Any) -> Any:  # noqa: ANN401
        return self.resolve(stack, argument[1])[int(argument[0])]

    def _split(self, stack: str, argument: Any) -> list[str]:  # noqa: ANN401
        return str(self.resolve(stack, argument[1])).split(argument[0])

    def _zones(self, stack: str, argument: Any) -> list[str]:  # noqa: ANN401, ARG002 - as the others
        return [f"{self.region}{letter}" for letter in "abc"]

    def _ref(self, stack: str, name: str) -> Any:  # noqa: ANN401
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": PARTITION,
            "AWS::Region": self.region,
            "AWS::StackName": stack,
            "AWS::URLSuffix": "amazonaws.com",
        }
        if name == "AWS::NoValue":
            return None
        if name in pseudo:
            return pseudo[name]
        if name in self.templates[stack].get("Parameters", {}):
            default = self.templates[stack]["Parameters"][name].get("Default", name)
            return self.parameters.get(name, default)
        if self._resource(stack, name)["Type"] in _REF_IS_ARN:
            return self.arn(stack, name)
        return self.name(stack, name)

    def _attribute(self, stack: str, argument: Any) -> str | list[str]:  # noqa: ANN401
        logical_id, attribute = (
            argument.split(".", 1) if isinstance(argument, str) else (argument[0], argument[1])
        )
        if attribute == "DnsEntries":
            return self._dns_entries(stack, logical_id)
        if attribute.endswith("SecretArn"):
            name = f"rds!db-{self.name(stack, logical_id)}-AbCdEf"
            return f"arn:{PARTITION}:secretsmanager:{self.region}:{ACCOUNT}:secret:{name}"
        if attribute.endswith("Arn"):
            return self.arn(stack, logical_id)
        return f"{self.name(stack, logical_id)}.{attribute}"

    def _dns_entries(self, stack: str, logical_id: str) -> list[str]:
        """An interface endpoint's names, each after its hosted zone, the regional one first."""
        properties = self._resource(stack, logical_id).get("Properties", {})
        service = str(self.resolve(stack, properties["ServiceName"])).rsplit(".", 1)[-1]
        name = f"{self.name(stack, logical_id)}.{service}.{self.region}.vpce.amazonaws.com"
        return [f"Z0123456789ABCDEFGHIJ:{name}"]

    def _substituted(self, stack: str, argument: Any) -> str:  # noqa: ANN401
        text, values = (argument, {}) if isinstance(argument, str) else argument

        def found(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in values:
                return str(self.resolve(stack, values[name]))
            is_attribute = "." in name
            return str(self._attribute(stack, name) if is_attribute else self._ref(stack, name))

        return re.sub(r"\$\{([^}]+)\}", found, text)

    def _imported(self, stack: str, argument: Any) -> Any:  # noqa: ANN401
        export = self.resolve(stack, argument)
        for other, template in self.templates.items():
            for output in template.get("Outputs", {}).values():
                if self.resolve(other, output.get("Export", {}).get("Name")) == export:
                    return self.resolve(other, output["Value"])
        raise ValueError(f"no template exports {export}")

    def _resource(self, stack: str, logical_id: str) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = self.templates[stack]["Resources"][logical_id]
        except KeyError as error:
            raise ValueError(f"stack {stack} has no resource {logical_id}") from error
        return found
