"""What each Glue job may do: its script's calls, on what is ours, and nothing beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.tables import OUTPUT_TABLES
from glue_jobs.metrics import NAMESPACE
from stacks.glue_roles import (
    catalog_arns,
    glue_arn,
    glue_role,
    may_read,
    may_use_key,
    python_shell_logs,
    role_name,
    spark_logs,
)
from stacks.rights import allow, objects_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_s3_assets as assets
    from constructs import Construct

    from stacks.ingest import IngestStack
    from stacks.lake import LakeStack
    from stacks.stage import Stage

RAW_TABLES = ("transactions", "customers", "blacklist", "fx_rates")
RUNS = "runs"  # the manifests
CURATED_TABLES = (*OUTPUT_TABLES, RUNS)


def extract_role(  # noqa: PLR0913 - by keyword
    scope: Construct,
    *,
    stage: Stage,
    lake: LakeStack,
    ingest: IngestStack,
    workflow: str,
    script: assets.Asset,
) -> iam.Role:
    """The role of the job extract: its workflow run, the one function, the one crawler's state."""
    name = role_name(stage, "extract")
    role = glue_role(
        scope,
        "Role",
        stage=stage,
        name=name,
        description="Settles a night's date and has the blacklist extracted.",
        log_groups=python_shell_logs(name, lake.security_configuration),
        key=lake.key,
    )
    _may_fetch(role, script)
    allow(
        role,
        "glue:GetWorkflowRun",
        "glue:PutWorkflowRunProperties",
        on=[glue_arn(scope, f"workflow/{workflow}")],
    )
    allow(role, "glue:GetCrawler", on=[glue_arn(scope, f"crawler/{ingest.blacklist_crawler}")])
    allow(role, "lambda:InvokeFunction", on=[ingest.extract.function_arn])
    return role


def score_role(
    scope: Construct,
    *,
    stage: Stage,
    lake: LakeStack,
    workflows: Sequence[str],
    code: Sequence[assets.Asset],
) -> iam.Role:
    """The role of the job score: reads the raw tables, writes runs, never deletes a manifest."""
    name = role_name(stage, "score")
    role = glue_role(
        scope,
        "Role",
        stage=stage,
        name=name,
        description="Scores batches: reads the raw tables, writes the curated ones.",
        log_groups=spark_logs(name, lake.security_configuration),
        key=lake.key,
    )
    _may_fetch(role, *code)
    may_read(role, lake.raw, RAW_TABLES)
    allow(
        role,
        "glue:GetDatabase",
        "glue:GetTable",
        "glue:GetPartitions",
        on=catalog_arns(scope, lake.raw_database, RAW_TABLES),
    )
    may_read(role, lake.curated, CURATED_TABLES)
    _may_write_runs(role, lake.curated)
    may_use_key(role, lake.key, "Decrypt", "GenerateDataKey")
    allow(
        role,
        "glue:GetWorkflowRunProperties",
        on=[glue_arn(scope, f"workflow/{name}") for name in workflows],
    )
    allow(
        role,
        "cloudwatch:PutMetricData",
        on=["*"],
        only={"StringEquals": {"cloudwatch:namespace": ["Glue", NAMESPACE]}},
        because="PutMetricData knows no resources; the condition holds it to Glue's and ours",
    )
    return role


def _may_fetch(role: iam.Role, *code: assets.Asset) -> None:
    """Let a role read single objects of the bootstrap bucket, which is not ours alone."""
    allow(role, "s3:GetObject", on=[one.bucket.arn_for_objects(one.s3_object_key) for one in code])


def _may_write_runs(role: iam.Role, bucket: s3.IBucket) -> None:
    """Let a role write tables and manifests, and delete nothing but what a commit leaves over.

    Spark's committer writes aside, moves into place and clears up, so it deletes below the tables;
    versions keep what a fault would delete. A manifest, once written, is never cleared up.
    """
    tables = [objects_of(role, bucket, f"{table}/*") for table in OUTPUT_TABLES]
    reason = "a run writes below a folder of its own name, which is still to come"
    allow(
        role,
        "s3:PutObject",
        "s3:AbortMultipartUpload",
        on=[*tables, objects_of(role, bucket, f"{RUNS}/*")],
        because=reason,
    )
    allow(role, "s3:DeleteObject", on=tables, because=reason)
    allow(role, "s3:ListBucketMultipartUploads", on=[bucket.bucket_arn])
