"""The lake: its key, buckets and catalog, and how Glue encrypts what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import aws_cdk.aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from fraudlake.rules.file import read_rule_file
from stacks.accepted import accept_findings
from stacks.catalog import curated_tables, raw_tables
from stacks.rights import admit_log_groups

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.catalog import Table
    from stacks.stage import Stage

_UPLOAD_DAYS = 3


class LakeStack(cdk.Stack):
    """Key, buckets, the two databases with their tables, and Glue's security configuration.

    Attributes:
        key: encrypts the buckets, the logs and the job bookmarks of the stage.
        raw, curated, results, access_logs: what comes in, what scoring writes, what queries
            answer, and who read which object.
        raw_database, curated_database: names of the databases; analysts get the second only.
        tables: the catalog's tables of both databases by name.
        curated_definitions: the curated tables with the types of their columns.
        security_configuration: name of the one that every job and crawler runs under.
    """

    def __init__(self, scope: Construct, stage: Stage) -> None:
        """Make the lake of a stage."""
        super().__init__(
            scope,
            f"{stage.prefix}-lake",
            env=cdk.Environment(region=stage.region),
            description="fraudlake: key, buckets and catalog of the lake",
            termination_protection=stage.keeps_data,
        )
        # Bucket policies let S3 deliver access logs; the default would need an ACL.
        self.node.set_context("@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy", True)
        self.key = self._key(stage)
        self.access_logs = self._log_bucket(stage)
        self.raw = self._bucket("Raw", stage, lifecycle=_noncurrent(stage))
        self.curated = self._bucket("Curated", stage, lifecycle=_noncurrent(stage))
        self.results = self._bucket("Results", stage, lifecycle=_expiring(stage), versioned=False)
        accept_findings(self.results, {"CKV_AWS_21": "answers that can be asked for again"})
        self.security_configuration = self._security_configuration(stage)
        self._catalog(stage)
        cdk.CfnOutput(self, "RawBucket", value=self.raw.bucket_name)
        cdk.CfnOutput(self, "CuratedBucket", value=self.curated.bucket_name)

    def _key(self, stage: Stage) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{stage.prefix}",
            description=f"Everything that {stage.prefix} stores and logs",
            enable_key_rotation=True,
            removal_policy=_removal(stage),
        )
        admit_log_groups(key, self._log_groups(stage), region=stage.region)
        return key

    def _log_groups(self, stage: Stage) -> str:
        return self.format_arn(
            service="logs",
            resource="log-group",
            # Lambda and Glue put names of their own before and after the stage's.
            resource_name=f"*{stage.prefix}*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )

    def _bucket(
        self, name: str, stage: Stage, *, lifecycle: s3.LifecycleRule, versioned: bool = True
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            name,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=versioned,
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix=f"{name.lower()}/",
            lifecycle_rules=[lifecycle],
            # Nothing empties a bucket by itself: that would take a function that may delete all.
            removal_policy=_removal(stage),
        )

    def _log_bucket(self, stage: Stage) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,  # S3 delivers to no other encryption
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=cdk.Duration.days(stage.retention.log_days),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(_UPLOAD_DAYS),
                )
            ],
            removal_policy=_removal(stage),
        )
        own_log = "it is where the logs go; its own accesses would fill it for ever"
        accept_findings(bucket, {"CKV_AWS_18": own_log, "CKV_AWS_21": "logs are written once"})
        return bucket

    def _security_configuration(self, stage: Stage) -> str:
        configuration = glue.CfnSecurityConfiguration
        configuration(
            self,
            "SecurityConfiguration",
            name=stage.prefix,
            encryption_configuration=configuration.EncryptionConfigurationProperty(
                s3_encryptions=[
                    configuration.S3EncryptionProperty(
                        s3_encryption_mode="SSE-KMS", kms_key_arn=self.key.key_arn
                    )
                ],
                cloud_watch_encryption=configuration.CloudWatchEncryptionProperty(
                    cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=self.key.key_arn
                ),
                job_bookmarks_encryption=configuration.JobBookmarksEncryptionProperty(
                    job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=self.key.key_arn
                ),
            ),
        )
        return stage.prefix

    def _catalog(self, stage: Stage) -> None:
        carry = read_rule_file().settings.cleansing.carry
        self.curated_definitions = curated_tables(carry)
        self.raw_database = f"fraudlake_{stage.name}_raw"
        self.curated_database = f"fraudlake_{stage.name}_curated"
        raw = self._database(self.raw_database, "What is delivered; holds personal data.")
        curated = self._database(self.curated_database, "What scoring writes; without names.")
        self.tables = {
            **self._tables(raw, self.raw, raw_tables(carry)),
            **self._tables(curated, self.curated, self.curated_definitions),
        }

    def _database(self, name: str, description: str) -> glue.CfnDatabase:
        database = glue.CfnDatabase.DatabaseInputProperty(name=name, description=description)
        return glue.CfnDatabase(self, name, catalog_id=cdk.Aws.ACCOUNT_ID, database_input=database)

    def _tables(
        self, database: glue.CfnDatabase, bucket: s3.Bucket, definitions: tuple[Table, ...]
    ) -> dict[str, glue.CfnTable]:
        return {
            one.name: glue.CfnTable(
                self,
                f"{database.node.id}.{one.name}",
                catalog_id=cdk.Aws.ACCOUNT_ID,
                database_name=database.ref,
                table_input=one.table_input(bucket),
            )
            for one in definitions
        }


def _noncurrent(stage: Stage) -> s3.LifecycleRule:
    """Only versions that were replaced expire; age says nothing of a run that is in force."""
    return s3.LifecycleRule(
        noncurrent_version_expiration=cdk.Duration.days(stage.retention.noncurrent_days),
        expired_object_delete_marker=True,
        abort_incomplete_multipart_upload_after=cdk.Duration.days(_UPLOAD_DAYS),
    )


def _expiring(stage: Stage) -> s3.LifecycleRule:
    """Answers of queries can be asked for again."""
    return s3.LifecycleRule(
        expiration=cdk.Duration.days(stage.retention.results_days),
        abort_incomplete_multipart_upload_after=cdk.Duration.days(_UPLOAD_DAYS),
    )


def _removal(stage: Stage) -> cdk.RemovalPolicy:
    return (
        cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        if stage.keeps_data
        else cdk.RemovalPolicy.DESTROY
    )
