"""What tests of the local cloud share: the dev stage, synthesized once, moto, fronts, lakes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import urllib3
from moto.server import ThreadedMotoServer

from fraudlake.local.actors import Actors
from fraudlake.local.api.front import Front
from fraudlake.local.deployment import Deployment, synthesize
from tests.local.athena_lake import Lake, put_a_day, scored
from tests.local.fronted import HANDLERS, fronted_deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def dev_deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The templates of the stage dev, as the app makes them now; about 15 seconds."""
    return synthesize("dev", tmp_path_factory.mktemp("dev"))


@pytest.fixture(scope="session")
def _moto_server() -> Iterator[ThreadedMotoServer]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def empty_moto(_moto_server: ThreadedMotoServer) -> Callable[[], Actors]:
    """Makes a moto server on loopback forget everything, and gives actors that reach it."""
    endpoint = "http://{}:{}".format(*_moto_server.get_host_and_port())

    def emptied() -> Actors:
        urllib3.request("POST", f"{endpoint}/moto-api/reset")
        return Actors(endpoint, "us-east-1")

    return emptied


@pytest.fixture
def moto_actors(empty_moto: Callable[[], Actors]) -> Actors:
    """Actors of a moto server that has forgotten what earlier tests made."""
    return empty_moto()


@pytest.fixture
def front_deployment(tmp_path: Path) -> Deployment:
    """One role with some rights, and a bucket."""
    return fronted_deployment(tmp_path)


@pytest.fixture
def front(front_deployment: Deployment, tmp_path: Path) -> Iterator[Front]:
    """A front of that deployment, with a few handlers."""
    with Front(front_deployment, HANDLERS, tmp_path / "run" / "calls.jsonl") as running:
        yield running


@pytest.fixture
def front_actors(front: Front) -> Actors:
    """Who reaches that front; its bucket is made."""
    found = Actors(front.endpoint, "us-east-1")
    found.client("s3").create_bucket(Bucket="lake")
    return found


@pytest.fixture(scope="module")
def empty_lake(
    dev_deployment: Deployment,
    empty_moto: Callable[[], Actors],
    tmp_path_factory: pytest.TempPathFactory,
) -> Lake:
    """The lake of the dev stage with an Athena over it, and nothing in its tables."""
    return Lake(dev_deployment, empty_moto(), tmp_path_factory.mktemp("athena"))


@pytest.fixture(scope="module")
def lake(empty_lake: Lake) -> Lake:
    """A lake with a day on which a run scored four transactions."""
    put_a_day(empty_lake, [scored(number) for number in range(1, 5)])
    return empty_lake
