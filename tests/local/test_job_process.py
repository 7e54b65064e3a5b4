"""Jobs in processes of their own: what they are told, what they can import, how they end."""

from __future__ import annotations

import ast
import threading
import time
from dataclasses import dataclass, field, replace
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import SettingsError
from fraudlake.local.jobs.job_lines import message_of
from fraudlake.local.jobs.job_process import JobPlace, Supervision, run_job
from tests.local.running import runs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fraudlake.local.deployment import Deployment, Resource
    from fraudlake.local.jobs.job_process import EndedJob

JOB = "AWS::Glue::Job"
RUN = "jr_1"
# A child in a process group of its own, as Spark's Python workers are.
LONELY_CHILD = """
import os, subprocess, sys
child = "import os, time; os.setpgid(0, 0); print(os.getpid(), flush=True); time.sleep(60)"
started = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE)
started.stdout.readline()
print(os.getpid(), started.pid)
"""


@dataclass
class Jobs:
    """Runs short scripts as jobs of the templates; `lines` has the output of the last one."""

    deployment: Deployment
    runtime: Path
    folder: Path
    lines: list[str] = field(default_factory=list)

    def job(self, name: str) -> Resource:
        return self.deployment.find(JOB, f"fraudlake-dev-{name}")

    def run(
        self,
        body: str,
        name: str = "score",
        *,
        minutes: float = 1,
        cancel_at: str | None = None,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> EndedJob:
        """Run a script as a job; cancel it at a line of its output."""
        job, cancel = self.job(name), threading.Event()
        self.lines.clear()

        def on_line(line: str) -> None:
            self.lines.append(line)
            if line == cancel_at:
                cancel.set()

        arguments = {**job.properties["DefaultArguments"], **more}
        supervision = Supervision(timeout_minutes=minutes, cancel=cancel, on_line=on_line)
        place = self.place(body, arguments.get("--extra-py-files"))
        return run_job(job, arguments, RUN, place=place, supervision=supervision)

    def place(self, body: str, core: str | None) -> JobPlace:
        script = self.folder / "script.py"
        script.write_text(body)
        return JobPlace(
            script=script,
            extra_py_files=[self.deployment.asset(core)] if core else [],
            path=[self.glue],
            environment={"OF_THE_ROLE": "1"},
            work=self.folder / "work",
            runtime=self.runtime,
        )

    def left_running(self) -> list[int]:
        """Which of the two processes of LONELY_CHILD have not ended."""
        numbers = [int(word) for word in self.lines[0].split()]
        assert len(numbers) == 2
        return [pid for pid in numbers if runs(pid)]

    @property
    def glue(self) -> Path:
        """A folder of what Glue itself has: the module of_glue."""
        glue = self.folder / "glue"
        glue.mkdir(exist_ok=True)
        (glue / "of_glue.py").touch()
        return glue


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runtime")


@pytest.fixture
def jobs(dev_deployment: Deployment, runtime: Path, tmp_path: Path) -> Jobs:
    return Jobs(dev_deployment, runtime, tmp_path)


def test_a_spark_job_is_told_who_it_is_after_its_arguments(jobs: Jobs) -> None:
    given = {"--stage": "other", "--WORKFLOW_RUN_ID": "wr_1", "library-set": "analytics"}
    ended = jobs.run("import sys; print(sys.argv[1:])", more=given)
    words: list[str] = ast.literal_eval(jobs.lines[0])
    told = dict(zip(words[::2], words[1::2], strict=True))
    assert (ended.state, ended.message) == ("SUCCEEDED", "")
    assert (told["--JOB_NAME"], told["--JOB_RUN_ID"]) == ("fraudlake-dev-score", RUN)
    assert (told["--stage"], told["--WORKFLOW_RUN_ID"]) == ("other", "wr_1")
    assert told["--enable-metrics"] == ""
    assert "library-set" not in told


def test_a_python_shell_job_is_told_its_arguments_only(jobs: Jobs) -> None:
    jobs.run("import sys; print(sys.argv[1:])", "extract")
    words = ast.literal_eval(jobs.lines[0])
    assert "--function_arn" in words
    assert not {"--JOB_NAME", "--JOB_RUN_ID", "library-set"} & set(words)


IMPORTS = """
import os, subprocess, sys
from importlib.util import find_spec
import fraudlake, of_glue
names = ["stacks", "lambdas", "tests", "moto", "pyspark", "boto3", "pandas"]
found = [fraudlake.__file__, [name for name in names if find_spec(name)]]
print(found)
"""


def test_core_is_the_zip_s_and_the_checkout_is_out_of_reach_of_workers_too(jobs: Jobs) -> None:
    worker = f"subprocess.run([os.environ['PYSPARK_PYTHON'], '-c', {IMPORTS!r}], check=True)"
    assert jobs.run(f"{IMPORTS}\n{worker}").state == "SUCCEEDED", jobs.lines
    core = jobs.deployment.asset(
        jobs.job("score").properties["DefaultArguments"]["--extra-py-files"]
    )
    runtime = ["pyspark", "boto3", "pandas"]
    assert [ast.literal_eval(line) for line in jobs.lines] == [
        [f"{core}/fraudlake/__init__.py", runtime]
    ] * 2


def test_a_python_shell_job_has_neither_spark_nor_the_core(jobs: Jobs) -> None:
    names = ["fraudlake", "pyspark", "awsglue", "boto3", "pandas"]
    look = f"print([name for name in {names} if find_spec(name)])"
    jobs.run(f"from importlib.util import find_spec\n{look}", "extract")
    assert jobs.lines == ["['boto3', 'pandas']"]


def test_the_environment_is_the_one_given_and_no_more(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_PLAYER", "1")
    jobs.run("import os, time; print([sorted(os.environ), time.tzname[0]])")
    names, zone = ast.literal_eval(jobs.lines[0])
    assert "OF_THE_ROLE" in names
    assert "OF_THE_PLAYER" not in names
    assert zone == "UTC"


def test_output_comes_line_by_line_and_stays_in_the_log(jobs: Jobs) -> None:
    ended = jobs.run(
        "import sys\nprint('caf\\xe9')\nprint('10 %\\r20 %\\rdone', file=sys.stderr)\n"
        "sys.stdout.buffer.write(b'\\xff end')"
    )
    assert jobs.lines == ["café", "done", "\ufffd end"]
    assert ended.log_file.read_bytes() == "café\n10 %\r20 %\rdone\n".encode() + b"\xff end"


def test_a_line_arrives_while_the_job_runs(jobs: Jobs) -> None:
    ended = jobs.run("import time; print('begun'); time.sleep(60)", cancel_at="begun")
    assert (ended.state, ended.message) == ("STOPPED", "")
    assert ended.seconds < 30


def test_exit_code_1_is_a_failure(jobs: Jobs) -> None:
    ended = jobs.run("import sys; sys.exit(1)")
    assert (ended.state, ended.message) == ("FAILED", "Command failed with exit code 1")


def test_the_message_of_a_failure_is_the_exception_that_ended_the_job(jobs: Jobs) -> None:
    raised = "from fraudlake.errors import RunError\n\ntry:\n    1 / 0\nexcept ArithmeticError:\n"
    ended = jobs.run(f"{raised}    raise RunError(['old rates', 'no customers'])")
    assert (ended.state, ended.message) == ("FAILED", "RunError: old rates\nno customers")
    assert "ZeroDivisionError: division by zero" in jobs.lines


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["Traceback (most recent call last):", "  File", "KeyError: 'a.b: c'"],
            "KeyError: 'a.b: c'",
        ),
        (["Traceback (most recent call last):", "  File", "a.b.Gone", "", "x"], "Gone"),
        (
            [
                "Traceback (most recent call last):",
                '  File "x", line 1',
                "py4j.protocol.Py4JJavaError: An error occurred while calling o1.x.",
                ": java.io.IOException: gone",
                "\tat a.b.C",
            ],
            "Py4JJavaError: An error occurred while calling o1.x.\n: java.io.IOException: gone",
        ),
        (["killed"], "Command failed with exit code 137"),
    ],
)
def test_the_message_is_found_in_what_python_and_java_print(lines: list[str], message: str) -> None:
    assert message_of(lines, -9) == message


@pytest.mark.parametrize("stubborn", ["", "import signal; signal.signal(15, signal.SIG_IGN)\n"])
def test_a_cancelled_job_leaves_nothing_running(
    jobs: Jobs, stubborn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fraudlake.local.jobs.job_process.STOP_SECONDS", 0.3)
    body = f"{stubborn}{LONELY_CHILD}\nimport time; print('begun'); time.sleep(60)"
    ended = jobs.run(body, cancel_at="begun")
    assert ended.state == "STOPPED"
    assert jobs.left_running() == []


def test_a_job_out_of_time_leaves_nothing_running(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An hour goes by as soon as the job has told its numbers.
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + (3600 if jobs.lines else 0))
    monkeypatch.setattr("fraudlake.local.jobs.job_process.time", clock)
    ended = jobs.run(f"{LONELY_CHILD}\nimport time; time.sleep(60)", minutes=60)
    assert (ended.state, ended.message) == ("TIMEOUT", "")
    assert jobs.left_running() == []


def test_what_a_job_that_ends_has_left_behind_is_ended_with_it(jobs: Jobs) -> None:
    began = time.monotonic()
    assert jobs.run(LONELY_CHILD).state == "SUCCEEDED"
    assert time.monotonic() - began < 30
    assert jobs.left_running() == []


def test_a_job_may_close_its_output_and_go_on(jobs: Jobs) -> None:
    ended = jobs.run("import os, time; os.close(1); os.close(2); time.sleep(0.3); os._exit(4)")
    assert ended.message == "Command failed with exit code 4"


def test_a_listener_s_error_ends_the_job(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "lines", Refusing())
    with pytest.raises(OSError, match="full"):
        jobs.run("import os, time; print(os.getpid()); time.sleep(60)")
    assert not runs(int(Refusing.heard[0]))


class Refusing(list[str]):
    """A listener that cannot take a line."""

    heard: list[str] = []  # noqa: RUF012 - of one test

    def append(self, line: str) -> None:
        self.heard.append(line)
        raise OSError("the disk is full")


def test_other_kinds_of_jobs_are_refused(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    command = {"Name": "glueray"}
    ray = replace(jobs.job("score"), properties={"Command": command, "DefaultArguments": {}})
    monkeypatch.setattr(jobs, "job", lambda _: ray)
    with pytest.raises(SettingsError, match="fraudlake-dev-score is a job of kind glueray"):
        jobs.run("")
