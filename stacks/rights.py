"""Giving a role its rights, one kind of resource at a time; a wildcard only with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from constructs import Construct

LOG_ACTIONS = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
)


def allow(
    role: iam.Role,
    *actions: str,
    on: Sequence[str],
    only: Mapping[str, Mapping[str, object]] | None = None,
    because: str = "",
) -> None:
    """Let a role do something on some resources, `only` under conditions.

    A resource with a wildcard is acknowledged to cdk-nag with the reason `because`.

    Raises:
        ValueError: a wildcard without a reason.
    """
    role.add_to_policy(iam.PolicyStatement(actions=[*actions], resources=[*on], conditions=only))
    for resource in on:
        found = as_cdk_nag_writes(cdk.Stack.of(role).resolve(resource))
        if "*" in found:
            _acknowledge_wildcard(role, found, because)


def admit_log_groups(key: kms.Key, groups: str, *, region: str) -> None:
    """Let CloudWatch Logs encrypt log groups, named by an ARN with wildcards, with a key."""
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="LogGroupsOfTheStage",
            principals=[iam.ServicePrincipal(f"logs.{region}.amazonaws.com")],
            actions=[*LOG_ACTIONS],
            resources=["*"],  # in a key policy: this key
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    )


def objects_of(scope: Construct, bucket: s3.IBucket, path: str) -> str:
    """The ARN of objects of a bucket, as `transactions/*`, for a policy in the scope's stack."""
    owner, stack = cdk.Stack.of(bucket), cdk.Stack.of(scope)
    arn = bucket.bucket_arn
    if owner.node.path != stack.node.path:
        # Exported here, the name that the export will have is known before the synthesis.
        arn = owner.export_value(bucket.bucket_arn)
    return f"{arn}/{path}"


def as_cdk_nag_writes(resource: Any) -> str:  # noqa: ANN401 - a resolved value is any JSON
    """A resolved value of a template in the form that cdk-nag names it in a finding."""
    match resource:
        case {"Fn::Join": [delimiter, [*parts]]}:
            return str(delimiter).join(as_cdk_nag_writes(part) for part in parts)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": name} | {"Fn::Sub": name}:
            return as_cdk_nag_writes(name)
        case {"Ref": name}:
            return f"<{name}>"
    return str(resource).replace("${", "<").replace("}", ">")


def _acknowledge_wildcard(role: iam.Role, resource: str, because: str) -> None:
    if not because:
        raise ValueError(f"a wildcard needs its reason: {resource}")
    finding = f"AwsSolutions-IAM5[Resource::{resource}]"
    cdk.Validations.of(role).acknowledge(cdk.Acknowledgment(id=finding, reason=because))
