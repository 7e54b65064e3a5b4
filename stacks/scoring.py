"""The night on Glue: the jobs extract and score, the crawlers beside them, the two workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from stacks.crawlers import catalog_crawler, crawler_role
from stacks.job_roles import CURATED_TABLES
from stacks.jobs import SCORE_SCRIPT, ExtractJob, ScoreJob
from stacks.workflows import nightly_workflow, rerun_workflow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aws_cdk import aws_glue as glue
    from aws_cdk import aws_s3 as s3
    from constructs import Construct

    from stacks.ingest import IngestStack
    from stacks.lake import LakeStack
    from stacks.stage import Stage

# What comes in without us, a new partition a day; the blacklist has a crawler of its own.
RAW_TABLES = ("customers", "transactions")


class ScoringStack(cdk.Stack):
    """Jobs and crawlers of a night, and the workflows `nightly` and `rerun` that run them.

    Attributes:
        extract_job, score_job: names of the jobs.
        raw_crawler, curated_crawler: names of the crawlers.
    """

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        *,
        lake: LakeStack,
        ingest: IngestStack,
        score_script: Path = SCORE_SCRIPT,
    ) -> None:
        """Build it on the lake, and on the function that the job extract calls."""
        super().__init__(
            scope,
            f"{stage.prefix}-scoring",
            env=cdk.Environment(region=stage.region),
            description="fraudlake: scores each day's transactions and catalogs the results",
        )
        self._stage, self._lake = stage, lake
        self.extract_job, self.score_job = f"{stage.prefix}-extract", f"{stage.prefix}-score"
        self.raw_crawler, self.curated_crawler = f"{stage.prefix}-raw", f"{stage.prefix}-curated"

        nightly, rerun = f"{stage.prefix}-nightly", f"{stage.prefix}-rerun"
        extract = ExtractJob(
            self, "Extract", stage=stage, lake=lake, ingest=ingest, workflow=nightly
        ).job
        score = ScoreJob(
            self,
            "Score",
            stage=stage,
            lake=lake,
            workflows=(nightly, rerun),
            script=score_script,
        ).job
        raw = self._crawler("raw", lake.raw, lake.raw_database, RAW_TABLES)
        curated = self._crawler("curated", lake.curated, lake.curated_database, CURATED_TABLES)
        nightly_workflow(
            self, "Nightly", stage=stage, extract=extract, raw=raw, score=score, curated=curated
        )
        rerun_workflow(self, "Rerun", stage=stage, score=score, curated=curated)

    def _crawler(
        self, zone: str, bucket: s3.IBucket, database: str, tables: Sequence[str]
    ) -> glue.CfnCrawler:
        """The crawler of tables of a zone of the lake, `raw` or `curated`, with its role."""
        role = crawler_role(
            self,
            f"{zone.title()}CrawlerRole",
            stage=self._stage,
            part=f"crawl-{zone}",
            bucket=bucket,
            key=self._lake.key,
            database=database,
            tables=tables,
            security_configuration=self._lake.security_configuration,
        )
        return catalog_crawler(
            self,
            f"{zone.title()}Crawler",
            name=f"{self._stage.prefix}-{zone}",
            role=role,
            database=database,
            tables=tables,
            security_configuration=self._lake.security_configuration,
        )
