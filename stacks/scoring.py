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
    from aws_cdk import aws_iam as iam
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
        raw_crawler, curated_crawler, rerun_crawler: names of the crawlers; the last two are of
            the same tables, one for each workflow.
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
        # A crawler that is at work cannot be started: shared, one workflow would fail the other.
        self.rerun_crawler = f"{stage.prefix}-curated-rerun"

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
        raw = self._raw_crawler()
        curated, curated_again = self._curated_crawlers()
        nightly_workflow(
            self, "Nightly", stage=stage, extract=extract, raw=raw, score=score, curated=curated
        )
        rerun_workflow(self, "Rerun", stage=stage, score=score, curated=curated_again)

    def _raw_crawler(self) -> glue.CfnCrawler:
        lake = self._lake
        role = self._crawler_role("raw", lake.raw, lake.raw_database, RAW_TABLES)
        return self._crawler(
            "RawCrawler", self.raw_crawler, role=role, database=lake.raw_database, tables=RAW_TABLES
        )

    def _curated_crawlers(self) -> list[glue.CfnCrawler]:
        """The crawler of the night and that of reruns, under one role."""
        lake = self._lake
        role = self._crawler_role("curated", lake.curated, lake.curated_database, CURATED_TABLES)
        names = {"CuratedCrawler": self.curated_crawler, "RerunCrawler": self.rerun_crawler}
        return [
            self._crawler(
                id_, name, role=role, database=lake.curated_database, tables=CURATED_TABLES
            )
            for id_, name in names.items()
        ]

    def _crawler_role(
        self, zone: str, bucket: s3.IBucket, database: str, tables: Sequence[str]
    ) -> iam.Role:
        """The role of the crawlers of a zone of the lake, `raw` or `curated`."""
        return crawler_role(
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

    def _crawler(
        self, id_: str, name: str, *, role: iam.Role, database: str, tables: Sequence[str]
    ) -> glue.CfnCrawler:
        return catalog_crawler(
            self,
            id_,
            name=name,
            role=role,
            database=database,
            tables=tables,
            security_configuration=self._lake.security_configuration,
        )
