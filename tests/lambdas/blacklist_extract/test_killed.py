"""The function's process is killed at random moments: never is half a snapshot in force.

The way to S3 is slow on purpose, so that many kills fall into the PUT itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from select import select
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fraudlake.local.mysql.loopback import HOST, LoopbackServer
from tests.lambdas.blacklist_extract.deployed import BUCKET, DAY, snapshot_key
from tests.lambdas.blacklist_extract.processes import Caller, caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from tests.lambdas.blacklist_extract.deployed import Deployed

KILLS_AT_RANDOM = 50
KILLS_IN_THE_PUT = 10
KILLS = KILLS_AT_RANDOM + KILLS_IN_THE_PUT
BYTES_A_SECOND = 10_000_000
PROJECT = Path(__file__).parents[3]


class SlowUpload(LoopbackServer):
    """A way to S3, slow up and quick down; `begun` counts the PUTs of a snapshot."""

    def __init__(self, target: int) -> None:
        super().__init__()
        self._target = target
        self.begun = 0

    def wait_into_put(self, seconds: float) -> None:
        """Wait for the next PUT of a snapshot to begin, and some seconds more."""
        begun, until = self.begun, time.monotonic() + 10
        while self.begun == begun and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(seconds)

    def serve(self, client: socket.socket, number: int) -> None:  # noqa: ARG002 - all are alike
        # What waits in the kernel's buffers arrives even when its sender is dead.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        with socket.create_connection((HOST, self._target)) as server:
            while True:
                for source in select([client, server], [], [])[0]:
                    data = source.recv(16_384)
                    if not data:
                        return
                    if source is client:
                        self.begun += b"PUT /raw-bucket/blacklist/" in data
                        time.sleep(len(data) / BYTES_A_SECOND)
                    (server if source is client else client).sendall(data)


@dataclass(frozen=True)
class Stored:
    """A snapshot as it lies in S3."""

    body: bytes
    metadata: dict[str, str]


def test_a_killed_function_leaves_the_earlier_or_the_new_snapshot_whole(
    deployed_over_http: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed = deployed_over_http
    endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    with SlowUpload(endpoint.port or 0) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{HOST}:{way.port}")
        with caller() as calls:
            earlier, later, duration = two_snapshots(deployed, calls)
            way.begun = 0
            committed = sum(
                is_committed(deployed, calls, wait, earlier, later) for wait in waits(duration, way)
            )
            killed_in_put = way.begun - committed
    print(f"{KILLS} kills: {committed} after the PUT, {killed_in_put} during it")  # noqa: T201
    # Else the moments were not what the test is about.
    assert min(committed, killed_in_put, KILLS - committed - killed_in_put) >= 3


def waits(duration: float, way: SlowUpload) -> Iterator[Callable[[], None]]:
    """How long each kill waits: a share of a call's duration, or a little into its PUT."""
    chance = random.Random(20250131)  # noqa: S311 - a test
    for _ in range(KILLS_AT_RANDOM):
        yield partial(time.sleep, chance.uniform(0, duration))
    for _ in range(KILLS_IN_THE_PUT):
        yield partial(way.wait_into_put, chance.uniform(0, 0.04))


def two_snapshots(deployed: Deployed, calls: Caller) -> tuple[Stored, Stored, float]:
    """What two calls that nobody kills store, before and after a change; how long one takes."""
    deployed.mysql.run(
        "INSERT INTO src_blacklist (blacklist_id, full_name, reason) "
        "SELECT concat('B', seq), concat('Ana Lima ', seq), repeat('earlier ', 250) "
        "FROM seq_1_to_1000",
        database=deployed.database,
    )
    assert calls.call().status == 0
    earlier = stored(deployed)
    deployed.mysql.run(
        "UPDATE src_blacklist SET reason = repeat('later ', 300)", database=deployed.database
    )
    deployed.end_crawl()
    began = time.monotonic()
    assert calls.call().status == 0
    return earlier, stored(deployed), time.monotonic() - began


def is_committed(
    deployed: Deployed, calls: Caller, wait: Callable[[], None], earlier: Stored, later: Stored
) -> bool:
    """Kill a call; whether its snapshot is the one in force, which must be whole."""
    deployed.s3.put_object(
        Bucket=BUCKET, Key=snapshot_key(), Body=earlier.body, Metadata=earlier.metadata
    )
    deployed.end_crawl()
    process = calls.begin()
    wait()
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    calls.end()
    found = stored(deployed)
    assert found.body in (earlier.body, later.body)
    assert deployed.keys("blacklist/") == [snapshot_key()]
    return found.body == later.body


def stored(deployed: Deployed) -> Stored:
    """The snapshot in force, which must agree with the manifest that it names."""
    found = deployed.s3.get_object(Bucket=BUCKET, Key=snapshot_key())
    body, metadata = found["Body"].read(), found["Metadata"]
    folder = f"control/blacklist/snapshot_date={DAY}/{metadata['extract-id']}"
    manifest = json.loads(deployed.text(f"{folder}/manifest.json"))
    digest = hashlib.sha256(body).hexdigest()
    assert digest == metadata["sha256"] == manifest["sha256"]
    return Stored(body, metadata)
