"""What all tests share: one Spark session, started when the first test asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

from fraudlake.session import SessionSettings, build_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession
    from xdist.remote import Producer

pytest_plugins = ["tests.lake_story"]
WITHOUT_SPARK = (
    *("tests/glue_jobs/", "tests/lambdas/", "tests/local/", "tests/stacks/"),
    "tests/test_local_cluster.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a test of the function's footprint run at another size."""
    parser.addoption("--extract-rows", type=int, default=10_000, help="rows of src_blacklist")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Deal the tests to two workers: one has the Spark session, the other what needs none."""
    return _BySpark(config, log)


class _BySpark(LoadScopeScheduling):  # type: ignore[misc] # xdist publishes no types
    """Keeps all tests of a scope on one worker; there are two scopes."""

    def _split_scope(self, nodeid: str) -> str:
        return "without spark" if nodeid.startswith(WITHOUT_SPARK) else "with spark"


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
    yield session
    session.stop()
