from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.compare import compare_scores
from benchmarks.data.write import Inputs, write_inputs
from benchmarks.history.lake import build_lake
from benchmarks.peers import duckdb_sql, naive_spark, spark_floor
from benchmarks.peers.task import TABLES
from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.scorer import ScoreRequest, score
from fraudlake.sources import InputPaths
from tests.benchmarks.tiny import FIRST, TINY, task
from tests.lakes import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pyspark.sql import SparkSession

    from fraudlake.runs import Manifest

SECOND = FIRST + timedelta(days=1)
FRAMES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            find_spec(package) is None, reason="requirements-bench.txt is not installed"
        ),
    )
    for name, package in (("polars_frames", "polars"), ("pandas_frames", "rapidfuzz"))
]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return write_inputs(tmp_path_factory.mktemp("bench"), TINY)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def our_night(spark: SparkSession, inputs: Inputs, lake: Lake) -> dict[date, list[Path]]:
    """The scored files of the days up to the first night, scored day by day."""
    manifests = scored_by_us(spark, inputs, lake, inputs.plan.history[0], FIRST)
    return {one.batch_date: scored_files(lake, one) for one in manifests}


@pytest.fixture(scope="module")
def ours(
    spark: SparkSession, inputs: Inputs, lake: Lake, our_night: dict[date, list[Path]]
) -> dict[date, list[Path]]:
    """Those, and the scored files of the day after."""
    after = scored_by_us(spark, inputs, lake, SECOND, SECOND)
    return {**our_night, SECOND: scored_files(lake, after[0])}


def scored_by_us(
    spark: SparkSession, inputs: Inputs, lake: Lake, first: date, last: date
) -> list[Manifest]:
    request = ScoreRequest(
        paths=InputPaths(inputs.transactions, inputs.customers, inputs.blacklist, inputs.fx_rates),
        lake=lake,
        book=read_rule_file(),
        first=first,
        last=last,
        is_backfill=first != last,
    )
    return score(spark, request).manifests


def scored_files(lake: Lake, manifest: Manifest) -> list[Path]:
    assert isinstance(lake.root, Path)
    return [lake.root / name for name in manifest.outputs["scored_transactions"]["files"]]


def assert_same_rows(out: Path, ours: dict[date, list[Path]], *batches: date) -> None:
    for batch in batches:
        files = sorted((out / "scored_transactions" / f"batch_date={batch}").glob("*.parquet"))
        compared = compare_scores(ours[batch], files)
        assert compared.rows > 1_900
        assert compared.first == []
        assert compared.differences == 0


def test_duckdb_gives_our_rows_for_a_night(
    inputs: Inputs, our_night: dict[date, list[Path]], tmp_path: Path
) -> None:
    duckdb_sql.run(task(inputs, tmp_path))
    assert_same_rows(tmp_path, our_night, FIRST)
    assert {one.name for one in tmp_path.iterdir()} == set(TABLES)


def test_duckdb_gives_our_rows_for_a_backfill(
    inputs: Inputs, ours: dict[date, list[Path]], tmp_path: Path
) -> None:
    duckdb_sql.run(task(inputs, tmp_path, last=SECOND))
    assert_same_rows(tmp_path, ours, FIRST, SECOND)


@pytest.mark.parametrize("tool", FRAMES)
@pytest.mark.parametrize("last", [FIRST, SECOND])
def test_the_frame_peers_give_our_rows(
    tool: str, last: date, inputs: Inputs, ours: dict[date, list[Path]], tmp_path: Path
) -> None:
    import_module(f"benchmarks.peers.{tool}").run(task(inputs, tmp_path, last))
    assert_same_rows(tmp_path, ours, *{FIRST, last})
    assert {one.name for one in tmp_path.iterdir()} == set(TABLES)


@pytest.fixture
def plain_spark(spark: SparkSession) -> Iterator[SparkSession]:
    yield spark
    spark.catalog.clearCache()


def test_naive_spark_gives_our_rows(
    plain_spark: SparkSession,
    inputs: Inputs,
    ours: dict[date, list[Path]],
    tmp_path: Path,
) -> None:
    naive_spark.run(plain_spark, task(inputs, tmp_path, last=SECOND))
    assert_same_rows(tmp_path, ours, FIRST, SECOND)
    assert {one.name for one in tmp_path.iterdir()} == set(TABLES)


def test_the_spark_floor_writes_every_row(
    spark: SparkSession, inputs: Inputs, tmp_path: Path
) -> None:
    spark_floor.run(spark, task(inputs, tmp_path, last=SECOND))
    assert {one.name for one in tmp_path.iterdir()} == set(TABLES)
    written = spark.read.parquet(str(tmp_path / "scored_transactions"))
    read = spark.read.parquet(*task(inputs, tmp_path, last=SECOND).files_of([FIRST, SECOND]))
    assert written.count() == read.count()


def test_a_night_on_a_built_lake_gives_the_rows_of_one_on_a_lake_scored_day_by_day(
    spark: SparkSession,
    inputs: Inputs,
    lake: Lake,
    our_night: dict[date, list[Path]],
    tmp_path: Path,
) -> None:
    build_lake(inputs, tmp_path / "built", lambda _: None)
    built = Lake(tmp_path / "built")
    night = scored_by_us(spark, inputs, built, FIRST, FIRST)[0]
    other = lake.run_log().in_force[FIRST]
    assert tables(built, night) == tables(lake, other)
    assert len(our_night) == len(other.built_on) + 1
    assert night.rows == other.rows
    assert night.changed_inputs == []
    assert len(night.built_on) == len(other.built_on)
    before = [log.run_log().in_force[FIRST - timedelta(days=1)] for log in (built, lake)]
    facts = [(one.rows, one.moments, one.total_amount_usd, one.inputs) for one in before]
    assert facts[0] == facts[1]
