"""The deployed system on this machine: what the template has, made, filled with data and run."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fraudlake.errors import RunError
from fraudlake.local.actors import Actors
from fraudlake.local.api.front import Front
from fraudlake.local.athena.service import Athena
from fraudlake.local.calls import Call, CallError
from fraudlake.local.crawls import crawling
from fraudlake.local.differences import OF_THE_MACHINE, function_overrides
from fraudlake.local.engine.glue_runs import GlueRuns, Surroundings
from fraudlake.local.engine.schedules import night_of
from fraudlake.local.engine.steps import JobResult
from fraudlake.local.functions.invoke import invoke
from fraudlake.local.jobs.job_process import SPARK, JobPlace, Supervision, run_job
from fraudlake.local.jobs.spark_defaults import UI_VARIABLE, write_spark_defaults
from fraudlake.local.mysql.database import Database, SourceDatabase
from fraudlake.local.provisioning.provision import provision
from fraudlake.local.watch.alarms import Alarms, put_invocation
from fraudlake.local.watch.notices import Notices, Publisher

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from fraudlake.local.api.recorded import RecordedCall
    from fraudlake.local.deployment import Deployment, Resource
    from fraudlake.local.view.states import NodeState
    from fraudlake.local.watch.notices import Notice

GLUE_RUNTIME = Path(__file__).parent / "glue_runtime"  # has the stand-in for awsglue
_A_DAY_IN_MINUTES = 24 * 60.0  # the engine knows the time limit; the process has none shorter


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How the cloud is played: with which jars of S3A, and whether Spark serves its pages."""

    jars: Sequence[Path]
    spark_ui: bool = False


class LocalCloud:
    """The system of a deployment, running inside a `with`.

    `differences` tells where it differs from AWS, in sentences.
    """

    def __init__(
        self,
        deployment: Deployment,
        folder: Path,
        choices: Choices,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take what is deployed, a folder for all that it leaves, and how it is played."""
        self.deployment, self.folder = deployment, folder.absolute()
        self._choices, self._report = choices, report
        self._failing: frozenset[str] = frozenset()
        self._parts = ExitStack()
        self._handlers: dict[tuple[str, str], Any] = {}
        self._before: dict[str, tuple[int, int]] = {}  # notices and calls before each run
        self.spark_ui = ""

    def __enter__(self) -> Self:
        """Start the servers and make the resources; the thread that enters has to stay."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as parts:
            self._start(parts)
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all that runs; what was written stays in the folder."""
        self._parts.close()

    def _start(self, parts: ExitStack) -> None:
        self.front = Front(self.deployment, self._handlers, self.folder / "calls.jsonl")
        self.actors = Actors(self.front.endpoint, self.deployment.region)
        self._report("starting the database")
        self.database = parts.enter_context(
            Database(
                SourceDatabase.of(self.deployment),
                self.folder / "database",
                may_connect=self._may_connect,
            )
        )
        parts.enter_context(self.front)
        self.publisher = Publisher(self.actors, self._may_publish)
        self._notices = Notices(self.deployment, self.publisher)
        self._around = self._surroundings()
        self.glue = GlueRuns(self.deployment, self._around)
        parts.callback(self.glue.close)
        self._handlers |= {
            **self.glue.handlers(),
            ("lambda", "Invoke"): self._invoke,
            **crawling.handlers(),
        }
        self._handlers |= Athena(self.deployment, self.actors, self.folder / "athena").handlers()
        self._report("making the resources of the template")
        left_out = provision(self.deployment, self.actors)
        self._alarms = Alarms(self.deployment, self.actors, self.publisher)
        overrides = [f"{one}" for one in function_overrides(self.database)]
        self.differences = [*OF_THE_MACHINE, *overrides, *left_out]

    @property
    def nightly(self) -> str:
        """The name of the nightly workflow."""
        return self._workflow("nightly")

    @property
    def rerun(self) -> str:
        """The name of the workflow that scores dates again."""
        return self._workflow("rerun")

    def start_night(self, workflow: str, batch_date: date) -> str:
        """Start a workflow as its schedule would have on the night after a date; the run's id."""
        self.glue.activate(workflow)
        begun, before = night_of(self.glue.schedule(workflow), batch_date), self._told_so_far()
        run_id = self.glue.start_workflow(workflow, {}, started_on=begun, by_schedule=True)
        self._before[run_id] = before
        return run_id

    def start(self, workflow: str, properties: Mapping[str, str]) -> str:
        """Start a workflow as a person does, with properties of its run; the run's id."""
        before = self._told_so_far()
        run_id = self.glue.start_workflow(workflow, properties)
        self._before[run_id] = before
        return run_id

    def finish(self, run_id: str, timeout: float | None = None) -> str:
        """Wait for a run to be over, then let the alarms look; the run's status."""
        status = self.glue.wait(run_id, timeout)
        self._alarms.evaluate(datetime.now(UTC))
        return status

    def status(self, run_id: str) -> list[NodeState]:
        """How far each node of a run is."""
        return self.glue.status(run_id)

    @property
    def nodes(self) -> frozenset[str]:
        """The names of all that can be made to fail: jobs, crawlers and functions."""
        kinds = ("AWS::Glue::Job", "AWS::Glue::Crawler", "AWS::Lambda::Function")
        return frozenset(one.name for kind in kinds for one in self.deployment.resources(kind))

    def fail_at(self, names: Iterable[str]) -> None:
        """Make jobs, crawlers and functions fail, from now on; none of the others."""
        self._failing = frozenset(names)
        self._around.fail_at = self._failing

    @property
    def notices(self) -> list[Notice]:
        """What the topics were told so far."""
        return list(self.publisher.notices)

    def notices_of(self, run_id: str) -> list[Notice]:
        """What the topics were told since a run was started here."""
        return self.notices[self._before[run_id][0] :]

    def calls_of(self, run_id: str) -> list[RecordedCall]:
        """The calls that were made since a run was started here."""
        return self.front.calls()[self._before[run_id][1] :]

    def _told_so_far(self) -> tuple[int, int]:
        return len(self.notices), len(self.front.calls())

    def bucket_of(self, table: str) -> str:
        """The bucket that a table of the catalog lies in."""
        return self._location(table).removeprefix("s3://").split("/")[0]

    def _workflow(self, kind: str) -> str:
        names = [one.name for one in self.deployment.resources("AWS::Glue::Workflow")]
        return next(name for name in names if name.endswith(f"-{kind}"))

    def _location(self, table: str) -> str:
        for one in self.deployment.resources("AWS::Glue::Table"):
            if one.properties["TableInput"]["Name"] == table:
                return str(one.properties["TableInput"]["StorageDescriptor"]["Location"])
        raise RunError(f"the template has no table {table}")

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            run_job=self._run_job,
            run_crawler=self._crawl,
            now=lambda: datetime.now(UTC),
            on_change=self._notices.tell,
        )

    def _crawl(self, crawler: Resource) -> None:
        role = self.deployment.role_named(crawler.properties["Role"])
        crawling.crawl(crawler, self.actors, role)

    def _run_job(
        self, job: Resource, arguments: dict[str, str], run_id: str, cancel: threading.Event
    ) -> JobResult:
        work = self.folder / "jobs" / f"{job.name}-{run_id[-8:]}"
        place = self._place(job, arguments, work)
        if UI_VARIABLE in place.environment:
            self.spark_ui = place.environment[UI_VARIABLE]
            self._report(f"Spark's pages while {job.name} runs: {self.spark_ui}")
        supervision = Supervision(
            timeout_minutes=_A_DAY_IN_MINUTES,
            cancel=cancel,
            on_line=partial(self.glue.said, run_id),
        )
        ended = run_job(job, arguments, run_id, place=place, supervision=supervision)
        return JobResult(ended.state, ended.message, str(ended.log_file))

    def _place(self, job: Resource, arguments: Mapping[str, str], work: Path) -> JobPlace:
        role = self.deployment.role_named(job.properties["Role"])
        environment = self.actors.environment(role)
        path: list[Path] = []
        if job.properties["Command"]["Name"] == SPARK:
            path = [GLUE_RUNTIME]
            environment |= write_spark_defaults(
                work / "spark",
                endpoint=self.front.endpoint,
                jars=self._choices.jars,
                work=work / "spill",
                ui=self._choices.spark_ui,
                region=self.deployment.region,
            )
        shipped = [one for one in arguments.get("--extra-py-files", "").split(",") if one]
        return JobPlace(
            script=self.deployment.asset(job.properties["Command"]["ScriptLocation"]),
            extra_py_files=[self.deployment.asset(one) for one in shipped],
            path=path,
            environment=environment,
            work=work,
            runtime=self.folder / "runtime",
        )

    def _invoke(self, call: Call) -> Mapping[str, Any]:
        function = self._function(str(call.parameters["FunctionName"]))
        if function.name in self._failing:
            error = {"errorType": "Exception", "errorMessage": "it was asked to fail"}
            answer: dict[str, Any] = {"Payload": json.dumps(error).encode()}
            problem: str | None = "Unhandled"
        else:
            role = self.deployment.role_named(function.properties["Role"])
            done = invoke(
                function,
                call.parameters.get("Payload") or b"null",
                code=self._code(function),
                environment={**self.actors.environment(role), **self._told(function)},
                work=self.folder / "functions",
            )
            self._keep_log(function, done.log)
            answer, problem = {"Payload": done.payload}, done.error
        put_invocation(self.actors, function.name, datetime.now(UTC), failed=problem is not None)
        return {"StatusCode": 200, **answer, **({"FunctionError": problem} if problem else {})}

    def _told(self, function: Resource) -> dict[str, str]:
        known = function.properties.get("Environment", {}).get("Variables", {})
        overrides = function_overrides(self.database)
        return {one.name: one.value for one in overrides if one.name in known}

    def _function(self, name: str) -> Resource:
        try:
            return self.deployment.find("AWS::Lambda::Function", name.rsplit(":", 1)[-1])
        except KeyError:
            message = f"Function not found: {name}"
            raise CallError("ResourceNotFoundException", message, 404) from None

    def _code(self, function: Resource) -> Path:
        code = function.properties["Code"]
        return self.deployment.asset(f"s3://{code['S3Bucket']}/{code['S3Key']}")

    def _keep_log(self, function: Resource, log: str) -> None:
        folder = self.folder / "functions"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{function.name}.log").open("a", encoding="utf-8") as stream:
            stream.write(log)

    def _may_connect(self, access_key: str, user: str) -> bool:
        """Whether the role behind a token may log in as a user: asked, and recorded, as a call."""
        instance = self.deployment.resources("AWS::RDS::DBInstance")[0]
        values = {"DbiResourceId": f"{instance.name}.DbiResourceId", "DBUser": user}
        return self.front.admits(access_key, "rds-db", "connect", values)

    def _may_publish(self, topic: str, service: str, source: str) -> bool:
        verdict = self.front.judge.judge_publishing(topic, service, source_arn=source)
        return verdict.allowed
