"""What all tests share: one Spark session, started when the first test asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fraudlake.session import SessionSettings, build_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a test of the function's footprint run at another size."""
    parser.addoption("--extract-rows", type=int, default=10_000, help="rows of src_blacklist")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers at most: one has the Spark session, the other what needs none."""
    for item in items:
        group = "lambdas" if Path(__file__).with_name("lambdas") in item.path.parents else "spark"
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One session for all tests; small, so that shuffles of a few rows are quick."""
    session = build_session(
        SessionSettings(
            master="local[2]",
            driver_memory_mb=2048,
            app_name="fraudlake-tests",
            shuffle_partitions=2,
            local_dir=tmp_path_factory.mktemp("spark"),
        )
    )
    # Joining partitions of a few rows as it goes costs more than it saves; scoring by folders
    # turns it on again for itself.
    session.conf.set("spark.sql.adaptive.enabled", "false")
    yield session
    session.stop()
