"""Chooses the Node.js of the packages before any test imports the CDK; synthesizes all once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stacks.synthesis import Templates, synthesized
from tests.stacks.feeding import Fed, Resource, function, stages

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def dev_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dev")


@pytest.fixture(scope="session")
def whole_dev(dev_folder: Path) -> Templates:
    return synthesized("dev", dev_folder)


@pytest.fixture(scope="session")
def prod_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prod")


@pytest.fixture(scope="session")
def whole_prod(prod_folder: Path) -> Templates:
    return synthesized("prod", prod_folder)


@pytest.fixture(scope="session")
def dev() -> Fed:
    """The stacks that feed the lake, of the stage dev as it comes."""
    return stages()["dev"]


@pytest.fixture(scope="session")
def extract(dev: Fed) -> Resource:
    """The function that extracts the blacklist."""
    return function(dev.ingest, "fraudlake-dev-blacklist-extract")


@pytest.fixture(scope="session")
def rates(dev: Fed) -> Resource:
    """The function that fetches rates."""
    return function(dev.ingest, "fraudlake-dev-fx-rates")
