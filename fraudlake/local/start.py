"""What the demo and `fraudlake local up` begin with: a folder made empty, a synth, a cloud."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from fraudlake.local.cloud import Choices, LocalCloud
from fraudlake.local.deployment import synthesize
from fraudlake.local.jobs.jars import fetch_jars
from fraudlake.progress import counting, say, say_download
from fraudlake.sample_data import write_sample_data

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fraudlake.sample_data import SamplePlan


def new_cloud(folder: Path, stage: str, *, spark_ui: bool) -> LocalCloud:
    """A cloud of a stage, to be entered; nothing of an earlier one in the folder is left."""
    for name in ("assembly", "cloud"):
        shutil.rmtree(folder / name, ignore_errors=True)
    jars = fetch_jars(report=say_download)
    say("synthesizing the CDK app")
    deployment = synthesize(stage, folder / "assembly")
    return LocalCloud(deployment, folder / "cloud", Choices(jars=jars, spark_ui=spark_ui), say)


def is_sample(folder: Path) -> bool:
    """Whether a folder holds sample data that was written to its end."""
    return _marker(folder).exists()


def write_sample_once(folder: Path, plan: SamplePlan) -> None:
    """Write sample data; it has the same bytes each time, so what is complete is left alone."""
    if is_sample(folder):
        return
    say(f"writing sample data to {folder}")
    with counting() as progress:
        write_sample_data(folder, plan, progress)
    _marker(folder).touch()


def say_differences(differences: Sequence[str]) -> None:
    """Tell where the cloud differs from AWS."""
    say("Differs from AWS:")
    for one in differences:
        say(f"  {one}")


def _marker(folder: Path) -> Path:
    return folder / "complete"
