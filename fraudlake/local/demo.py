"""The demo: sample data, and its nights played from the template as AWS would run them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fraudlake.local.delivery import Delivery
from fraudlake.local.night_report import lake_of, night_report, print_report
from fraudlake.local.start import new_cloud, say_differences, write_sample_once
from fraudlake.local.view.follow import follow
from fraudlake.progress import say
from fraudlake.sample_data import SamplePlan
from fraudlake.screen import out

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.cloud import LocalCloud
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
    write_sample_once(samples, _sample_plan(plan))
    delivery, lake, went_well = Delivery(samples), plan.folder / "lake", True
    with new_cloud(plan.folder, STAGE, spark_ui=plan.spark_ui) as cloud:
        for at in range(plan.nights):
            report = play_night(cloud, delivery, _FIRST_DATE + timedelta(days=at), lake)
            went_well = went_well and report.is_good
        _save(cloud, lake)
        say_differences(cloud.differences)
    _print_next(plan.folder)
    return went_well


def play_night(cloud: LocalCloud, delivery: Delivery, day: date, kept: Path) -> NightReport:
    """Deliver a day, play its night while a person follows it, and print what it found.

    `kept` is the folder that the curated bucket is copied to in the end.
    """
    say(f"delivering {day}")
    delivery.deliver(cloud, day)
    run_id = cloud.start_night(cloud.nightly, day)
    follow(lambda: cloud.status(run_id), lambda: [one.message for one in cloud.notices_of(run_id)])
    cloud.finish(run_id)
    report = night_report(cloud, run_id)
    print_report(report, str(kept))
    return report


def _save(cloud: LocalCloud, folder: Path) -> None:
    """Keep the curated bucket as files, in place of an earlier one: its cloud's memory ends."""
    shutil.rmtree(folder, ignore_errors=True)
    storage = lake_of(cloud).storage
    for file in storage.files():
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with storage.open(file.name) as stream:
            target.write_bytes(stream.read())


def _print_next(folder: Path) -> None:
    console = out()
    for line in (
        f"What was planted, and what should find it: {folder}/input-*/truth/planted.csv",
        f"Each call of AWS, who made it and which policy allows it: {folder}/cloud/calls.jsonl",
        f"The logs of jobs and functions: {folder}/cloud/jobs, {folder}/cloud/functions",
        "Next: fraudlake local up, fraudlake local run --help, docs/local.md",
    ):
        console.print(line, highlight=False, soft_wrap=True)


def _sample_plan(plan: DemoPlan) -> SamplePlan:
    return SamplePlan(
        transactions=plan.transactions, customers=2_000, days=plan.nights, first_date=_FIRST_DATE
    )
