"""The commands `fraudlake local ...`: a cloud in the background, and nights in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from fraudlake.errors import RunError, SettingsError
from fraudlake.local.control import CloudState
from fraudlake.local.night_report import NightReport, print_report
from fraudlake.local.start import is_sample, say_differences, write_sample_once
from fraudlake.local.view.follow import follow
from fraudlake.local.view.states import NodeState
from fraudlake.progress import say
from fraudlake.sample_data import SamplePlan
from fraudlake.screen import out

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path
    from typing import Any

LOG = "up.log"
_UP_SECONDS = 1800  # a first download may take its time
_DOWN_SECONDS = 60
_SAMPLE_DAYS = 14


def up(folder: Path, stage: str, *, spark_ui: bool) -> None:
    """Start a cloud in the background and wait until it is up, telling how far it is."""
    if CloudState.read(folder) is not None:
        raise SettingsError(f"a cloud is up in {folder}; `fraudlake local down` ends it")
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / LOG
    with log.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - this program itself
            [
                *(sys.executable, "-m", "fraudlake.local.serve", str(folder.absolute()), stage),
                *(["--spark-ui"] if spark_ui else []),
            ],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_up(process, log, folder)
    except BaseException:
        process.terminate()
        raise
    describe(folder)


def down(folder: Path) -> None:
    """End the cloud of a folder and wait until nothing of it is left."""
    state = _running(folder)
    os.kill(state.pid, signal.SIGTERM)
    until = time.monotonic() + _DOWN_SECONDS
    while state.is_alive:
        if time.monotonic() > until:
            raise RunError(f"the cloud did not end within {_DOWN_SECONDS} s; see {folder / LOG}")
        time.sleep(0.1)
    say("down")


def describe(folder: Path) -> None:
    """Print where the cloud is, how to reach it, and how it differs from AWS."""
    state = _running(folder)
    told = state.ask("describe")
    say_differences(told["differences"])
    console = out()
    console.print(f"The stage {state.stage} is up at {state.endpoint}", highlight=False)
    console.print(f"Workflows: {', '.join(told['workflows'])}", highlight=False)
    console.print("For any AWS client, in a shell of its own:", highlight=False)
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        console.print(f"  export {name}={told['environment'][name]}", highlight=False)


def run_night(folder: Path, day: date, data: Path | None, fail_at: Sequence[str]) -> bool:
    """Deliver a day, play its night, and print what it found; whether all went well."""
    source = data or _sample(folder, day)
    state = _running(folder)
    values = {"date": day.isoformat(), "data": str(source.absolute()), "fail_at": list(fail_at)}
    return _follow(state, state.ask("night", **values))


def run_again(folder: Path, properties: dict[str, str], fail_at: Sequence[str]) -> bool:
    """Score dates again, and print what that found; whether all went well."""
    state = _running(folder)
    return _follow(state, state.ask("again", properties=properties, fail_at=list(fail_at)))


def _follow(state: CloudState, run_id: str) -> bool:
    told: dict[str, Any] = {"notices": []}

    def poll() -> list[NodeState]:
        told.update(state.ask("status", run_id=run_id))
        if told["spark_ui"] and told["spark_ui"] != told.get("shown"):
            told["shown"] = told["spark_ui"]
            say(f"Spark's pages while a job runs: {told['spark_ui']}")
        return [NodeState.from_json(one) for one in told["nodes"]]

    follow(poll, lambda: told["notices"])
    report = NightReport(**state.ask("report", run_id=run_id))
    print_report(report, f"in the local cloud at {state.endpoint}")
    return report.is_good


def _running(folder: Path) -> CloudState:
    state = CloudState.read(folder)
    if state is None:
        raise SettingsError(f"no cloud is up in {folder}; `fraudlake local up` starts one")
    return state


def _await_up(process: subprocess.Popen[bytes], log: Path, folder: Path) -> None:
    shown = 0
    until = time.monotonic() + _UP_SECONDS
    while True:
        text = log.read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines()[shown:] if text.endswith("\n") else ():
            say(line)
            shown += 1
        if CloudState.read(folder) is not None:
            return
        if process.poll() is not None:
            problem = text.rpartition("problem: ")[2].strip()
            raise RunError(f"the cloud did not come up: {problem[-2000:]}")
        if time.monotonic() > until:
            raise RunError(f"the cloud was not up after {_UP_SECONDS} s; see {log}")
        time.sleep(0.1)


def _sample(folder: Path, day: date) -> Path:
    """Sample data that begins at a day, or the one that is there if it has the day."""
    for samples in sorted(folder.glob("input-*")):
        if is_sample(samples) and list(samples.glob(f"transactions/*={day}")):
            return samples
    samples = folder / f"input-{day}"
    write_sample_once(
        samples,
        SamplePlan(transactions=140_000, customers=2_000, days=_SAMPLE_DAYS, first_date=day),
    )
    return samples
