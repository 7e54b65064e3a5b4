"""Runs a Glue job of the templates: the unchanged script in a process of its own, as Glue does.

The process has the packages of Glue's runtime, the job's own zip, and the folders that are given;
nothing of this checkout can be imported there, nor in the Python workers that Spark starts.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fraudlake.errors import SettingsError
from fraudlake.local import runtimes
from fraudlake.local.jobs.job_lines import Lines, drain, follow, message_of
from fraudlake.local.processes import end, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from threading import Event

    from fraudlake.local.deployment import Resource

SPARK = "glueetl"
PYTHON_SHELL = "pythonshell"
SUCCEEDED, FAILED, TIMEOUT, STOPPED = "SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED"
STOP_SECONDS = 5  # that a job which has to end is given to do so by itself
_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class EndedJob:
    """How a run ended: SUCCEEDED, FAILED, TIMEOUT or STOPPED; `message` says why it FAILED."""

    state: str
    message: str
    log_file: Path
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Supervision:
    """When a run has to end though its script has not, and who is given its output, line by line.

    `cancel` ends it as STOPPED when it is set, `timeout_minutes` as TIMEOUT.
    """

    timeout_minutes: float
    cancel: Event
    on_line: Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class JobPlace:
    """What a run of a job is made of.

    `script` and `extra_py_files` are what was shipped; `path` has folders of modules that Glue
    itself has (awsglue); `environment` the role's credentials and what Spark needs to be told;
    `work` is the run's own folder, which gets the script, `log` and temporary files; `runtime` one
    for the Python runtime, which the next run finds there.
    """

    script: Path
    extra_py_files: Sequence[Path] = ()
    path: Sequence[Path] = ()
    environment: Mapping[str, str]
    work: Path
    runtime: Path


def run_job(
    job: Resource,
    arguments: Mapping[str, str],
    run_id: str,
    *,
    place: JobPlace,
    supervision: Supervision,
) -> EndedJob:
    """Run a job's script to its end, and tell how it ended.

    `arguments` are all arguments of the run, the job's own included, as Glue's API has them
    (`{"--name": "value"}`). On Linux the calling thread's end kills the job. Raises SettingsError
    for a kind of job that is not known here.
    """
    work = place.work.absolute()  # the job has a working folder of its own
    python = runtimes.python_with(_packages(job), place.runtime.absolute())
    (work / "tmp").mkdir(parents=True, exist_ok=True)
    script = shutil.copy(place.script, work / _script_name(job))
    command = [str(python), str(script), *_argv(job, arguments, run_id)]
    return _run(command, _variables(place, work, python), work, supervision)


def _run(
    command: Sequence[str], variables: Mapping[str, str], work: Path, supervision: Supervision
) -> EndedJob:
    began, log = time.monotonic(), work / "log"
    with log.open("wb", buffering=0) as file:
        lines = Lines(file, supervision.on_line)
        process = start(command, environment=variables, folder=work, output=subprocess.PIPE)
        try:
            reason = follow(process, lines, _has_to_end(supervision, began))
        finally:
            end(process, patience=STOP_SECONDS)
            drain(process, lines)
    code = process.returncode
    message = message_of(lines.last, code) if code and not reason else ""
    state = reason or (FAILED if code else SUCCEEDED)
    return EndedJob(state, message, log, time.monotonic() - began)


def _has_to_end(supervision: Supervision, began: float) -> Callable[[], str]:
    until = began + supervision.timeout_minutes * 60

    def has_to_end() -> str:
        if supervision.cancel.is_set():
            return STOPPED
        return TIMEOUT if time.monotonic() > until else ""

    return has_to_end


def _argv(job: Resource, arguments: Mapping[str, str], run_id: str) -> list[str]:
    """The arguments as a script gets them; only Spark jobs are told who they are."""
    told = {name: value for name, value in arguments.items() if name.startswith("--")}
    if job.properties["Command"]["Name"] == SPARK:
        job_id = f"j_{hashlib.sha256(job.name.encode()).hexdigest()}"
        told |= {"--JOB_NAME": job.name, "--JOB_ID": job_id, "--JOB_RUN_ID": run_id}
    return [word for pair in told.items() for word in pair]


def _variables(place: JobPlace, work: Path, python: Path) -> dict[str, str]:
    modules = [str(one.absolute()) for one in (*place.extra_py_files, *place.path)]
    return {
        "HOME": str(work),
        "LANG": "C.UTF-8",
        "PATH": _PATH,
        "PYTHONUNBUFFERED": "1",  # a line shows when it is printed
        "TMPDIR": str(work / "tmp"),
        "TZ": "UTC",
        **place.environment,
        "PYTHONPATH": os.pathsep.join(modules),
        # Spark starts its workers with these: they must not find the checkout either.
        "PYSPARK_PYTHON": str(python),
        "PYSPARK_DRIVER_PYTHON": str(python),
    }


def _packages(job: Resource) -> Sequence[str]:
    kind = job.properties["Command"]["Name"]
    if kind == SPARK:
        return runtimes.SPARK
    if kind != PYTHON_SHELL:
        raise SettingsError(
            f"{job.name} is a job of kind {kind}; only {SPARK} and {PYTHON_SHELL} run here"
        )
    library_set = job.properties.get("DefaultArguments", {}).get("library-set")
    return runtimes.PYTHON_SHELL if library_set == "none" else runtimes.PYTHON_SHELL_ANALYTICS


def _script_name(job: Resource) -> str:
    return str(job.properties["Command"]["ScriptLocation"]).rpartition("/")[2]
