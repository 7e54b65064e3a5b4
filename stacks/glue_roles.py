"""Roles that Glue runs jobs and crawlers with, the log groups they write, and common rights.

With a security configuration Glue names a log group after role and configuration. The names are
therefore fixed here and the groups made in advance: one that Glue makes itself keeps logs for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from stacks.rights import allow, objects_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from constructs import Construct

    from stacks.stage import Stage


def role_name(stage: Stage, part: str) -> str:
    """The name of a role; with the region in it, as names of roles hold for all regions."""
    return f"{stage.prefix}-{part}-{stage.region}"


def spark_logs(role: str, security_configuration: str) -> list[str]:
    """Names of the log groups of a Spark job of Glue 5."""
    group = f"/aws-glue/jobs/{security_configuration}-role/{role}"
    return [f"{group}/error", f"{group}/output"]


def python_shell_logs(role: str, security_configuration: str) -> list[str]:
    """Names of the log groups of a Python shell job."""
    group = f"/aws-glue/python-jobs/{security_configuration}-role/{role}"
    return [f"{group}/error", f"{group}/output"]


def crawler_logs(role: str, security_configuration: str) -> list[str]:
    """Names of the log groups of a crawler."""
    return [f"/aws-glue/crawlers-role/{role}-{security_configuration}"]


def glue_role(  # noqa: PLR0913 - by keyword
    scope: Construct,
    id: str,  # noqa: A002 - the CDK's own name for it
    *,
    stage: Stage,
    name: str,
    description: str,
    log_groups: Sequence[str],
    key: kms.IKey,
) -> iam.Role:
    """A role that Glue may take, and that may write the named log groups, made here, and no more.

    The groups are encrypted with `key`, whose policy must let CloudWatch Logs use it.
    """
    role = iam.Role(
        scope,
        id,
        role_name=name,
        description=description,
        assumed_by=iam.ServicePrincipal("glue.amazonaws.com"),
    )
    for number, group in enumerate(log_groups):
        made = logs.CfnLogGroup(
            role,
            f"Logs{number}",
            log_group_name=group,
            retention_in_days=stage.retention.log_days,
            kms_key_id=key.key_arn,
        )
        keep = (
            cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
            if stage.keeps_data
            else cdk.RemovalPolicy.DESTROY
        )
        made.apply_removal_policy(keep)
    allow(
        role,
        # Glue asks for the first two before a run; without the second it writes no logs at all.
        "logs:CreateLogGroup",
        "logs:AssociateKmsKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        on=[_streams_of(scope, group) for group in log_groups],
        because="Glue names the streams of a log group after the runs, which are still to come",
    )
    return role


def may_read(role: iam.Role, bucket: s3.IBucket, folders: Sequence[str]) -> None:
    """Let a role read the objects below some folders of a bucket, and list these folders only.

    The names of the folders themselves are in it too: clients that take S3 for a file system ask
    whether there is an object of that name, and give up when they may not ask.
    """
    names = [name for folder in folders for name in (folder, f"{folder}/*")]
    allow(
        role,
        "s3:GetObject",
        on=[objects_of(role, bucket, name) for name in names],
        because="objects lie in folders named after dates and runs, which are still to come",
    )
    allow(role, "s3:ListBucket", on=[bucket.bucket_arn], only={"StringLike": {"s3:prefix": names}})
    allow(role, "s3:GetBucketLocation", on=[bucket.bucket_arn])


def may_use_key(role: iam.Role, key: kms.IKey, *actions: str) -> None:
    """Let a role use a key, as `Decrypt`, directly too and not only through S3.

    S3 uses it on the role's behalf, which `kms:ViaService` could demand. But with a security
    configuration Glue calls KMS itself as well: AWS wants a way to KMS for such jobs and crawlers,
    and documents neither all of these calls nor a service that they come through.
    """
    allow(role, *(f"kms:{action}" for action in actions), on=[key.key_arn])


def catalog_arns(scope: Construct, database: str, tables: Sequence[str]) -> list[str]:
    """What Glue checks for an action on tables: the catalog, the database and each table."""
    paths = ["catalog", f"database/{database}", *(f"table/{database}/{name}" for name in tables)]
    return [glue_arn(scope, path) for path in paths]


def glue_arn(scope: Construct, path: str) -> str:
    """The ARN of something of Glue in this account and region, as `workflow/nightly`."""
    return cdk.Stack.of(scope).format_arn(
        service="glue", resource=path, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME
    )


def make_after_rights(made: Construct, role: iam.IRole) -> None:
    """Make a job or crawler when its role has its rights and log groups; the role comes anyway."""
    made.node.add_dependency(*(part for part in role.node.children if part.node.id != "Resource"))


def acknowledge_encryption(made: Construct) -> None:
    """Tell cdk-nag about the security configuration, which it looks for in the same stack only."""
    reason = "the security configuration of the lake's stack encrypts logs and bookmarks"
    for rule in ("AwsSolutions-GL1", "AwsSolutions-GL3"):
        cdk.Validations.of(made).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))


def _streams_of(scope: Construct, group: str) -> str:
    return cdk.Stack.of(scope).format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{group}:*",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
