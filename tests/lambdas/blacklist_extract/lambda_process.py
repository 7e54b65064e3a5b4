"""The function in a process of its own, as Lambda runs it: to be measured, and to be killed.

    python -m tests.lambdas.blacklist_extract.lambda_process

Reads snapshot dates from standard input, a line each. For each it forks a process that calls the
handler, prints the process id, waits for it, and prints its exit status and its peak memory in MB.
"""

from __future__ import annotations

import os
import resource
import sys

import boto3

from fraudlake.errors import FraudlakeError
from lambdas.blacklist_extract.handler import handler
from tests.lambdas.blacklist_extract.deployed import Invocation


def main() -> None:
    """Serve calls until standard input ends."""
    for service in ("s3", "glue", "secretsmanager"):
        boto3.client(service)  # the service models stay in the loader's cache
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _call(line.strip())
        print(pid, flush=True)  # noqa: T201 - the protocol of this program
        _, status, usage = os.wait4(pid, 0)
        print(status, usage.ru_maxrss // 1024, flush=True)  # noqa: T201


def _call(day: str) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        handler({"snapshot_date": day}, Invocation(600))
    except FraudlakeError:
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
