"""`python -m benchmarks`: list, make inputs, run scenarios, report."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.bench import Bench
from benchmarks.plot import draw_results
from benchmarks.report import report_text, write_report
from benchmarks.results import newest_results, write_results
from benchmarks.scenarios import FULL, QUICK, SCENARIOS, Scenario

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)
DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
GROUPS = {"quick": QUICK, "full": FULL}

Names = Annotated[list[str], typer.Argument(help="Scenarios; or quick, or full.")]
Folder = Annotated[Path, typer.Option(help="Where inputs, lakes and results are kept.")]
_FOLDER = Path("build/bench")


@app.command("list")
def list_scenarios() -> None:
    """Name the scenarios, and who takes part."""
    for one in SCENARIOS.values():
        who = ", ".join(contestant.name for contestant in one.contestants)
        typer.echo(f"{one.name:16} {one.title}: {who}")


@app.command()
def data(names: Names, *, folder: Folder = _FOLDER) -> None:
    """Make the inputs and the lakes of scenarios, without running anything."""
    bench = Bench(folder.absolute(), _say)
    for scenario in _named(names):
        for one in scenario.contestants:
            bench.prepare(one.data)


@app.command()
def run(
    names: Names,
    *,
    folder: Folder = _FOLDER,
    repeats: Annotated[int | None, typer.Option(help="Runs of each contestant.", min=1)] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only these contestants; ours always.")
    ] = None,
    limit: Annotated[float | None, typer.Option(help="Seconds a run may take.")] = None,
) -> None:
    """Run scenarios: contestants in turn, as whole processes; print tables, keep the results."""
    bench, results = Bench(folder.absolute(), _say), []
    path = folder / "results" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    for scenario in _named(names):
        chosen = _only(scenario, only)
        result = bench.run(chosen, repeats or scenario.repeats, limit or scenario.limit_seconds)
        results.append(result)
        write_results(path, results)  # after each: an interrupted bench keeps what it has
    typer.echo(report_text({one.scenario: one for one in results}))
    _say(f"results: {path}")


@app.command()
def report(
    *,
    results: Annotated[
        Path | None, typer.Option(help="Folder of results; without it that of --folder.")
    ] = None,
    folder: Folder = _FOLDER,
    document: Annotated[Path, typer.Option(help="Markdown file with the markers.")] = DOCUMENT,
) -> None:
    """Write the newest results into the document, with a plot beside it."""
    found = newest_results(results or folder / "results")
    full = {name: one for name, one in found.items() if name not in QUICK} or found
    pictures = draw_results(full, document.with_suffix(""))
    write_report(document, report_text(full, pictures[0].name if pictures else None))
    _say(f"written: {document}")


def _named(names: list[str]) -> list[Scenario]:
    wanted = [one for name in names for one in GROUPS.get(name, (name,))]
    unknown = [one for one in wanted if one not in SCENARIOS]
    if unknown:
        known = ", ".join([*SCENARIOS, *GROUPS])
        raise typer.BadParameter(f"{', '.join(unknown)}: no such scenario; there are {known}")
    return [SCENARIOS[one] for one in wanted]


def _only(scenario: Scenario, only: list[str] | None) -> Scenario:
    kept = [
        one for one in scenario.contestants if not only or one.name in only or _is_ours(one.name)
    ]
    return replace(scenario, contestants=tuple(kept))


def _is_ours(name: str) -> bool:
    return name.startswith(("fraudlake", "fuzzy"))


def _say(text: str) -> None:
    err.print(f"{datetime.now(UTC):%H:%M:%S} {text}")


if __name__ == "__main__":
    # A bench that is told to end must end what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app(prog_name="python -m benchmarks")
