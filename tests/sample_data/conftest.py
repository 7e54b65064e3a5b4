"""One small sample, written once for all tests of this folder."""

from __future__ import annotations

import pytest

from .written_sample import DENSE, SMALL, Sample, make_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sample(tmp_path_factory.mktemp("sample"), SMALL)


@pytest.fixture(scope="session")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sample(tmp_path_factory.mktemp("dense"), DENSE)
