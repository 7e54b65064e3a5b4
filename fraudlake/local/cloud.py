"""The deployed system on this machine: what the template has, made, filled with data and run."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from fraudlake.errors import RunError
from fraudlake.local.actors import Actors
from fraudlake.local.api.front import Front
from fraudlake.local.athena.service import Athena
from fraudlake.local.crawls import crawling
from fraudlake.local.differences import OF_THE_MACHINE, function_overrides
from fraudlake.local.engine.glue_runs import GlueRuns, Surroundings
from fraudlake.local.engine.schedules import night_of
from fraudlake.local.functions.calls import FunctionCalls
from fraudlake.local.jobs.launch import JobLauncher
from fraudlake.local.mysql.database import Database, SourceDatabase
from fraudlake.local.provisioning.provision import provision
from fraudlake.local.watch.alarms import Alarms
from fraudlake.local.watch.notices import Notices, Publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from fraudlake.local.api.recorded import RecordedCall
    from fraudlake.local.calls import Handler
    from fraudlake.local.deployment import Deployment, Resource
    from fraudlake.local.view.states import NodeState
    from fraudlake.local.watch.notices import Notice


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
        self._parts = ExitStack()
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._before: dict[str, tuple[int, int]] = {}  # notices and calls before each run

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
        self.database = parts.enter_context(self._make_database())
        parts.enter_context(self.front)
        self.publisher = Publisher(self.actors, self._may_publish)
        self._alarms = Alarms(self.deployment, self.actors, self.publisher)
        self._start_runs(parts)
        athena = Athena(self.deployment, self.actors, self.folder / "athena")
        self._handlers |= {**crawling.handlers(), **athena.handlers()}
        self._report("making the resources of the template")
        left_out = provision(self.deployment, self.actors)
        overrides = [f"{one}" for one in function_overrides(self.database)]
        self.differences = [*OF_THE_MACHINE, *overrides, *left_out]

    def _make_database(self) -> Database:
        source, folder = SourceDatabase.of(self.deployment), self.folder / "database"
        return Database(source, folder, may_connect=self._may_connect)

    def _start_runs(self, parts: ExitStack) -> None:
        """Have what the engine runs: jobs, crawlers, and the functions that these call."""
        deployment, actors = self.deployment, self.actors
        self._functions = FunctionCalls(
            deployment=deployment,
            actors=actors,
            database=self.database,
            folder=self.folder / "functions",
        )
        self._jobs = JobLauncher(
            deployment=deployment,
            actors=actors,
            folder=self.folder,
            jars=self._choices.jars,
            serves_ui=self._choices.spark_ui,
            report=self._report,
            said=self._said,
        )
        self._around = Surroundings(
            run_job=self._jobs.run,
            run_crawler=self._crawl,
            now=lambda: datetime.now(UTC),
            on_change=Notices(deployment, self.publisher).tell,
        )
        self.glue = GlueRuns(deployment, self._around)
        parts.callback(self.glue.close)
        self._handlers |= {**self.glue.handlers(), **self._functions.handlers()}

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
        self._around.fail_at = self._functions.fail_at = frozenset(names)

    @property
    def spark_ui(self) -> str:
        """Where Spark serves its pages while a job runs; empty as long as none did."""
        return self._jobs.spark_ui

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

    def _said(self, run_id: str, line: str) -> None:
        self.glue.said(run_id, line)

    def _crawl(self, crawler: Resource) -> None:
        role = self.deployment.role_named(crawler.properties["Role"])
        crawling.crawl(crawler, self.actors, role)

    def _may_connect(self, access_key: str, user: str) -> bool:
        """Whether the role behind a token may log in as a user: asked, and recorded, as a call."""
        instance = self.deployment.resources("AWS::RDS::DBInstance")[0]
        values = {"DbiResourceId": f"{instance.name}.DbiResourceId", "DBUser": user}
        return self.front.admits(access_key, "rds-db", "connect", values)

    def _may_publish(self, topic: str, service: str, source: str) -> bool:
        verdict = self.front.judge.judge_publishing(topic, service, source_arn=source)
        return verdict.allowed
