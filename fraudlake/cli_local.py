"""The commands `fraudlake local`: the deployed system on this machine."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - Typer reads the annotations
from pathlib import Path
from typing import Annotated

import typer

from fraudlake.errors import RunError
from fraudlake.options import date_option, examples

local_app = typer.Typer(help="The deployed system on this machine.", no_args_is_help=True)
CLOUD = Path("fraudlake-local")
CloudFolder = Annotated[Path, typer.Option("--folder", help="Folder of the local cloud.")]


@local_app.command("up", epilog=examples("fraudlake local up", "fraudlake local up --spark-ui"))
def local_up(
    *,
    folder: CloudFolder = CLOUD,
    stage: Annotated[str, typer.Option(help="The stage of cdk.json to play.")] = "dev",
    spark_ui: Annotated[bool, typer.Option("--spark-ui", help="Serve Spark's pages.")] = False,
) -> None:
    """Start the deployed system in the background, from the synthesized template."""
    from fraudlake.local.commands import up

    up(folder, stage, spark_ui=spark_ui)


@local_app.command(
    "run",
    epilog=examples(
        "fraudlake local run --date 2025-01-06",
        "fraudlake local run --date 2025-01-07 --fail-at fraudlake-dev-score",
        "fraudlake local run --from 2025-01-06 --to 2025-01-07",
    ),
)
def local_run(
    *,
    folder: CloudFolder = CLOUD,
    day: Annotated[date | None, date_option("--date", "Play the night of this batch date.")] = None,
    first: Annotated[date | None, date_option("--from", "First date to score again.")] = None,
    last: Annotated[date | None, date_option("--to", "Last date to score again.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Deliveries, laid out as sample-data does; without it a sample is made."),
    ] = None,
    fail_at: Annotated[
        list[str] | None,
        typer.Option(help="Make a job, crawler or function fail, by its name; may be repeated."),
    ] = None,
    allow_stale: Annotated[
        bool, typer.Option("--allow-stale", help="Score again with a blacklist of any age.")
    ] = False,
) -> None:
    """Play a night, or score dates again, in the system that is up; follow it live."""
    from fraudlake.local.commands import run_again, run_night
    from fraudlake.local_run import batch_span

    begin, end = batch_span(day, first, last)
    if day is not None:
        is_good = run_night(folder, day, data, fail_at or [])
    else:
        stale = {"allow_stale_inputs": "true"} if allow_stale else {}
        is_good = run_again(folder, {"from": f"{begin}", "to": f"{end}", **stale}, fail_at or [])
    if not is_good:
        raise RunError("the run went wrong; what failed and why is told above")


@local_app.command("status", epilog=examples("fraudlake local status"))
def local_status(*, folder: CloudFolder = CLOUD) -> None:
    """Say where the system is, how to reach it, and how it differs from AWS."""
    from fraudlake.local.commands import describe

    describe(folder)


@local_app.command("down", epilog=examples("fraudlake local down"))
def local_down(*, folder: CloudFolder = CLOUD) -> None:
    """End the system and all that belongs to it; its folder stays."""
    from fraudlake.local.commands import down

    down(folder)
