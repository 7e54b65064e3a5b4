"""A database for demonstrations: a small MySQL with made-up people, in the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from constructs import Construct

from stacks.accepted import accept_findings
from stacks.assets import PROJECT, function_zip
from stacks.functions import ShippedFunction, allow_key, log_group
from stacks.rights import admit_log_groups, allow

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_logs as logs

    from stacks.network import NetworkStack
    from stacks.stage import Stage

SCHEMA = PROJECT / "lambdas" / "blacklist_extract" / "schema.sql"
PEOPLE = PROJECT / "lambdas" / "demo_source" / "people.sql"
CA_FILE = "/var/task/lambdas/demo_source/rds-ca.pem"
DATABASE, USER, PORT = "blacklist", "fraudlake_extract", 3306
ENGINE = rds.DatabaseInstanceEngine.mysql(version=rds.MysqlEngineVersion.VER_8_4_10)
LOGS = ("error", "slowquery")


class DemoDatabase(Construct):
    """A small MySQL whose `src_blacklist` lists made-up people, to try the pipeline with.

    It cannot be reached from outside its network. RDS makes up and keeps the password of its
    master user, with whom a function makes the table, its people and the extract's user, once.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name for it
        *,
        stage: Stage,
        network: NetworkStack,
    ) -> None:
        """Make the database of a stage in a network."""
        super().__init__(scope, id)
        self._stage, self._network, self._name = stage, network, f"{stage.prefix}-source"
        self._key = self._key_of_database()
        self.security_group = self._admitting_functions()
        instance = self._instance()
        self.host = instance.db_instance_endpoint_address
        self.resource_id = instance.instance_resource_id or ""
        self._prepare(instance)

    def _key_of_database(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{self._name}",
            description=f"The database of {self._stage.prefix}, its password and its logs",
            enable_key_rotation=True,
            removal_policy=self._removal(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE),
        )
        stack = cdk.Stack.of(self)
        groups = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"*{self._stage.prefix}*",  # Lambda and RDS put names of theirs around
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        admit_log_groups(key, groups, region=self._stage.region)
        return key

    def _admitting_functions(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=self._network.vpc,
            description=f"Database of {self._stage.prefix}",
            allow_all_outbound=False,
        )
        group.connections.allow_from(
            self._network.function_security_group,
            ec2.Port.tcp(PORT),
            "From the functions to the database",
        )
        return group

    def _instance(self) -> rds.DatabaseInstance:
        keeps_data = self._stage.keeps_data
        instance = rds.DatabaseInstance(
            self,
            "Instance",
            instance_identifier=self._name,
            engine=ENGINE,
            instance_type=ec2.InstanceType.of(
                ec2.InstanceClass.BURSTABLE4_GRAVITON, ec2.InstanceSize.MICRO
            ),
            vpc=self._network.vpc,
            vpc_subnets=self._network.subnets,
            security_groups=[self.security_group],
            publicly_accessible=False,
            multi_az=False,
            port=PORT,
            database_name=DATABASE,
            credentials=rds.Credentials.from_username("admin", encryption_key=self._key),
            manage_master_user_password=True,
            iam_authentication=True,
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            parameter_group=self._parameters(),
            allocated_storage=20,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            storage_encryption_key=self._key,
            backup_retention=cdk.Duration.days(7),
            delete_automated_backups=not keeps_data,
            copy_tags_to_snapshot=True,
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=False,
            deletion_protection=keeps_data,
            removal_policy=self._removal(cdk.RemovalPolicy.SNAPSHOT),
            cloudwatch_logs_exports=[*LOGS],
        )
        instance.node.add_dependency(*(self._logs(one) for one in LOGS))
        _acknowledge_demo(instance, keeps_data=keeps_data)
        return instance

    def _parameters(self) -> rds.ParameterGroup:
        return rds.ParameterGroup(
            self,
            "Parameters",
            engine=ENGINE,
            description="No connection without TLS; slow queries are logged",
            # 1, not ON: what RDS accepts of an instance, unlike of a cluster.
            parameters={
                "require_secure_transport": "1",
                "slow_query_log": "1",
                "log_output": "FILE",
            },
            removal_policy=self._removal(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE),
        )

    def _logs(self, name: str) -> logs.LogGroup:
        """The log group that RDS would make, but for ever and with a key of its own."""
        full = f"/aws/rds/instance/{self._name}/{name}"
        id = f"{name.title()}Logs"  # noqa: A001
        return log_group(self, id, stage=self._stage, name=full, key=self._key)

    def _prepare(self, instance: rds.DatabaseInstance) -> None:
        """Let a function run both files as the master user, again whenever one changes."""
        prepare = self._preparing_function(_secret_arn(instance))
        schema = cdk.CustomResource(
            self,
            "Schema",
            resource_type="Custom::DemoSourceSchema",
            service_token=prepare.function_arn,
            service_timeout=cdk.Duration.minutes(10),
            properties={
                "Schema": "\n".join(file.read_text(encoding="utf-8") for file in (SCHEMA, PEOPLE))
            },
        )
        # Created after, and so deleted before, all that the function needs to connect and answer.
        schema.node.add_dependency(instance, self.security_group, self._network)

    def _preparing_function(self, secret: str) -> lambda_.Function:
        shipped = ShippedFunction(
            self,
            "Prepare",
            stage=self._stage,
            folder="demo_source",
            description="Makes the table, its people and the extract's user of the demo database",
            code=function_zip("demo_source", core=["errors"], packages=["pymysql"]),
            key=self._key,
            network=self._network,
            accepts={
                "CKV_AWS_115": "called by CloudFormation alone, once a deployment",
                "CKV_AWS_116": "CloudFormation waits for the answer, and fails without one",
            },
            memory_size=256,
            timeout=cdk.Duration.minutes(5),
            environment={
                "DB_HOST": self.host,
                "DB_PORT": str(PORT),
                "DB_NAME": DATABASE,
                "DB_SECRET_ID": secret,
                "DB_CA_FILE": CA_FILE,
            },
        )
        allow(shipped.role, "secretsmanager:GetSecretValue", on=[secret])
        allow_key(shipped.role, self._key, "secretsmanager", "Decrypt")
        return shipped.function

    def _removal(self, kept: cdk.RemovalPolicy) -> cdk.RemovalPolicy:
        return kept if self._stage.keeps_data else cdk.RemovalPolicy.DESTROY


def _secret_arn(instance: rds.DatabaseInstance) -> str:
    made = instance.node.default_child
    assert isinstance(made, rds.CfnDBInstance)  # noqa: S101 - the CDK says so
    return made.attr_master_user_secret_secret_arn


def _acknowledge_demo(instance: rds.DatabaseInstance, *, keeps_data: bool) -> None:
    one_zone = "a night fails when the zone of a demonstration does, and is run again"
    accepted = {
        "AwsSolutions-RDS3": one_zone,
        "CKV_AWS_157": one_zone,
        "AwsSolutions-RDS11": "MySQL's own port, open to one security group in isolated subnets",
        "CKV_AWS_118": "the basic metrics do for a demonstration",
    }
    if not keeps_data:
        accepted["AwsSolutions-RDS10"] = "this stage is taken down with what is in it"
    accept_findings(instance, accepted)
