"""What the tests of this folder start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .tiny_lake import TinyLake

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lake(tmp_path: Path) -> TinyLake:
    return TinyLake(tmp_path)
