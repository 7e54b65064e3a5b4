"""What analysts work with: a workgroup, views over the runs in force, saved queries, a policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue

from stacks.analyst_policy import ANSWERS, analyst_policy
from stacks.views import analyst_views

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.lake import LakeStack
    from stacks.stage import Stage
    from stacks.views import View

QUERIES = Path(__file__).parent / "queries"


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
        self.workgroup = stage.prefix
        workgroup = self._workgroup(stage)
        for view in analyst_views(lake.curated_definitions):
            self._view(view)
        for path in sorted(QUERIES.glob("*.sql")):
            self._saved_query(path, workgroup)
        self.analyst_policy = analyst_policy(
            self, "AnalystPolicy", stage=stage, lake=lake, workgroup=self.workgroup
        )

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
            output_location=f"s3://{self._lake.results.bucket_name}/{ANSWERS}/",
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
