"""Spark's way to S3: the properties of S3A, for the command line and jobs of the local cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fraudlake.class_archive import class_path_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ENVIRONMENT_LOGIN = "com.amazonaws.auth.EnvironmentVariableCredentialsProvider"
# Environment, profile, container, instance: what boto3 looks at, too.
ANY_LOGIN = "com.amazonaws.auth.DefaultAWSCredentialsProviderChain"
# S3A's magic committer: tasks upload their files in parts, the job's commit completes the uploads.
# Others write aside and rename, which in S3 is a copy: slow, and of encrypted objects Amazon's SDK
# refuses it without TLS, which the local cloud has not.
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


@dataclass(frozen=True, kw_only=True)
class S3Access:
    """How Spark reaches S3.

    `jars` are those of S3A; `endpoint` is None for AWS itself; `login` the class that finds
    credentials; `buffer_dir` a folder for what waits to be uploaded, Spark's own when None.
    """

    jars: Sequence[Path]
    region: str
    endpoint: str | None = None
    login: str = ANY_LOGIN
    buffer_dir: Path | None = None


def s3a_conf(access: S3Access) -> dict[str, str]:
    """The Spark properties for both names that a path may bear, `s3://` and `s3a://`."""
    # On the class path, not in spark.jars: Spark would copy 280 MB at each start.
    path = class_path_with(access.jars)
    s3a = {
        "endpoint.region": access.region,
        "aws.credentials.provider": access.login,
        # Blocks of a file wait on disk, not in the heap, and go up while the next is written.
        "fast.upload.buffer": "disk",
        # A file that is replaced while it is read fails the read; S3A's default, said aloud.
        "change.detection.source": "etag",
        "change.detection.mode": "server",
        # Else each new object has S3A delete markers of all folders above it.
        "directory.marker.retention": "keep",
        **(_own_endpoint(access.endpoint) if access.endpoint else {}),
        **({"buffer.dir": str(access.buffer_dir.absolute())} if access.buffer_dir else {}),
    }
    return (
        {f"spark.{part}.extraClassPath": path for part in ("driver", "executor")}
        | {f"spark.hadoop.fs.s3a.{name}": value for name, value in s3a.items()}
        | {"spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem"}
        | _COMMITTER
    )


def _own_endpoint(endpoint: str) -> dict[str, str]:
    return {
        "endpoint": endpoint,
        "path.style.access": "true",
        "connection.ssl.enabled": str(endpoint.startswith("https:")).lower(),
        # A server on loopback that does not answer is gone.
        "attempts.maximum": "3",
        "retry.limit": "3",
        "connection.establish.timeout": "5000",
    }
