"""The network that the extract runs in: no way out but to the database and the endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import custom_resources as cr

from stacks.accepted import accept_findings
from stacks.endpoints import HTTPS, Endpoints
from stacks.functions import allow_logs, log_group
from stacks.rights import allow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_logs as logs
    from constructs import Construct

    from stacks.existing import ExistingNetwork
    from stacks.lake import LakeStack
    from stacks.stage import Stage

CIDR = "10.83.0.0/24"
ZONES = 2
# What a function needs in a VPC; Lambda does it, not the function's code.
INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)
LOOKING_ACTIONS = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
# To nowhere. A group without a rule of its own gets one from EC2 that lets everything out.
_NOWHERE = {
    "CidrIp": "255.255.255.255/32",
    "IpProtocol": "icmp",
    "FromPort": 252,
    "ToPort": 86,
    "Description": "Nothing else goes out",
}


class NetworkStack(cdk.Stack):
    """A VPC of isolated subnets, or one that is there, and the endpoints that the extract calls.

    `vpc`, `subnets` and `function_security_group` are where functions run that talk to the
    database, and `endpoint_variables` what their environment needs (see `Endpoints`).

    The route tables of a VPC that is there must be the function's own, without a route to S3
    yet: the endpoint for S3 lets nothing through but what the extract needs. A VPC that has one
    says so, and no route table is touched.
    """

    def __init__(self, scope: Construct, stage: Stage, *, lake: LakeStack) -> None:
        """Make the network of a stage."""
        super().__init__(
            scope,
            f"{stage.prefix}-network",
            env=cdk.Environment(region=stage.region),
            description="fraudlake: the network of the blacklist extract, without a way out",
        )
        self._stage, self._key = stage, lake.key
        self._calls = self._role_of_calls()
        self.vpc = self._own_vpc() if stage.network is None else self._existing(stage.network)
        self.subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        self.function_security_group = self._group_of_functions()
        self._accept_findings_of_calls()
        self.endpoint_variables: Mapping[str, str] = Endpoints(
            self,
            stage=stage,
            vpc=self.vpc,
            subnets=self.subnets,
            caller=self.function_security_group,
            raw=lake.raw,
        ).variables

    def grant_interfaces(self, role: iam.Role, *, function_name: str) -> None:
        """Let Lambda, but not the function's own code, attach a function to the network."""
        function = self.format_arn(
            service="lambda",
            resource="function",
            resource_name=function_name,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        here = self.format_arn(service="ec2", resource="*", resource_name="*")
        because = "Lambda asks for it so: interfaces have no names before they are made"
        allow(role, *INTERFACE_ACTIONS, on=[here], because=because)
        because = "EC2 knows no resources for these actions"
        allow(role, *LOOKING_ACTIONS, on=["*"], because=because)
        role.add_to_policy(
            iam.PolicyStatement(
                sid="ByLambdaOnly",
                effect=iam.Effect.DENY,
                actions=[*INTERFACE_ACTIONS, *LOOKING_ACTIONS],
                resources=["*"],  # a refusal, of everything
                conditions={"ArnEquals": {"lambda:SourceFunctionArn": function}},
            )
        )

    def _own_vpc(self) -> ec2.IVpc:
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(CIDR),
            max_azs=ZONES,
            nat_gateways=0,
            create_internet_gateway=False,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            restrict_default_security_group=False,  # done below, with fewer rights
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=26
                )
            ],
        )
        self._log_flows(vpc)
        self._close_default_group(vpc.vpc_default_security_group)
        return vpc

    def _existing(self, network: ExistingNetwork) -> ec2.IVpc:
        return ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=network.vpc_id,
            availability_zones=list(network.availability_zones),
            isolated_subnet_ids=list(network.subnet_ids),
            isolated_subnet_route_table_ids=list(network.route_table_ids) or None,
        )

    def _log_flows(self, vpc: ec2.Vpc) -> None:
        service = iam.ServicePrincipal("vpc-flow-logs.amazonaws.com").with_conditions(
            {"StringEquals": {"aws:SourceAccount": self.account}}
        )
        ec2.FlowLog(
            self,
            "FlowLog",
            resource_type=ec2.FlowLogResourceType.from_vpc(vpc),
            traffic_type=ec2.FlowLogTrafficType.ALL,
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                self._logs("flows"), iam.Role(self, "FlowLogRole", assumed_by=service)
            ),
        )

    def _group_of_functions(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=self.vpc,
            description=f"Functions of {self._stage.prefix} that talk to the database",
            allow_all_outbound=False,
        )
        s3 = ec2.Peer.prefix_list(self._prefix_list_of_s3())
        group.add_egress_rule(s3, HTTPS, "To S3, by the gateway endpoint")
        made = group.node.default_child
        if isinstance(made, ec2.CfnSecurityGroup):
            made.add_property_override("SecurityGroupEgress", [_NOWHERE])
        return group

    def _prefix_list_of_s3(self) -> str:
        """The id of the list of S3's addresses, of which each region has one."""
        name, answer = f"com.amazonaws.{self._stage.region}.s3", "PrefixLists.0.PrefixListId"
        allow(
            self._calls,
            "ec2:DescribeManagedPrefixLists",
            on=["*"],
            because="EC2 knows no resources for this action, which answers public addresses",
        )
        filters = [{"Name": "prefix-list-name", "Values": [name]}]
        call = cr.AwsSdkCall(
            service="EC2",
            action="describeManagedPrefixLists",
            parameters={"Filters": filters},
            output_paths=[answer],
            physical_resource_id=cr.PhysicalResourceId.of(name),
        )
        return self._call("S3PrefixList", call).get_response_field(answer)

    def _close_default_group(self, group: str) -> None:
        """Take the rules of the VPC's default group away, which nothing here uses."""
        arn = self.format_arn(service="ec2", resource="security-group", resource_name=group)
        inside = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
        outside = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        for way, rule in (("Ingress", inside), ("Egress", outside)):
            action = f"RevokeSecurityGroup{way}"
            allow(self._calls, f"ec2:{action}", on=[arn])
            call = cr.AwsSdkCall(
                service="EC2",
                action=f"r{action[1:]}",
                parameters={"GroupId": group, "IpPermissions": [rule]},
                ignore_error_codes_matching="InvalidPermission.NotFound",  # it is gone already
                output_paths=["Return"],
                physical_resource_id=cr.PhysicalResourceId.of(f"{action}-{CIDR}"),
            )
            self._call(f"Default{way}", call)

    def _call(self, id: str, call: cr.AwsSdkCall) -> cr.AwsCustomResource:  # noqa: A002 - the CDK's name
        """One call of AWS at each deployment that changes it, by a function that the CDK brings."""
        return cr.AwsCustomResource(
            self,
            id,
            on_update=call,
            role=self._calls,
            log_group=self._call_logs,
            install_latest_aws_sdk=False,
            timeout=cdk.Duration.minutes(1),
            service_timeout=cdk.Duration.minutes(5),
        )

    def _accept_findings_of_calls(self) -> None:
        name = cr.AwsCustomResource.PROVIDER_FUNCTION_UUID.replace("-", "")
        once = "called by CloudFormation while it deploys, which waits for the answer"
        accepted = {
            "CKV_AWS_115": once,
            "CKV_AWS_116": once,
            "CKV_AWS_117": "it calls EC2, where the network has no way to",
        }
        accept_findings(self.node.find_child(f"AWS{name}"), accepted)

    def _role_of_calls(self) -> iam.Role:
        self._call_logs = self._logs("calls")
        role = iam.Role(self, "CallsRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        allow_logs(role, self._call_logs)
        return role

    def _logs(self, name: str) -> logs.ILogGroup:
        full = f"/{self._stage.prefix}/network-{name}"
        return log_group(self, f"{name.title()}Logs", stage=self._stage, name=full, key=self._key)
