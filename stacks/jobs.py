"""The two Glue jobs, each with a role that may do what its script does, and nothing beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from fraudlake.errors import SettingsError
from glue_jobs.arguments import EXTRACT_ARGUMENTS, SCORE_ARGUMENTS
from stacks.assets import PROJECT, core_zip
from stacks.glue_roles import acknowledge_encryption, make_after_rights
from stacks.job_roles import extract_role, score_role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from glue_jobs.arguments import Argument
    from stacks.ingest import IngestStack
    from stacks.lake import LakeStack
    from stacks.stage import Stage, Workers

EXTRACT_SCRIPT = PROJECT / "glue_jobs" / "extract_blacklist.py"
SCORE_SCRIPT = PROJECT / "glue_jobs" / "score_transactions.py"
# The function's 15 minutes, the crawl's 30, and what starting takes.
EXTRACT_TIMEOUT = cdk.Duration.minutes(60)


def job_script(path: Path) -> Path:
    """The path of a job's script; SettingsError when it is not there."""
    if not path.is_file():
        raise SettingsError(f"{path.name} is not there; the job would have nothing to run")
    return path


class ExtractJob(Construct):
    """The Python shell job that fixes the night's date and has the blacklist extracted."""

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name for it
        *,
        stage: Stage,
        lake: LakeStack,
        ingest: IngestStack,
        workflow: str,
    ) -> None:
        """Build the job, to run in the named workflow."""
        super().__init__(scope, id)
        script = assets.Asset(self, "Script", path=str(job_script(EXTRACT_SCRIPT)))
        role = extract_role(
            self, stage=stage, lake=lake, ingest=ingest, workflow=workflow, script=script
        )
        self.job = glue.PythonShellJob(
            self,
            "Job",
            job_name=f"{stage.prefix}-extract",
            description="Settles the batch date, has the blacklist extracted, awaits its crawl.",
            role=role.without_policy_updates(),
            script=_code(script),
            python_version=glue.PythonVersion.THREE_NINE,
            glue_version=glue.GlueVersion.V3_0,
            max_capacity=glue.MaxCapacity.DPU_1_16TH,
            library_set=glue.LibrarySet.ANALYTICS,
            default_arguments={
                **passed(EXTRACT_ARGUMENTS, {"function_arn": ingest.extract.function_arn}),
                "--job-bookmark-option": "job-bookmark-disable",
            },
            continuous_logging=glue.ContinuousLoggingProps(enabled=True),
            security_configuration=_security_configuration(self, lake),
            timeout=EXTRACT_TIMEOUT,
            max_concurrent_runs=1,
            max_retries=0,
        )
        make_after_rights(self.job, role)
        acknowledge_encryption(self.job)


class ScoreJob(Construct):
    """The Spark job that scores the batches that are due and commits a run for each."""

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name for it
        *,
        stage: Stage,
        lake: LakeStack,
        workflows: Sequence[str],
        script: Path,
    ) -> None:
        """Build the job, to run in the named workflows."""
        super().__init__(scope, id)
        code = assets.Asset(self, "Script", path=str(job_script(script)))
        core = assets.Asset(self, "Core", path=str(core_zip()))
        role = score_role(self, stage=stage, lake=lake, workflows=workflows, code=(code, core))
        kind = glue.PySparkFlexEtlJob if stage.workers.is_flex else glue.PySparkEtlJob
        self.job = kind(
            self,
            "Job",
            job_name=f"{stage.prefix}-score",
            description="Scores the batches that are due, and commits a run for each.",
            role=role.without_policy_updates(),
            script=_code(code),
            extra_python_files=[_code(core)],
            glue_version=glue.GlueVersion.V5_1,
            worker_configuration=worker_configuration(stage.workers),
            default_arguments={
                **passed(SCORE_ARGUMENTS, _score_values(stage, lake)),
                "--enable-auto-scaling": "true",
                "--job-bookmark-option": "job-bookmark-disable",
            },
            continuous_logging=glue.ContinuousLoggingProps(enabled=True),
            enable_metrics=True,
            enable_observability_metrics=True,
            security_configuration=_security_configuration(self, lake),
            timeout=cdk.Duration.minutes(stage.workers.timeout_minutes),
            max_concurrent_runs=1,
            max_retries=0,
        )
        _queue_runs(self.job, is_queued=not stage.workers.is_flex)
        make_after_rights(self.job, role)
        acknowledge_encryption(self.job)


def passed(contract: Sequence[Argument], values: Mapping[str, str]) -> dict[str, str]:
    """Values of a job's arguments as Glue takes them; each of the contract, and no other."""
    return {f"--{argument.name}": values[argument.name] for argument in contract}


def worker_configuration(workers: Workers) -> glue.WorkerConfiguration:
    """A stage's workers as the CDK names them: G.2X is G_2X there."""
    kind = glue.WorkerType[workers.type.replace(".", "_")]
    return glue.WorkerConfiguration(worker_type=kind, number_of_workers=workers.count)


def _queue_runs(job: glue.Job, *, is_queued: bool) -> None:
    """Have a night wait for a rerun that is at work, and the other way round; else it fails.

    Glue queues no Flex jobs, and their construct has no such property.
    """
    resource = cast("glue.CfnJob", job.node.find_child("Resource"))
    resource.job_run_queuing_enabled = is_queued


def _score_values(stage: Stage, lake: LakeStack) -> dict[str, str]:
    return {
        "raw_bucket": lake.raw.bucket_name,
        "raw_database": lake.raw_database,
        "curated_bucket": lake.curated.bucket_name,
        "stage": stage.name,
        **{name: str(value) for name, value in vars(stage.night).items()},
    }


def _code(asset: assets.Asset) -> glue.Code:
    return glue.Code.from_bucket(asset.bucket, asset.s3_object_key)


def _security_configuration(scope: Construct, lake: LakeStack) -> glue.ISecurityConfiguration:
    return glue.SecurityConfiguration.from_security_configuration_name(
        scope, "SecurityConfiguration", lake.security_configuration
    )
