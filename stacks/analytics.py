"""What analysts work with: a workgroup, views over the runs in force, saved queries, a policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam

from stacks.views import analyst_views

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3
    from constructs import Construct

    from stacks.lake import LakeStack
    from stacks.stage import Stage
    from stacks.views import View

QUERIES = Path(__file__).parent / "queries"
_ANSWERS = "athena"  # the folder of the results bucket
_QUERY_ACTIONS = (
    "athena:GetWorkGroup",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "athena:GetQueryExecution",
    "athena:BatchGetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetQueryResultsStream",
    "athena:GetQueryRuntimeStatistics",
    "athena:ListQueryExecutions",
    "athena:GetNamedQuery",
    "athena:BatchGetNamedQuery",
    "athena:ListNamedQueries",
)
_CATALOG_ACTIONS = (
    "athena:GetDataCatalog",
    "athena:GetDatabase",
    "athena:ListDatabases",
    "athena:GetTableMetadata",
    "athena:ListTableMetadata",
)
_TABLE_ACTIONS = (
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetTable",
    "glue:GetTables",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:BatchGetPartition",
)
_ANSWER_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)


class AnalyticsStack(cdk.Stack):
    """Athena over the curated side of a lake.

    Attributes:
        workgroup: name of the workgroup that every query of the stage runs in.
        analyst_policy: opens the workgroup and the curated side, nothing that names a person.
    """

    def __init__(self, scope: Construct, stage: Stage, *, lake: LakeStack) -> None:
        """Make what the analysts of a stage need."""
        super().__init__(
            scope,
            f"{stage.prefix}-analytics",
            env=cdk.Environment(region=stage.region),
            description="fraudlake: workgroup, views and saved queries for analysts",
        )
        self._lake = lake
        self._region = stage.region
        self.workgroup = stage.prefix
        workgroup = self._workgroup(stage)
        for view in analyst_views(lake.curated_definitions):
            self._view(view)
        for path in sorted(QUERIES.glob("*.sql")):
            self._saved_query(path, workgroup)
        self.analyst_policy = self._policy(stage)

    def _workgroup(self, stage: Stage) -> athena.CfnWorkGroup:
        workgroup = athena.CfnWorkGroup
        return workgroup(
            self,
            "Workgroup",
            name=self.workgroup,
            description=f"Queries over {stage.prefix}, with a limit on what one may scan",
            recursive_delete_option=not stage.keeps_data,
            work_group_configuration=workgroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                requester_pays_enabled=False,
                bytes_scanned_cutoff_per_query=stage.athena_scan_limit_gb * 1024**3,
                engine_version=workgroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=self._answers(),
            ),
        )

    def _answers(self) -> athena.CfnWorkGroup.ResultConfigurationProperty:
        workgroup = athena.CfnWorkGroup
        return workgroup.ResultConfigurationProperty(
            output_location=f"s3://{self._lake.results.bucket_name}/{_ANSWERS}/",
            expected_bucket_owner=cdk.Aws.ACCOUNT_ID,
            encryption_configuration=workgroup.EncryptionConfigurationProperty(
                encryption_option="SSE_KMS", kms_key=self._lake.key.key_arn
            ),
        )

    def _view(self, view: View) -> None:
        glue.CfnTable(
            self,
            view.name,
            catalog_id=cdk.Aws.ACCOUNT_ID,
            database_name=self._lake.curated_database,
            table_input=view.table_input(self._lake.curated_database),
        )

    def _saved_query(self, path: Path, workgroup: athena.CfnWorkGroup) -> None:
        text = path.read_text(encoding="utf-8")
        title, description = text.splitlines()[0].removeprefix("-- ").split(": ", 1)
        athena.CfnNamedQuery(
            self,
            path.stem,
            name=title,
            description=description,
            database=self._lake.curated_database,
            query_string=text,
            work_group=workgroup.ref,
        )

    def _policy(self, stage: Stage) -> iam.ManagedPolicy:
        policy = iam.ManagedPolicy(
            self,
            "AnalystPolicy",
            managed_policy_name=f"{stage.prefix}-analyst",
            description=f"Queries over the curated side of {stage.prefix}",
            statements=[*self._athena_statements(), *self._glue_statements()],
        )
        policy.add_statements(*self._s3_statements(), self._kms_statement())
        cdk.Validations.of(policy).acknowledge(*self._acknowledged_wildcards())
        return policy

    def _acknowledged_wildcards(self) -> list[cdk.Acknowledgment]:
        lake, tables = self._lake, self._arn("glue", "table", f"{self._lake.curated_database}/*")
        account = tables.replace(cdk.Aws.ACCOUNT_ID, "<AWS::AccountId>")
        reasons = {
            "*": "Listing workgroups and data catalogs knows no resource; it answers names.",
            account: "Every table and view of the curated database, and of no other.",
            f"{_export(lake, lake.curated)}/*": "Every curated table; none names a person.",
            f"{_export(lake, lake.results)}/{_ANSWERS}/*": "Athena names answers by query ids.",
        }
        return [
            cdk.Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason)
            for resource, reason in reasons.items()
        ]

    def _athena_statements(self) -> list[iam.PolicyStatement]:
        return [
            iam.PolicyStatement(
                sid="Queries",
                actions=list(_QUERY_ACTIONS),
                resources=[self._arn("athena", "workgroup", self.workgroup)],
            ),
            iam.PolicyStatement(
                sid="Catalog",
                actions=list(_CATALOG_ACTIONS),
                resources=[self._arn("athena", "datacatalog", "AwsDataCatalog")],
            ),
            iam.PolicyStatement(
                sid="Lists",
                actions=["athena:ListDataCatalogs", "athena:ListWorkGroups"],
                resources=["*"],  # these two know no resource; they answer names
            ),
        ]

    def _glue_statements(self) -> list[iam.PolicyStatement]:
        catalog = self.format_arn(service="glue", resource="catalog")
        database = self._lake.curated_database
        return [
            iam.PolicyStatement(
                sid="CuratedTables",
                actions=list(_TABLE_ACTIONS),
                resources=[
                    catalog,
                    self._arn("glue", "database", database),
                    self._arn("glue", "table", f"{database}/*"),  # every table and view of it
                ],
            ),
            iam.PolicyStatement(
                sid="DefaultDatabase",  # Athena looks it up before any query; no table of it
                actions=["glue:GetDatabase"],
                resources=[catalog, self._arn("glue", "database", "default")],
            ),
        ]

    def _s3_statements(self) -> list[iam.PolicyStatement]:
        curated, results = self._lake.curated, self._lake.results
        return [
            iam.PolicyStatement(
                sid="Buckets",
                actions=["s3:GetBucketLocation", "s3:ListBucket"],
                resources=[curated.bucket_arn, results.bucket_arn],
            ),
            iam.PolicyStatement(
                sid="CuratedRows",
                actions=["s3:GetObject"],
                resources=[curated.arn_for_objects("*")],  # no curated table names a person
            ),
            iam.PolicyStatement(
                sid="Answers",
                actions=list(_ANSWER_ACTIONS),
                # Athena names an answer after the query's id.
                resources=[results.arn_for_objects(f"{_ANSWERS}/*")],
            ),
        ]

    def _kms_statement(self) -> iam.PolicyStatement:
        buckets = [self._lake.curated.bucket_arn, self._lake.results.bucket_arn]
        contexts = [*buckets, *(f"{one}/*" for one in buckets)]
        return iam.PolicyStatement(
            sid="KeyThroughS3",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=[self._lake.key.key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{self._region}.{self.url_suffix}"},
                # The raw bucket has the same key; its objects stay closed.
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": contexts},
            },
        )

    def _arn(self, service: str, resource: str, name: str) -> str:
        return self.format_arn(service=service, resource=resource, resource_name=name)


def _export(lake: LakeStack, bucket: s3.IBucket) -> str:
    """How a finding calls a bucket of another stack: by the export of its ARN."""
    return str(lake.resolve(lake.export_value(bucket.bucket_arn))["Fn::ImportValue"])
