"""Crawlers that add the partitions of tables which are there already, and do nothing else.

The columns of a table are pinned by the lake's stack; a crawler has no right to change a table.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import aws_glue as glue

from stacks.glue_roles import (
    acknowledge_encryption,
    catalog_arns,
    crawler_logs,
    glue_role,
    make_after_rights,
    may_read,
    may_use_key,
    role_name,
)
from stacks.rights import allow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from constructs import Construct

    from stacks.stage import Stage

_CONFIGURATION = {
    "Version": 1.0,
    # Without it partitions whose files differ a little count as tables of their own.
    "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"},
    "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}},
}


def catalog_crawler(  # noqa: PLR0913 - by keyword
    scope: Construct,
    id: str,  # noqa: A002 - the CDK's own name for it
    *,
    name: str,
    role: iam.IRole,
    database: str,
    tables: Sequence[str],
    security_configuration: str,
) -> glue.CfnCrawler:
    """A crawler of tables of a database, by their names; it has no schedule of its own."""
    crawler = glue.CfnCrawler(
        scope,
        id,
        name=name,
        role=role.role_arn,
        description=f"Adds the new partitions of {', '.join(tables)}.",
        targets=glue.CfnCrawler.TargetsProperty(
            catalog_targets=[
                glue.CfnCrawler.CatalogTargetProperty(database_name=database, tables=[*tables])
            ]
        ),
        schema_change_policy=glue.CfnCrawler.SchemaChangePolicyProperty(
            update_behavior="LOG", delete_behavior="LOG"
        ),
        recrawl_policy=glue.CfnCrawler.RecrawlPolicyProperty(recrawl_behavior="CRAWL_EVERYTHING"),
        configuration=json.dumps(_CONFIGURATION, separators=(",", ":")),
        crawler_security_configuration=security_configuration,
    )
    make_after_rights(crawler, role)
    acknowledge_encryption(crawler)
    return crawler


def crawler_role(  # noqa: PLR0913 - by keyword
    scope: Construct,
    id: str,  # noqa: A002 - the CDK's own name for it
    *,
    stage: Stage,
    part: str,
    bucket: s3.IBucket,
    key: kms.IKey,
    database: str,
    tables: Sequence[str],
    security_configuration: str,
) -> iam.Role:
    """The role of a crawler: reads the tables' folders, adds partitions to the tables.

    Each table lies in the folder of its name. `part` names the role, as `crawl-raw`.
    """
    name = role_name(stage, part)
    role = glue_role(
        scope,
        id,
        stage=stage,
        name=name,
        description=f"Adds the partitions of {', '.join(tables)} to the catalog.",
        log_groups=crawler_logs(name, security_configuration),
        key=key,
    )
    may_read(role, bucket, tables)
    may_use_key(role, key, "Decrypt")
    allow(
        role,
        "glue:GetDatabase",
        "glue:GetTable",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:BatchGetPartition",
        "glue:CreatePartition",
        "glue:BatchCreatePartition",
        "glue:UpdatePartition",
        "glue:BatchUpdatePartition",
        on=catalog_arns(scope, database, tables),
    )
    return role
