"""The scores against an independent implementation of the same contract in DuckDB's SQL."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import pyarrow.parquet as pq
import pytest

from fraudlake.lake import Lake
from fraudlake.rules.file import read_rule_file
from fraudlake.sample_data import SamplePlan, write_sample_data
from fraudlake.scorer import ScoreRequest, ScoreResult, score
from fraudlake.sources import InputPaths
from tests.oracle.spec_sql import score_in_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pandas as pd
    from pyspark.sql import SparkSession

PLAN = SamplePlan(transactions=6_000, customers=700, days=3, blacklist_entries=200)
KEYS = {
    "scored_transactions": ("customer_id", "transaction_id"),
    "quarantine": ("raw_line", "transaction_id", "customer_id", "transaction_ts", "amount"),
    "flagged_customers": ("customer_id",),
    "customer_risk": ("customer_id",),
    "customer_profile": ("customer_id",),
}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample_data(folder, PLAN)
    return folder


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def scored(spark: SparkSession, sample: Path, lake: Path) -> ScoreResult:
    request = ScoreRequest(
        paths=InputPaths(*(sample / name for name in _INPUTS)),
        lake=Lake(lake),
        book=read_rule_file(),
        first=PLAN.first_date,
        last=PLAN.last_date,
        is_backfill=True,
    )
    return score(spark, request)


@pytest.fixture(scope="module")
def expected(sample: Path) -> Mapping[date, Mapping[str, pd.DataFrame]]:
    folders = {name: sample / name for name in _INPUTS}
    return score_in_sql(**folders, batch_dates=PLAN.dates)


_INPUTS = ("transactions", "customers", "blacklist", "fx_rates")


@pytest.mark.parametrize("table", KEYS)
def test_every_row_agrees_with_the_sql(
    table: str,
    scored: ScoreResult,
    expected: Mapping[date, Mapping[str, pd.DataFrame]],
    lake: Path,
) -> None:
    for manifest in scored.manifests:
        files = manifest.outputs[table]["files"]
        ours = [row for name in files for row in pq.read_table(lake / name).to_pylist()]
        theirs = cast("list[Row]", expected[manifest.batch_date][table].to_dict("records"))
        assert len(theirs) > 0
        differences = list(_differences(table, ours, theirs))
        assert not differences, f"{manifest.batch_date}: {differences[:5]}"


def _differences(table: str, ours: list[Row], theirs: list[Row]) -> Iterable[str]:
    left, right = _by_key(table, ours), _by_key(table, theirs)
    for key in left.keys() ^ right.keys():
        yield f"{key} only {'here' if key in left else 'in SQL'}"
    for key in left.keys() & right.keys():
        for name, expected in right[key].items():
            found = _found(name, left[key])
            if not _is_same(found, expected):
                yield f"{key} {name}: {found!r}, SQL says {expected!r}"


def _by_key(table: str, rows: list[Row]) -> dict[tuple[str, ...], Row]:
    ordered = sorted(rows, key=lambda row: repr(_plain(row.get("reject_reasons"))))
    keyed: dict[tuple[str, ...], Row] = {}
    for row in ordered:
        key = tuple(str(_plain(row[name]) or "") for name in KEYS[table])
        position = sum(1 for known in keyed if known[: len(key)] == key)
        keyed[*key, str(position)] = row
    return keyed


def _found(name: str, row: Row) -> object:
    return [one["points"] for one in row["evidence"]] if name == "points" else row[name]


def _is_same(found: object, expected: object) -> bool:
    found, expected = _plain(found), _plain(expected)
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)
    return found == expected


def _plain(value: object) -> object:
    """One form for what two engines call the same: nulls, times, numbers, lists."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, datetime):
        return None if str(value) == "NaT" else value.replace(tzinfo=None)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value).normalize()
    return list(value) if isinstance(value, list | tuple) else value
