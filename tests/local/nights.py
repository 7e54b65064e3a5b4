"""A story of nights in the local cloud, told once: tests look at what each chapter left."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraudlake.lake import Lake
from fraudlake.local.actors import OPERATOR
from fraudlake.local.cloud import Choices, LocalCloud
from fraudlake.local.delivery import Delivery
from fraudlake.local.jobs.jars import fetch_jars
from fraudlake.local.night_report import NightReport, lake_of, night_report
from fraudlake.runs import Manifest
from fraudlake.s3 import S3Folder
from fraudlake.sample_data import SamplePlan, write_sample_data
from tests.lakes import Row, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fraudlake.local.deployment import Deployment
    from fraudlake.local.view.states import NodeState

EMPTY_DAY = date(2025, 1, 5)
DAYS = tuple(date(2025, 1, day) for day in (6, 7, 8, 9))
OLD_LIST_DAY, ITS_NIGHT = date(2025, 1, 12), date(2025, 1, 14)  # the list of the 8th is the last
RAW_CRAWLER, SCORE_JOB = "fraudlake-dev-raw", "fraudlake-dev-score"
EXTRACT = "fraudlake-dev-blacklist-extract"
_SECONDS = 240
_BY_NAME = ("transactions", "customers", "blacklist")


@dataclass(kw_only=True)
class Chapter:
    """A run of a workflow that is over: its report, its nodes, its manifests."""

    report: NightReport
    nodes: Mapping[str, NodeState]

    @property
    def manifests(self) -> list[Manifest]:
        return [Manifest.from_json(one, "the report") for one in self.report.manifests]


@dataclass(kw_only=True)
class Story:
    """The cloud while the story is told, and its chapters by name."""

    cloud: LocalCloud
    data: Path
    chapters: dict[str, Chapter] = field(default_factory=dict)
    played: dict[date, dict[str, list[Row]]] = field(default_factory=dict)
    by_command: dict[date, dict[str, list[Row]]] = field(default_factory=dict)

    def night(self, name: str, day: date, *fail_at: str) -> None:
        """Deliver a day and play its night."""
        Delivery(self.data).deliver(self.cloud, day)
        self.play(name, lambda: self.cloud.start_night(self.cloud.nightly, day), *fail_at)

    def again(self, name: str, **properties: str) -> None:
        """Score dates again."""
        spans = {one.rstrip("_"): value for one, value in properties.items()}
        self.play(name, lambda: self.cloud.start(self.cloud.rerun, spans))

    def play(self, name: str, start: Any, *fail_at: str) -> None:  # noqa: ANN401 - a function
        self.cloud.fail_at(fail_at)
        run_id = start()
        self.cloud.finish(run_id, _SECONDS)
        self.cloud.glue.wait_idle(_SECONDS)
        report = night_report(self.cloud, run_id)
        nodes = {one.name: one for one in self.cloud.status(run_id)}
        self.chapters[name] = Chapter(report=report, nodes=nodes)

    def put(self, key: str, content: str) -> None:
        """Put an object into the raw bucket."""
        bucket = self.cloud.bucket_of("transactions")
        self.cloud.actors.client("s3").put_object(Bucket=bucket, Key=key, Body=content.encode())

    def delivered(self, day: date) -> str:
        """The transactions of a day, as they are delivered."""
        path = self.data / f"transactions/ingest_date={day}/part-0000.csv"
        return path.read_text(encoding="utf-8")


def tell(deployment: Deployment, folder: Path) -> Story:
    """Play the whole story in a cloud that is left running: the caller exits it."""
    data = folder / "data"
    plan = SamplePlan(transactions=2000, customers=400, days=4, first_date=DAYS[0], malformed=False)
    write_sample_data(data, plan)
    # Days without malformed lines come from the catalog, those with one by their paths.
    with (data / f"transactions/ingest_date={DAYS[1]}/part-0000.csv").open("a") as stream:
        stream.write("T-SHORT,C00000001\n")
    cloud = LocalCloud(deployment, folder / "cloud", Choices(jars=fetch_jars()))
    cloud.__enter__()
    story = Story(cloud=cloud, data=data)
    try:
        _chapters(story)
    except BaseException:
        cloud.__exit__()
        raise
    return story


def _chapters(story: Story) -> None:
    first, second, third, fourth = DAYS
    header = story.delivered(first).splitlines()[0]
    story.put(f"transactions/ingest_date={EMPTY_DAY}/part-0000.csv", f"{header}\n")
    story.night("first night", first)
    with scoring_by_command(story):  # while nights pass that commit nothing
        story.night("function fails", second, EXTRACT)
        story.night("crawler fails", second, RAW_CRAWLER)
        story.night("job fails", second, SCORE_JOB)
    story.night("third night", third)
    late = "L1,C00000001,2025-01-06T12:00:00Z,12.00,USD,M1,online,US\n"
    story.put(f"transactions/ingest_date={first}/late.csv", f"{header}\n{late}")
    story.again("rerun", from_=str(first), to=str(first))
    for day in (OLD_LIST_DAY, ITS_NIGHT):
        story.put(f"transactions/ingest_date={day}/part-0000.csv", f"{header}\n")
    story.play("old list", lambda: story.cloud.start_night(story.cloud.nightly, ITS_NIGHT))
    columns = header.split(",")
    turned = ",".join([columns[1], columns[0], *columns[2:]])
    reordered = story.delivered(fourth).replace(header, turned, 1)
    story.put(f"transactions/ingest_date={fourth}/part-0000.csv", reordered)
    story.again("unregistered", from_=str(fourth), to=str(fourth))
    story.play("reordered", lambda: story.cloud.start_night(story.cloud.nightly, fourth))


@contextmanager
def scoring_by_command(story: Story) -> Iterator[None]:
    """Score the raw bucket by the command line meanwhile; keep the rows of both ways, by date."""
    cloud = story.cloud
    raw, s3 = cloud.bucket_of("transactions"), cloud.actors.client("s3")
    s3.create_bucket(Bucket="by-command")
    tables_of = {"--fx": "fx_rates", **{f"--{one}": one for one in _BY_NAME}}
    named = [word for one, name in tables_of.items() for word in (one, f"s3://{raw}/{name}")]
    span = ["--from", str(EMPTY_DAY), "--to", str(DAYS[0])]
    fraudlake = str(Path(sys.executable).with_name("fraudlake"))
    with subprocess.Popen(
        [fraudlake, "score", *named, "--out", "s3://by-command/lake", *span],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **cloud.actors.environment(OPERATOR)},
    ) as command:
        yield
        _, said = command.communicate()
    assert command.returncode == 0, said
    by_command = Lake(S3Folder("by-command", "lake/", s3))
    story.by_command, story.played = _rows(by_command), _rows(lake_of(cloud))


def _rows(lake: Lake) -> dict[date, dict[str, list[Row]]]:
    return {day: tables(lake, one) for day, one in lake.run_log().in_force.items()}
