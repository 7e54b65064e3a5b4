"""The database that the blacklist comes from: one that is there, or one for demonstrations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from stacks.demo_database import DATABASE, PORT, USER, DemoDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import Construct

    from stacks.existing import ExistingSource
    from stacks.network import NetworkStack
    from stacks.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Source:
    """A MySQL database with `src_blacklist`, and how to log in; `auth` is `iam` or `secret`.

    With `iam` the login is that of `user`, with `secret` that of `secret_arn`; the other is empty.
    """

    host: str
    port: int
    database: str
    auth: str
    user: str
    secret_arn: str


class SourceStack(cdk.Stack):
    """The database of the blacklist: `source` tells how to reach it, `grant_connect` lets a role.

    An existing one gets one rule of its security group: the functions of the network may connect.
    """

    def __init__(self, scope: Construct, stage: Stage, *, network: NetworkStack) -> None:
        """Take the database of the stage's settings, or make one for demonstrations."""
        super().__init__(
            scope,
            f"{stage.prefix}-source",
            env=cdk.Environment(region=stage.region),
            description="fraudlake: the database that the blacklist comes from",
            termination_protection=stage.keeps_data,
        )
        if stage.source is None:
            self._demo(stage, network)
        else:
            self._existing(stage.source, network)

    def grant_connect(self, role: iam.IRole) -> None:
        """Let a role log in: as the one database user, or with the one secret."""
        for right in self._login:
            role.add_to_principal_policy(right)

    def _existing(self, existing: ExistingSource, network: NetworkStack) -> None:
        group = ec2.SecurityGroup.from_security_group_id(
            self, "SecurityGroup", existing.security_group_id
        )
        group.connections.allow_from(
            network.function_security_group,
            ec2.Port.tcp(existing.port),
            "From the extract to the database",
        )
        self.source = Source(
            host=existing.host,
            port=existing.port,
            database=existing.database,
            auth=existing.auth,
            user=existing.user,
            secret_arn=existing.secret_arn,
        )
        if existing.auth == "iam":
            self._login = [_may_log_in(self, existing.resource_id, existing.user)]
        else:
            self._login = [*_may_read_secret(self, existing)]

    def _demo(self, stage: Stage, network: NetworkStack) -> None:
        demo = DemoDatabase(self, "Demo", stage=stage, network=network)
        self.source = Source(
            host=demo.host, port=PORT, database=DATABASE, auth="iam", user=USER, secret_arn=""
        )
        self._login = [_may_log_in(self, demo.resource_id, USER)]


def _may_log_in(stack: cdk.Stack, resource_id: str, user: str) -> iam.PolicyStatement:
    account = stack.format_arn(
        service="rds-db",
        resource="dbuser",
        resource_name=f"{resource_id}/{user}",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    return iam.PolicyStatement(
        sid="LogInToDatabase", actions=["rds-db:connect"], resources=[account]
    )


def _may_read_secret(stack: cdk.Stack, existing: ExistingSource) -> Iterator[iam.PolicyStatement]:
    yield iam.PolicyStatement(
        sid="ReadLogin",
        actions=["secretsmanager:GetSecretValue"],
        resources=[existing.secret_arn],
    )
    if existing.secret_key_arn:
        # Secrets Manager asks KMS for its caller: the network needs no way to KMS.
        service = f"secretsmanager.{stack.region}.{stack.url_suffix}"
        yield iam.PolicyStatement(
            sid="DecryptLogin",
            actions=["kms:Decrypt"],
            resources=[existing.secret_key_arn],
            conditions={"StringEquals": {"kms:ViaService": service}},
        )
