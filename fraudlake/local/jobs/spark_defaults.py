"""What a job's process must be told so that a plain Spark reads and writes the local cloud's S3.

Glue prepares the session before a script asks for it; here a file of Spark's own does that, so
that the script says `SparkContext.getOrCreate()` and no more.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from fraudlake.s3a import ENVIRONMENT_LOGIN, S3Access, s3a_conf
from fraudlake.session import LOOPBACK, SessionSettings, session_conf, session_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CONF_FILE = "spark-defaults.conf"
UI_VARIABLE = "FRAUDLAKE_SPARK_UI"  # the address of the UI, when there is one

# They would put the checkout beside what the template ships, on the path of Spark's own workers.
_OF_A_CHECKOUT = frozenset({"spark.executorEnv.PYTHONPATH", "spark.executorEnv.PYSPARK_PYTHON"})


def write_spark_defaults(  # noqa: PLR0913 - by keyword
    folder: Path,
    *,
    endpoint: str,
    jars: Sequence[Path],
    work: Path,
    ui: bool,
    region: str = "us-east-1",
) -> dict[str, str]:
    """Write Spark's properties for a job, and return the environment that makes it use them.

    The job's own credentials are those of its environment (AWS_ACCESS_KEY_ID and the like), which
    are not among what is returned.

    Args:
        folder: where the properties go.
        endpoint: the local cloud, `http://127.0.0.1:port`.
        jars: those of S3A, as `fetch_jars` returns them.
        work: a folder for spilled and buffered data, made if need be.
        ui: serve Spark's UI on a free port; its address is the returned FRAUDLAKE_SPARK_UI.
        region: the region that requests are signed for.
    """
    work.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port() if ui else None
    conf = spark_properties(endpoint=endpoint, jars=jars, work=work, ui_port=port, region=region)
    (folder / CONF_FILE).write_text(_as_properties(conf), encoding="ascii")
    address = {UI_VARIABLE: f"http://{LOOPBACK}:{port}"} if port else {}
    places = {"SPARK_CONF_DIR": str(folder.absolute()), "SPARK_LOCAL_DIRS": str(work.absolute())}
    return session_environment() | places | address


def spark_properties(
    *, endpoint: str, jars: Sequence[Path], work: Path, ui_port: int | None, region: str
) -> dict[str, str]:
    """Every Spark property of a job: the session of one machine, S3A, and the UI."""
    settings = SessionSettings(app_name="fraudlake-job", local_dir=work.absolute(), is_brief=True)
    session = session_conf(settings)
    kept = {name: value for name, value in session.items() if name not in _OF_A_CHECKOUT}
    access = S3Access(
        jars=jars,
        region=region,
        endpoint=endpoint,
        login=ENVIRONMENT_LOGIN,
        buffer_dir=work / "s3a",
    )
    return kept | s3a_conf(access) | _committer(work) | _ui(ui_port)


def _committer(work: Path) -> dict[str, str]:
    """S3A's staging committer: a table costs a third of the calls that the magic one makes.

    Tasks write to this machine's disk, upload in parts when they are done, and the job's commit
    completes the uploads: nothing is renamed in S3 either.
    """
    s3a = "spark.hadoop.fs.s3a.committer"
    return {
        f"{s3a}.name": "directory",
        f"{s3a}.staging.tmp.path": (work.absolute() / "staging").as_uri(),
        f"{s3a}.staging.unique-filenames": "false",  # Spark's own names are
        f"{s3a}.abort.pending.uploads": "false",  # a run's folder is its own
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    }


def _ui(port: int | None) -> dict[str, str]:
    if port is None:
        return {"spark.ui.enabled": "false"}
    return {"spark.ui.enabled": "true", "spark.ui.port": str(port)}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def _as_properties(conf: Mapping[str, str]) -> str:
    """The text of a file of Java's properties, in which a backslash escapes."""
    return "".join(f"{name}={_escaped(value)}\n" for name, value in sorted(conf.items()))


def _escaped(value: str) -> str:
    """A value in ASCII; Java writes what is beyond it as UTF-16, a unit an escape."""
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(code) if code < 0x80 else f"\\u{code:04x}" for code in codes)  # noqa: PLR2004
