"""Chooses the Node.js of the packages before any test imports the CDK; synthesizes all once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import stacks  # noqa: F401 - for what its import does
from tests.stacks.whole_app import Templates, synthesized

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def dev_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dev")


@pytest.fixture(scope="session")
def whole_dev(dev_folder: Path) -> Templates:
    return synthesized("dev", dev_folder)


@pytest.fixture(scope="session")
def whole_prod(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return synthesized("prod", tmp_path_factory.mktemp("prod"))
