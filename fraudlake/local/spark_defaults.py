"""What a job's process must be told so that a plain Spark reads and writes the local cloud's S3.

Glue prepares the session before a script asks for it; here a file of Spark's own does that, so
that the script says `SparkContext.getOrCreate()` and no more.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from fraudlake.session import LOOPBACK, SessionSettings, session_conf, session_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CONF_FILE = "spark-defaults.conf"
UI_VARIABLE = "FRAUDLAKE_SPARK_UI"  # the address of the UI, when there is one

# They would put the checkout beside what the template ships, on the path of Spark's own workers.
_OF_A_CHECKOUT = frozenset({"spark.executorEnv.PYTHONPATH", "spark.executorEnv.PYSPARK_PYTHON"})
# S3A's magic committer: a task uploads its file in parts, and what completes the upload is the
# job's commit. Others write aside and rename, which in S3 is a copy: slow, and of encrypted objects
# Amazon's SDK refuses it without TLS, which the local cloud has not.
_COMMITTER = {
    "spark.hadoop.fs.s3a.committer.name": "magic",
    "spark.hadoop.fs.s3a.committer.magic.enabled": "true",
    **{
        f"spark.hadoop.mapreduce.outputcommitter.factory.scheme.{scheme}": (
            "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory"
        )
        for scheme in ("s3", "s3a")
    },
    "spark.sql.sources.commitProtocolClass": (
        "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol"
    ),
    "spark.sql.parquet.output.committer.class": (
        "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter"
    ),
}


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
    session = session_conf(SessionSettings(app_name="fraudlake-job", local_dir=work.absolute()))
    kept = {name: value for name, value in session.items() if name not in _OF_A_CHECKOUT}
    # On the class path, not in spark.jars: Spark would copy 280 MB at each start.
    path = {"spark.driver.extraClassPath": os.pathsep.join(str(one.absolute()) for one in jars)}
    return kept | path | _s3a(endpoint, region, work) | _ui(ui_port)


def _s3a(endpoint: str, region: str, work: Path) -> dict[str, str]:
    """S3 through S3A, which is Glue 5.1's connector too, for both names that a path may bear."""
    s3a = {
        "endpoint": endpoint,
        "endpoint.region": region,
        "path.style.access": "true",
        "connection.ssl.enabled": str(endpoint.startswith("https:")).lower(),
        "aws.credentials.provider": "com.amazonaws.auth.EnvironmentVariableCredentialsProvider",
        # Blocks of a file wait on disk, not in the heap, and go up while the next is written.
        "fast.upload.buffer": "disk",
        "buffer.dir": str((work / "s3a").absolute()),
        # A file that is replaced while it is read fails the read; S3A's default, said aloud.
        "change.detection.source": "etag",
        "change.detection.mode": "server",
        # Else each new object has S3A delete markers of all folders above it.
        "directory.marker.retention": "keep",
        # A server on loopback that does not answer is gone.
        "attempts.maximum": "3",
        "retry.limit": "3",
        "connection.establish.timeout": "5000",
    }
    return (
        {f"spark.hadoop.fs.s3a.{name}": value for name, value in s3a.items()}
        | {"spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem"}
        | _COMMITTER
    )


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
