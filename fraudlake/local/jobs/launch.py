"""Starts the jobs of a deployment as the engine asks for it: each with what its role may have."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fraudlake.local.engine.steps import JobResult
from fraudlake.local.jobs.job_process import SPARK, JobPlace, Supervision, run_job
from fraudlake.local.jobs.spark_defaults import UI_VARIABLE, write_spark_defaults

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment, Resource

GLUE_RUNTIME = Path(__file__).parents[1] / "glue_runtime"  # has the stand-in for awsglue
_A_DAY_IN_MINUTES = 24 * 60.0  # the engine knows the time limit; the process has none shorter


@dataclass(kw_only=True)
class JobLauncher:
    """Runs jobs of a deployment, each below `folder`, against the cloud that `actors` reach.

    `jars` are those of S3A; `serves_ui` has Spark serve its pages, the newest at `spark_ui`.
    `report` is told of these, `said` each line of a run's output, after the run's id.
    """

    deployment: Deployment
    actors: Actors
    folder: Path
    jars: Sequence[Path]
    serves_ui: bool
    report: Callable[[str], None]
    said: Callable[[str, str], None]
    spark_ui: str = field(default="", init=False)

    def run(
        self, job: Resource, arguments: dict[str, str], run_id: str, cancel: threading.Event
    ) -> JobResult:
        """Run a job to its end, or until `cancel` is set."""
        place = self._place(job, arguments, self.folder / "jobs" / f"{job.name}-{run_id[-8:]}")
        self._tell_ui(job, place)
        supervision = Supervision(
            timeout_minutes=_A_DAY_IN_MINUTES, cancel=cancel, on_line=partial(self.said, run_id)
        )
        ended = run_job(job, arguments, run_id, place=place, supervision=supervision)
        return JobResult(ended.state, ended.message, str(ended.log_file))

    def _place(self, job: Resource, arguments: Mapping[str, str], work: Path) -> JobPlace:
        is_spark = job.properties["Command"]["Name"] == SPARK
        shipped = [one for one in arguments.get("--extra-py-files", "").split(",") if one]
        environment = self.actors.environment(self.deployment.role_named(job.properties["Role"]))
        return JobPlace(
            script=self.deployment.asset(job.properties["Command"]["ScriptLocation"]),
            extra_py_files=[self.deployment.asset(one) for one in shipped],
            path=[GLUE_RUNTIME] if is_spark else [],
            environment={**environment, **(self._spark(work) if is_spark else {})},
            work=work,
            runtime=self.folder / "runtime",
        )

    def _spark(self, work: Path) -> dict[str, str]:
        return write_spark_defaults(
            work / "spark",
            endpoint=self.actors.endpoint,
            jars=self.jars,
            work=work / "spill",
            ui=self.serves_ui,
            region=self.deployment.region,
        )

    def _tell_ui(self, job: Resource, place: JobPlace) -> None:
        if UI_VARIABLE in place.environment:
            self.spark_ui = place.environment[UI_VARIABLE]
            self.report(f"Spark's pages while {job.name} runs: {self.spark_ui}")
