"""Where the local cloud differs from AWS on purpose: each override, and why.

Everything that is told to a function or a job and does not stand so in the template stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fraudlake.local.mysql.database import Database

# Of the whole machine, rather than of one resource.
OF_THE_MACHINE = (
    "MySQL is a private MariaDB; a door before it checks IAM tokens as RDS does",
    "Glue's Spark is PySpark 3.5.6 here, awsglue a stand-in, whatever the job's workers are",
    "what Spark writes to S3 is committed by S3A's staging committer, without _SUCCESS objects",
    "rates come with the delivery: the ECB is not asked, the rates function not called",
    "Python shell jobs run on the Python of this project instead of 3.9",
    "networks, endpoints and encryption are judged by their policies, not made",
    "calls that Glue and Lambda make by rights of their own are not seen",
    "the nightly schedule is activated at once, whatever `schedule_enabled` says",
    "functions run on Python 3.11, each call anew; /var/task is the unpacked zip, /tmp a folder",
    "processes are told AWS_ENDPOINT_URL and a key pair that stands for their role",
)


@dataclass(frozen=True)
class Override:
    """A variable of a function's environment that is not the template's, and why."""

    name: str
    value: str
    why: str

    def __str__(self) -> str:
        """For a person."""
        return f"{self.name} is {self.value}: {self.why}"


def function_overrides(database: Database) -> list[Override]:
    """What a function that reads the database is told instead of the template's values."""
    return [
        Override("DB_HOST", database.host, "the database is on this machine"),
        Override("DB_PORT", str(database.port), "any free port"),
        Override("DB_CA_FILE", str(database.ca_file), "no public authority vouches for it"),
    ]
