"""Chooses the Node.js of the packages before any test imports the CDK; synthesizes all once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stacks.synthesis import Templates, synthesized

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
