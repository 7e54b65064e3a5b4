"""Ways from an isolated network to AWS: to what the extract calls, and to ours of it only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_s3 as s3

    from stacks.stage import Stage

HTTPS = ec2.Port.tcp(443)
FOLDERS = ("blacklist", "control/blacklist")
_SERVICES = {
    "GLUE": ec2.InterfaceVpcEndpointAwsService.GLUE,
    "SECRETS_MANAGER": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
}


class Endpoints(Construct):
    """The endpoints that the extract calls: S3, Glue, and Secrets Manager if it logs in by secret.

    A VPC that has an endpoint for S3 keeps it: a route table takes one. docs/deploy.md tells what
    it must let through.

    Each admits the extract's security group, and the calls that the extract makes. `variables`
    are environment variables that lead a function to them. There are none in a VPC of our own,
    where the names of AWS do; in a VPC that others use these names are left alone.
    """

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        scope: Construct,
        *,
        stage: Stage,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        caller: ec2.SecurityGroup,
        raw: s3.IBucket,
    ) -> None:
        """Open the endpoints in subnets to the functions of a security group."""
        super().__init__(scope, "Endpoints")
        self._stage, self._stack, self._vpc = stage, cdk.Stack.of(self), vpc
        self._subnets, self._caller = subnets, caller
        self._security_group = self._admitting_caller()
        if stage.network is None or not stage.network.has_s3_endpoint:
            self._open_s3(raw)
        self.variables = self._open_glue() | self._open_secrets()

    def _admitting_caller(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=self._vpc,
            description=f"Endpoints of {self._stage.prefix}",
            allow_all_outbound=False,
        )
        group.connections.allow_from(self._caller, HTTPS, "From the extract to AWS")
        return group

    def _open_s3(self, raw: s3.IBucket) -> None:
        endpoint = ec2.GatewayVpcEndpoint(
            self,
            "S3",
            vpc=self._vpc,
            service=ec2.GatewayVpcEndpointAwsService.S3,
            subnets=[self._subnets],
        )
        # All objects of the folders: their names are dates and extracts still to come.
        objects = [raw.arn_for_objects(f"{folder}/*") for folder in FOLDERS]
        endpoint.add_to_policy(self._of_own_account(["s3:ListBucket"], [raw.bucket_arn]))
        endpoint.add_to_policy(self._of_own_account(["s3:GetObject", "s3:PutObject"], objects))
        if self._stage.source is None:
            endpoint.add_to_policy(_may_answer_cloudformation(self._stack))

    def _open_glue(self) -> dict[str, str]:
        name = blacklist_crawler(self._stage)
        crawler = self._stack.format_arn(service="glue", resource="crawler", resource_name=name)
        calls = ["glue:GetCrawler", "glue:StartCrawler"]
        return self._open("GLUE", self._of_own_account(calls, [crawler]))

    def _open_secrets(self) -> dict[str, str]:
        source = self._stage.source
        if source is not None and source.auth != "secret":
            return {}
        secret = _secrets_of_rds(self._stack) if source is None else source.secret_arn
        calls = ["secretsmanager:GetSecretValue"]
        return self._open("SECRETS_MANAGER", self._of_own_account(calls, [secret]))

    def _open(self, service: str, statement: iam.PolicyStatement) -> dict[str, str]:
        """Make an endpoint, and return the variable that leads to it where its name does not."""
        has_own_network = self._stage.network is None
        endpoint = ec2.InterfaceVpcEndpoint(
            self,
            service.title().replace("_", ""),
            vpc=self._vpc,
            service=_SERVICES[service],
            subnets=self._subnets,
            security_groups=[self._security_group],
            open=False,
            private_dns_enabled=has_own_network,
        )
        endpoint.add_to_policy(statement)
        return {} if has_own_network else {f"AWS_ENDPOINT_URL_{service}": _address(endpoint)}

    def _of_own_account(
        self, actions: Sequence[str], resources: Sequence[str]
    ) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            principals=[iam.AnyPrincipal()],  # whoever is let by a policy of this account
            actions=[*actions],
            resources=[*resources],
            conditions={"StringEquals": {"aws:PrincipalAccount": self._stack.account}},
        )


def blacklist_crawler(stage: Stage) -> str:
    """The name of the crawler that the extract starts."""
    return f"{stage.prefix}-blacklist"


def _address(endpoint: ec2.InterfaceVpcEndpoint) -> str:
    # An entry is "zone:name"; the name of the first answers in all zones.
    first = cdk.Fn.select(0, endpoint.vpc_endpoint_dns_entries)
    return f"https://{cdk.Fn.select(1, cdk.Fn.split(':', first))}"


def _secrets_of_rds(stack: cdk.Stack) -> str:
    return stack.format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name="rds!db-*",  # RDS makes up the rest of the name of the demo's secret
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def _may_answer_cloudformation(stack: cdk.Stack) -> iam.PolicyStatement:
    """Where a custom resource in the network leaves its answer, by an address signed for it."""
    region = stack.region.replace("-", "")
    bucket = f"arn:{stack.partition}:s3:::cloudformation-custom-resource-response-{region}"
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()],  # CloudFormation signs as itself
        actions=["s3:PutObject"],
        resources=[f"{bucket}/*"],  # it makes up the name, too
    )
