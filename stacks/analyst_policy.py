"""What an analyst may do: query the curated tables through one workgroup, and nothing beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3
    from constructs import Construct

    from stacks.lake import LakeStack
    from stacks.stage import Stage

ANSWERS = "athena"  # the folder of the results bucket
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


def analyst_policy(
    scope: Construct,
    id: str,  # noqa: A002 - the CDK's own name for it
    *,
    stage: Stage,
    lake: LakeStack,
    workgroup: str,
) -> iam.ManagedPolicy:
    """A policy that opens a workgroup and the curated tables, nothing that names a person."""
    rights = _Rights(cdk.Stack.of(scope), lake, workgroup)
    policy = iam.ManagedPolicy(
        scope,
        id,
        managed_policy_name=f"{stage.prefix}-analyst",
        description=f"Queries over the curated side of {stage.prefix}",
        statements=[*rights.on_athena(), *rights.on_catalog()],
    )
    policy.add_statements(*rights.on_buckets(), rights.on_key())
    cdk.Validations.of(policy).acknowledge(*rights.acknowledged_wildcards())
    return policy


class _Rights:
    """The statements, for the lake of a stage and a workgroup."""

    def __init__(self, stack: cdk.Stack, lake: LakeStack, workgroup: str) -> None:
        self._stack, self._lake, self._workgroup = stack, lake, workgroup
        self._tables = [one.name for one in lake.curated_definitions]

    def acknowledged_wildcards(self) -> list[cdk.Acknowledgment]:
        lake, tables = self._lake, self._arn("glue", "table", f"{self._lake.curated_database}/*")
        account = tables.replace(cdk.Aws.ACCOUNT_ID, "<AWS::AccountId>")
        curated, results = (_export(lake, one) for one in (lake.curated, lake.results))
        folders = "Objects lie in folders named after dates and runs; none names a person."
        reasons = {
            **{f"{curated}/{name}/*": folders for name in self._tables},
            "*": "Listing workgroups and data catalogs knows no resource; it answers names.",
            account: "Every table and view of the curated database, and of no other.",
            f"{results}/{ANSWERS}/*": "Athena names answers by query ids.",
        }
        return [
            cdk.Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason)
            for resource, reason in reasons.items()
        ]

    def on_athena(self) -> list[iam.PolicyStatement]:
        return [
            iam.PolicyStatement(
                sid="Queries",
                actions=list(_QUERY_ACTIONS),
                resources=[self._arn("athena", "workgroup", self._workgroup)],
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

    def on_catalog(self) -> list[iam.PolicyStatement]:
        catalog = self._stack.format_arn(service="glue", resource="catalog")
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

    def on_buckets(self) -> list[iam.PolicyStatement]:
        curated, results = self._lake.curated, self._lake.results
        return [
            iam.PolicyStatement(
                sid="Buckets",
                # Whole buckets: names of objects tell dates and runs, no more, and AWS does not
                # say that Athena always asks for a listing by its prefix.
                actions=["s3:GetBucketLocation", "s3:ListBucket"],
                resources=[curated.bucket_arn, results.bucket_arn],
            ),
            iam.PolicyStatement(
                sid="CuratedRows",
                actions=["s3:GetObject"],
                # What lies beside the tables is none of an analyst's; no table names a person.
                resources=[curated.arn_for_objects(f"{name}/*") for name in self._tables],
            ),
            iam.PolicyStatement(
                sid="Answers",
                actions=list(_ANSWER_ACTIONS),
                # Athena names an answer after the query's id.
                resources=[results.arn_for_objects(f"{ANSWERS}/*")],
            ),
        ]

    def on_key(self) -> iam.PolicyStatement:
        buckets = [self._lake.curated.bucket_arn, self._lake.results.bucket_arn]
        contexts = [*buckets, *(f"{one}/*" for one in buckets)]
        return iam.PolicyStatement(
            sid="KeyThroughS3",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=[self._lake.key.key_arn],
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"s3.{self._stack.region}.{self._stack.url_suffix}"
                },
                # The raw bucket has the same key; its objects stay closed.
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": contexts},
            },
        )

    def _arn(self, service: str, resource: str, name: str) -> str:
        return self._stack.format_arn(service=service, resource=resource, resource_name=name)


def _export(lake: LakeStack, bucket: s3.IBucket) -> str:
    """How a finding calls a bucket of another stack: by the export of its ARN."""
    return str(lake.resolve(lake.export_value(bucket.bucket_arn))["Fn::ImportValue"])
