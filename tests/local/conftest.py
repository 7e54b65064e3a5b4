"""What tests of the local cloud share: the dev stage, synthesized once, and an empty moto."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import urllib3
from moto.server import ThreadedMotoServer

from fraudlake.local.actors import Actors
from fraudlake.local.deployment import Deployment, synthesize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
