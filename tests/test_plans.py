"""What Spark's plans of a pass say: whole rows are moved at most once, and all code is compiled."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark import StorageLevel

from fraudlake import session
from fraudlake.kept import KeptFrames
from fraudlake.lake import Lake
from tests.lakes import Inputs, score_days
from tests.plans import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from py4j.java_gateway import JavaObject
    from pyspark.sql import DataFrame, SparkSession

    from fraudlake.lake import Runs

DAYS = ("2025-03-10", "2025-03-11")
MOST_BYTES_OF_A_METHOD = 8_000  # Java runs longer ones without compiling them
USUAL = {"merchant_id": "m", "channel": "card", "country": "NP", "note": "not of the contract"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Two days of typed transactions, with a repeat, company within seconds, and more columns."""
    root = tmp_path_factory.mktemp("typed")
    found = Inputs(root)
    found.write("customers/customers.csv", [{"customer_id": "C1", "full_name": "Ana Ash"}])
    found.write("blacklist/blacklist.csv", [{"blacklist_id": "B1", "full_name": "Ben Birch"}])
    found.write_rates(("2025-03-07", "EUR", "1.0833"))
    for day in DAYS:
        noon = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)
        numbers = [*range(8), 7]
        rows = [
            USUAL
            | {
                "transaction_id": f"{day} {number}",
                "customer_id": f"C{number % 3}",
                "transaction_ts": noon + timedelta(seconds=number),
                "amount": Decimal(number + 1),
                "currency": ("USD", "EUR")[number % 2],
            }
            for number in numbers
        ]
        folder = root / f"transactions/ingest_date={day}"
        folder.mkdir(parents=True)
        schema = pa.schema(
            [
                *((name, pa.string()) for name in ("transaction_id", "customer_id", "currency")),
                ("transaction_ts", pa.timestamp("us", "UTC")),
                ("amount", pa.decimal128(16, 4)),
                *((name, pa.string()) for name in USUAL),
            ]
        )
        pq.write_table(pa.Table.from_pylist(rows, schema), folder / "part-0.parquet")
    return found


@contextmanager
def as_if_large(spark: SparkSession) -> Iterator[None]:
    """Make code for whole stages, which a small input does not get."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "SMALL_INPUT", 0)
        yield
    spark.conf.unset("spark.sql.codegen.wholeStage")


def plan_of_whole_rows(spark: SparkSession, inputs: Inputs, lake: Lake) -> JavaObject:
    """Score both days, and give the plan by which the whole rows were written."""
    written: dict[str, DataFrame] = {}
    write = Lake.write

    def noted(lake: Lake, rows: DataFrame, table: str, runs: Runs) -> None:
        written[table] = rows
        write(lake, rows, table, runs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lake, "write", noted)
        score_days(spark, inputs, lake, *DAYS)
    return written["scored_transactions"].select("*")._jdf.queryExecution().executedPlan()


@pytest.fixture(scope="module")
def plan(
    spark: SparkSession, inputs: Inputs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[JavaObject]:
    """The plan of the whole rows, all that they meet being small."""
    with as_if_large(spark):
        yield plan_of_whole_rows(spark, inputs, Lake(tmp_path_factory.mktemp("lake")))


def over_whole_rows(plan: JavaObject, kind: str) -> int:
    """How many nodes of a kind stand above a reading of the transactions' files."""
    found = [one for one in nodes(plan) if one.nodeName() == kind]
    return sum(any(_is_reading(one) for one in nodes(node)) for node in found)


def _is_reading(node: JavaObject) -> bool:
    return bool(node.nodeName().startswith("Scan parquet"))


def test_whole_rows_are_neither_moved_nor_sorted(plan: JavaObject) -> None:
    assert over_whole_rows(plan, "Project")
    assert over_whole_rows(plan, "Exchange") == 0
    assert over_whole_rows(plan, "Sort") == 0


def test_only_the_columns_of_the_contract_are_read(plan: JavaObject) -> None:
    [scan] = [one for one in nodes(plan) if _is_reading(one)]
    names = list(scan.requiredSchema().fieldNames())
    assert "transaction_id" in names
    assert "note" not in names


def test_java_compiles_every_stage(spark: SparkSession, plan: JavaObject) -> None:
    jvm: Any = spark._jvm
    made = jvm.org.apache.spark.sql.execution.debug.package.codegenStringSeq(plan)
    sizes = [made.apply(at)._3().maxMethodCodeSize() for at in range(made.size())]
    assert len(sizes) > 1
    assert max(sizes) <= MOST_BYTES_OF_A_METHOD


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[StorageLevel]:
    """Where the frames are kept of whatever is scored in the test."""
    levels: list[StorageLevel] = []
    keep = KeptFrames.keep

    def noted(
        frames: KeptFrames, rows: DataFrame, where: StorageLevel = StorageLevel.MEMORY_AND_DISK
    ) -> DataFrame:
        levels.append(where)
        return keep(frames, rows, where)

    monkeypatch.setattr(KeptFrames, "keep", noted)
    return levels


def test_where_memory_is_short_whole_rows_are_moved_once_and_narrow_ones_kept_on_disk(
    spark: SparkSession,
    inputs: Inputs,
    kept: list[StorageLevel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "heap_bytes", lambda _spark: 0)
    with as_if_large(spark):
        plan = plan_of_whole_rows(spark, inputs, Lake(tmp_path / "lake"))
    # By customer; and by id, to leave repeats out, because those count as too many here too.
    assert over_whole_rows(plan, "Exchange") == 1 + 1
    assert over_whole_rows(plan, "Sort") == 0
    assert StorageLevel.DISK_ONLY in kept
