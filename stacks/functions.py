"""Functions as every stack deploys them: own name, own log group, a role with no right to spare."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from fraudlake.errors import SettingsError
from stacks.accepted import accept_findings
from stacks.rights import allow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aws_cdk import aws_kms as kms

    from stacks.network import NetworkStack
    from stacks.stage import Stage

_LAYER = r".*:AWSSDKPandas-Python3([0-9]{2})(-Arm64)?:[0-9]+"


class ShippedFunction(Construct):
    """The function of a folder of `lambdas/`, in a network when one is given.

    All functions run on what the pandas layer is made for: one version to test and to patch.
    `role` may write the function's logs; whatever else it needs, its stack allows.
    """

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name for it
        *,
        stage: Stage,
        folder: str,
        code: Path,
        key: kms.IKey,
        environment: Mapping[str, str],
        network: NetworkStack | None = None,
        accepts: Mapping[str, str] | None = None,
        **properties: Any,  # noqa: ANN401 - memory_size, timeout and others of lambda_.Function
    ) -> None:
        """Make the function with its role and its log group, which `key` encrypts.

        `accepts` are findings to accept at the function, beside those of every function.
        """
        super().__init__(scope, id)
        name = f"{stage.prefix}-{folder.replace('_', '-')}"
        group = log_group(self, "Logs", stage=stage, name=f"/aws/lambda/{name}", key=key)
        self.role = _role(self, name, group)
        if network is not None:
            network.grant_interfaces(self.role, function_name=name)
            environment = {**environment, **network.endpoint_variables}
            properties |= _places(network)
        runtime, architecture = runtime_of(stage.pandas_layer_arn)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            code=lambda_.Code.from_asset(str(code)),
            handler=f"lambdas.{folder}.handler.handler",
            runtime=runtime,
            architecture=architecture,
            role=self.role,
            log_group=group,
            environment={**environment},
            # The functions write their logs as JSON; Lambda would wrap it in JSON of its own.
            logging_format=lambda_.LoggingFormat.TEXT,
            # Off: one call a day, whose log says it all, and no way from the network to X-Ray.
            tracing=lambda_.Tracing.DISABLED,
            **properties,
        )
        accepted = _accepted_of_every_function(stage)
        accept_findings(self.function, accepted | dict(accepts or {}))


def _accepted_of_every_function(stage: Stage) -> dict[str, str]:
    accepted = {
        "AwsSolutions-L1": "what the stage's pandas layer is made for, for all functions",
        "CKV_AWS_173": "the variables hold names and no secret; Lambda encrypts them with its key",
    }
    if stage.reserved_concurrency is None:
        accepted["CKV_AWS_115"] = "a setting of the stage: small accounts have none to reserve"
    return accepted


def runtime_of(layer_arn: str) -> tuple[lambda_.Runtime, lambda_.Architecture]:
    """The version of Python and the processor that a layer of AWS SDK for pandas is made for.

    Raises SettingsError when the layer's name does not tell.
    """
    found = re.fullmatch(_LAYER, layer_arn)
    if found is None:
        raise SettingsError(
            f"cdk.json: pandas_layer_arn: {layer_arn} is no layer of AWS SDK for pandas; take the "
            "one of your region, ...:layer:AWSSDKPandas-Python313:<version>, from its documentation"
        )
    runtime = lambda_.Runtime(f"python3.{found[1]}", lambda_.RuntimeFamily.PYTHON)
    return runtime, lambda_.Architecture.ARM_64 if found[2] else lambda_.Architecture.X86_64


def log_group(
    scope: Construct,
    id: str,  # noqa: A002 - the CDK's own name for it
    *,
    stage: Stage,
    name: str,
    key: kms.IKey,
) -> logs.LogGroup:
    """A log group that is encrypted with a key, whose policy must let CloudWatch Logs use it."""
    keep = (
        cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        if stage.keeps_data
        else cdk.RemovalPolicy.DESTROY
    )
    group = logs.LogGroup(scope, id, log_group_name=name, encryption_key=key, removal_policy=keep)
    made = group.node.default_child
    if isinstance(made, logs.CfnLogGroup):  # always; the CDK's own property takes words for days
        made.retention_in_days = stage.retention.log_days
    return group


def allow_logs(role: iam.Role, group: logs.ILogGroup) -> None:
    """Let a function's role write into a log group that is there."""
    allow(
        role,
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        on=[group.log_group_arn],
        because="Lambda names the streams of a log group after instances, which are still to come",
    )


def allow_key(role: iam.Role, key: kms.IKey, service: str, *actions: str) -> None:
    """Let a role use a key through one service only, `s3` or `secretsmanager`."""
    stack = cdk.Stack.of(role)
    service = f"{service}.{stack.region}.{stack.url_suffix}"
    calls = [f"kms:{action}" for action in actions]
    allow(role, *calls, on=[key.key_arn], only={"StringEquals": {"kms:ViaService": service}})


def _places(network: NetworkStack) -> dict[str, object]:
    return {
        "vpc": network.vpc,
        "vpc_subnets": network.subnets,
        "security_groups": [network.function_security_group],
    }


def _role(scope: Construct, name: str, group: logs.ILogGroup) -> iam.Role:
    role = iam.Role(
        scope,
        "Role",
        description=f"What the function {name} may do",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
    )
    allow_logs(role, group)
    return role
