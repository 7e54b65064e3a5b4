"""The demo: sample data, and its nights played from the template as AWS would run them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fraudlake.local.cloud import Choices, LocalCloud
from fraudlake.local.delivery import Delivery
from fraudlake.local.deployment import synthesize
from fraudlake.local.jobs.jars import fetch_jars
from fraudlake.local.night_report import lake_of, night_report, print_report
from fraudlake.local.view.follow import follow
from fraudlake.progress import counting, say, say_download
from fraudlake.sample_data import SamplePlan, write_sample_data
from fraudlake.screen import out

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.night_report import NightReport

STAGE = "dev"
_FIRST_DATE = date(2025, 1, 6)


@dataclass(frozen=True, kw_only=True)
class DemoPlan:
    """How much is played: transactions in all, and nights, one day of transactions each."""

    folder: Path
    transactions: int
    nights: int
    spark_ui: bool = False


def run_demo(plan: DemoPlan) -> bool:
    """Play the nights and print what each found; whether all of them went well."""
    samples = plan.folder / f"input-{plan.transactions}-{plan.nights}"
    _write_once(samples, plan)
    jars = fetch_jars(report=say_download)
    say("synthesizing the CDK app")
    deployment = synthesize(STAGE, plan.folder / "assembly")
    delivery, went_well = Delivery(samples), True
    lake = plan.folder / "lake"
    choices = Choices(jars=jars, spark_ui=plan.spark_ui)
    with LocalCloud(deployment, plan.folder / "cloud", choices, say) as cloud:
        for at in range(plan.nights):
            report = play_night(cloud, delivery, _FIRST_DATE + timedelta(days=at), lake)
            went_well = went_well and report.is_good
        _save(cloud, lake)
        _print_differences(cloud)
    _print_next(plan.folder)
    return went_well


def play_night(cloud: LocalCloud, delivery: Delivery, day: date, kept: Path) -> NightReport:
    """Deliver a day, play its night while a person follows it, and print what it found.

    `kept` is the folder that the curated bucket is copied to in the end.
    """
    say(f"delivering {day}")
    delivery.deliver(cloud, day)
    told = len(cloud.notices)
    run_id = cloud.start_night(cloud.nightly, day)
    follow(lambda: cloud.status(run_id), lambda: [one.message for one in cloud.notices[told:]])
    cloud.finish(run_id)
    report = night_report(cloud, run_id, notices=cloud.notices[told:])
    print_report(report, str(kept))
    return report


def _save(cloud: LocalCloud, folder: Path) -> None:
    """Keep the curated bucket as files: the local cloud's own memory ends with it."""
    storage = lake_of(cloud).storage
    for file in storage.files():
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with storage.open(file.name) as stream:
            target.write_bytes(stream.read())


def _print_differences(cloud: LocalCloud) -> None:
    say("\nDiffers from AWS:")
    for one in cloud.differences:
        say(f"  {one}")


def _print_next(folder: Path) -> None:
    console = out()
    for line in (
        f"What was planted, and what should find it: {folder}/input-*/truth/planted.csv",
        f"Each call of AWS, who made it and which policy allows it: {folder}/cloud/calls.jsonl",
        f"The logs of jobs and functions: {folder}/cloud/jobs, {folder}/cloud/functions",
        "Next: fraudlake local up, fraudlake local run --help, docs/local.md",
    ):
        console.print(line, highlight=False, soft_wrap=True)


def _write_once(samples: Path, plan: DemoPlan) -> None:
    """Sample data has the same bytes each time, so what is complete is left alone."""
    marker = samples / "complete"
    if marker.exists():
        return
    say(f"writing sample data to {samples}")
    sample = SamplePlan(
        transactions=plan.transactions, customers=2_000, days=plan.nights, first_date=_FIRST_DATE
    )
    with counting() as progress:
        write_sample_data(samples, sample, progress)
    marker.touch()
