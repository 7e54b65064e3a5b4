from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from fraudlake import __version__, cli, local_run
from fraudlake.errors import SettingsError
from fraudlake.local_run import DEBUG_VARIABLE, LocalSpark
from fraudlake.rules.file import default_rule_file

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from fraudlake.session import SessionSettings

COMMAND = [sys.executable, "-c", "from fraudlake.cli import main; main()"]
NAME = "Zelda Quux"
PLAN = ("--transactions", "1000", "--customers", "320", "--days", "2")
EXPRESSION = """rules:
- {id: A, title: t, description: d., kind: expression, condition: "%s", points: 5}
"""


class Ending(NamedTuple):
    """How a command ended: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


class Command:
    """The command line in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Ending:
        self._monkeypatch.setattr(sys, "argv", ["fraudlake", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as ending:
            code = int(ending.code or 0)
        return Ending(code, *self._capsys.readouterr())


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.delenv(DEBUG_VARIABLE, raising=False)
    return Command(monkeypatch, capsys)


@pytest.fixture
def _shared_spark(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands use the session of the tests and leave it running."""
    monkeypatch.setattr(local_run, "build_session", lambda _: spark)
    monkeypatch.setattr(LocalSpark, "__exit__", lambda *_: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.fixture
def _no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: object) -> None:
        pytest.fail("Spark was started")

    monkeypatch.setattr(local_run, "build_session", start)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a folder [x]") / "sample"
    subprocess.run([*COMMAND, "sample-data", "--out", str(folder), *PLAN], check=True)
    return folder


def of_sample(sample: Path, **others: str | Path) -> list[str]:
    """The options of `score` for a sample, some of them replaced."""
    paths: dict[str, str | Path] = {
        "transactions": sample / "transactions",
        "customers": sample / "customers",
        "blacklist": sample / "blacklist",
        "fx": sample / "fx_rates",
        "out": sample.parent / "lake",
    }
    named = {**paths, **others}
    return ["score", *(part for name, value in named.items() for part in (f"--{name}", str(value)))]


def test_no_arguments_show_the_commands(run: Command) -> None:
    ending = run()
    assert ending.code == 2
    assert "sample-data" in ending.out + ending.err


def test_the_version_is_printed(run: Command) -> None:
    assert run("--version") == Ending(0, f"{__version__}\n", "")


def test_the_sample_starts_at_the_default_date(sample: Path) -> None:
    names = sorted(one.name for one in (sample / "transactions").iterdir())
    assert names == ["ingest_date=2025-01-06", "ingest_date=2025-01-07"]


def test_sample_data_as_json(run: Command, tmp_path: Path) -> None:
    first = ("--first-date", "2024-02-29")
    ending = run("sample-data", "--out", tmp_path, *PLAN, *first, "--format", "parquet", "--json")
    assert (ending.code, ending.err) == (0, "")
    assert json.loads(ending.out)["rows"]["transactions"] == 1000
    assert (tmp_path / "transactions" / "ingest_date=2024-03-01").is_dir()


def test_every_wrong_number_of_a_sample_is_told(run: Command, tmp_path: Path) -> None:
    ending = run("sample-data", "--out", tmp_path, "--transactions", "1", "--days", "500")
    assert ending.code == 2
    assert "fraudlake: transactions: found 1;" in ending.err
    assert "fraudlake: days: found 500; give at most 366" in ending.err


def test_an_unknown_format_is_refused(run: Command, tmp_path: Path) -> None:
    ending = run("sample-data", "--out", tmp_path, "--format", "xls")
    message = "fraudlake: --format xls is not known; write csv or parquet\n"
    assert ending == Ending(2, "", message)


def test_a_path_through_a_file_is_told_and_no_fault(run: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ending = run("sample-data", "--out", tmp_path / "file" / "below", *PLAN)
    assert ending.code == 2
    assert "Not a directory; check the path" in ending.err
    assert "a fault in fraudlake" not in ending.err


@pytest.mark.usefixtures("_no_spark")
def test_the_default_rules_are_shown_without_spark(run: Command) -> None:
    ending = run("rules", "show")
    assert (ending.code, ending.err) == (0, "")
    assert "AMOUNT_OVER_LIMIT" in ending.out
    shown = json.loads(run("rules", "show", "--json").out)
    assert shown["rules"][0]["id"] == "AMOUNT_OVER_LIMIT"
    assert shown["rules_version"] in ending.out


@pytest.mark.usefixtures("_no_spark")
def test_a_rule_file_without_sql_is_checked_without_spark(run: Command, tmp_path: Path) -> None:
    copy = tmp_path / "mine[b].yaml"
    copy.write_bytes(default_rule_file().read_bytes())
    ending = run("rules", "check", copy)
    assert (ending.code, ending.err) == (0, "")
    assert ending.out.startswith(f"{copy}: 6 rules, no problem found, version ")
    answer = json.loads(run("rules", "check", copy, "--json").out)
    assert (answer["file"], answer["rules"]) == (str(copy), 6)


@pytest.mark.usefixtures("_no_spark")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory; name a YAML file"),
        (b"a: [1\nb: 2", "is not YAML: line 2:"),
        (b"\xff\xfe", "is not YAML:"),
        (b"", "must be a mapping with the key `rules`"),
        (b"rules: []\nruels: []", "is not known"),
    ],
    ids=["not there", "not YAML", "not text", "empty", "unknown key"],
)
def test_a_file_that_holds_no_rules_is_refused(
    run: Command, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "rules.yaml"
    if content is not None:
        path.write_bytes(content)
    for command in ("check", "show"):
        ending = run("rules", command, path)
        assert (ending.code, ending.out) == (2, "")
        assert str(path) in ending.err
        assert message in ending.err


@pytest.mark.usefixtures("_shared_spark")
def test_the_sql_of_a_rule_file_is_checked(run: Command, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(EXPRESSION % "amount_usd > 10", encoding="utf-8")
    assert run("rules", "check", path).code == 0
    path.write_text(EXPRESSION % "amuont_usd > 10", encoding="utf-8")
    ending = run("rules", "check", path)
    assert (ending.code, ending.out) == (2, "")
    assert f"{path}, line 2: rules[0].condition" in ending.err


@pytest.mark.usefixtures("_no_spark")
@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ((), "name either one date, or both --from and --to"),
        (("--from", "2025-01-06"), "name either one date, or both --from and --to"),
        (("--batch-date", "2025-01-06", "--to", "2025-01-07"), "name either one date, or both"),
        (("--from", "2025-01-07", "--to", "2025-01-06"), "2025-01-07 is after --to 2025-01-06;"),
        (("--batch-date", "2025-02-30"), "'2025-02-30' is no date; write YYYY-MM-DD"),
        (("--batch-date", "20250106"), "'20250106' is no date; write YYYY-MM-DD"),
        (("--batch-date", "2025-1-6"), "'2025-1-6' is no date; write YYYY-MM-DD"),
    ],
)
def test_dates_at_odds_are_told(
    run: Command, sample: Path, dates: tuple[str, ...], message: str
) -> None:
    ending = run(*of_sample(sample), *dates)
    assert (ending.code, ending.out) == (2, "")
    assert message in ending.err


@pytest.mark.usefixtures("_no_spark")
def test_every_wrong_path_is_told_before_spark_starts(run: Command, sample: Path) -> None:
    wrong = {"transactions": sample / "no", "fx": sample / "nor"}
    ending = run(*of_sample(sample, **wrong), "--batch-date", "2025-01-06")
    assert ending.code == 2
    assert ending.err.splitlines() == [
        f"fraudlake: transactions: {sample / 'no'} is not there; name a folder or a file",
        f"fraudlake: fx_rates: {sample / 'nor'} is not there; name a folder or a file",
    ]


@pytest.mark.parametrize(("small", "is_brief"), [(1 << 20, True), (1, False)])
def test_a_small_input_is_short_work(
    run: Command, sample: Path, monkeypatch: pytest.MonkeyPatch, small: int, *, is_brief: bool
) -> None:
    started: list[bool] = []

    def start(settings: SessionSettings) -> None:
        started.append(settings.is_brief)
        raise SettingsError("enough was seen")

    monkeypatch.setattr(local_run, "build_session", start)
    monkeypatch.setattr(local_run, "SMALL_INPUT", small)
    assert run(*of_sample(sample), "--batch-date", "2025-01-06").code == 2
    assert started == [is_brief]


@pytest.mark.usefixtures("_no_spark")
@pytest.mark.parametrize("option", ["transactions", "out"])
def test_other_storage_is_refused(run: Command, sample: Path, option: str) -> None:
    ending = run(*of_sample(sample, **{option: "gs://bucket/key"}), "--batch-date", "2025-01-06")
    assert ending.code == 2
    assert "gs://bucket/key: name a folder of this machine, or s3://bucket/folder" in ending.err


@pytest.mark.usefixtures("_no_spark")
def test_an_out_folder_that_cannot_be_written_is_told(
    run: Command, sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        ending = run(*of_sample(sample, out=out), "--batch-date", "2025-01-06")
        assert ending.code == 2
        assert f"--out {out} cannot be written to: " in ending.err


@pytest.mark.usefixtures("_shared_spark")
def test_a_date_without_partition_is_told(run: Command, sample: Path) -> None:
    ending = run(*of_sample(sample), "--batch-date", "2025-01-09", "--json")
    assert (ending.code, ending.out) == (2, "")
    assert "has no partition for 2025-01-09; there are 2025-01-06 to 2025-01-07" in ending.err


@pytest.mark.usefixtures("_shared_spark")
def test_a_backfill_skips_dates_and_prints_json(run: Command, sample: Path, tmp_path: Path) -> None:
    days = ("--from", "2025-01-05", "--to", "2025-01-06")
    ending = run(*of_sample(sample, out=tmp_path / "lake"), *days, "--json")
    answer = json.loads(ending.out)
    assert ending.code == 0
    assert answer["skipped"] == ["2025-01-05"]
    assert [one["batch_date"] for one in answer["runs"]] == ["2025-01-06"]
    assert "batch 2025-01-06 (1 of 1): committing" in ending.err


def test_a_fault_is_one_message_and_a_traceback_only_on_demand(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"An error occurred.\nCaused by: deep\n{NAME}")

    monkeypatch.setattr("fraudlake.rules.file.read_rule_file", fail)
    ending = run("rules", "show")
    assert (ending.code, ending.out) == (1, "")
    assert "fraudlake: a fault in fraudlake: RuntimeError: deep\n" in ending.err
    assert f"{DEBUG_VARIABLE}=1 shows where it happened" in ending.err
    assert "Traceback" not in ending.err
    assert NAME not in ending.err
    monkeypatch.setenv(DEBUG_VARIABLE, "1")
    assert "Traceback" in run("rules", "show").err


def test_a_damaged_file_that_spark_met_is_named(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(
            "Encountered error while reading file file:///in/a%20b.parquet. Details:"
        )

    monkeypatch.setattr("fraudlake.rules.file.read_rule_file", fail)
    message = "fraudlake: /in/a b.parquet cannot be read, it is damaged; deliver it again\n"
    assert run("rules", "show") == Ending(2, "", message)


@pytest.mark.parametrize("command", [(), ("sample-data",), ("score",), ("rules", "check")])
def test_help_needs_neither_spark_nor_pandas(command: tuple[str, ...]) -> None:
    code = (
        "import sys; from fraudlake.cli import main\n"
        "try: main()\n"
        "except SystemExit as ending: print(ending.code)\n"
        "print([one for one in ('pyspark', 'pandas', 'pyarrow', 'numpy') if one in sys.modules])"
    )
    done = _subprocess([sys.executable, "-c", code, *command, "--help"])
    assert done.stdout.splitlines()[-2:] == ["0", "[]"]
    assert "Usage: " in done.stdout


def test_results_go_to_stdout_and_problems_to_stderr(tmp_path: Path) -> None:
    good = _subprocess([*COMMAND, "rules", "show", "--json"])
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["categories"] == {"high": 70, "medium": 30}
    bad = _subprocess([*COMMAND, "rules", "check", str(tmp_path / "none.yaml")])
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "Traceback" not in bad.stderr


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "rules", "show"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_interrupted_run_commits_nothing_and_says_so(sample: Path, tmp_path: Path) -> None:
    arguments = [*of_sample(sample, out=tmp_path / "lake"), "--batch-date", "2025-01-06"]
    with subprocess.Popen(
        [*COMMAND, *arguments], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as started:
        assert started.stderr is not None
        for line in started.stderr:
            if ": reading" in line:
                break
        time.sleep(1)
        started.send_signal(signal.SIGINT)
        rest = started.stderr.read()
    assert started.returncode == 130
    assert "interrupted; the runs that committed stay" in rest
    assert "Traceback" not in rest
    assert not list((tmp_path / "lake").glob("runs/**/*.json"))


def _subprocess(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
