from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest

from benchmarks.data import rows as made
from benchmarks.data.people import Customers
from benchmarks.data.plan import DataPlan
from benchmarks.data.trouble import LATE_DAYS, REJECTS, troubled_rows
from benchmarks.data.write import bytes_to_write, write_inputs

if TYPE_CHECKING:
    from pathlib import Path

PLAN = DataPlan(rows_a_day=20_000, history_days=1, scored_days=1, customers=500, entries=200)
DAY = PLAN.first_scored


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_inputs(folder, PLAN)
    return folder


@pytest.fixture(scope="module")
def scored(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, day in (("today", DAY), ("yesterday", DAY - timedelta(days=1))):
        path = folder / PLAN.name / "transactions" / f"ingest_date={day}" / "*.parquet"
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{path}')")
    return connection


def number(connection: duckdb.DuckDBPyConnection, condition: str) -> int:
    return int(connection.table("today").filter(condition).count("*").fetchall()[0][0])


def hashes(folder: Path) -> dict[str, str]:
    files = (one for one in sorted(folder.rglob("*")) if one.is_file())
    return {str(one.relative_to(folder)): sha256(one.read_bytes()).hexdigest() for one in files}


def test_the_same_plan_gives_the_same_bytes_and_another_seed_others(
    folder: Path, tmp_path: Path
) -> None:
    write_inputs(tmp_path / "again", PLAN)
    assert hashes(tmp_path / "again") == hashes(folder)
    other = replace(PLAN, seed=8)
    write_inputs(tmp_path / "other", other)
    one, two = hashes(folder / PLAN.name), hashes(tmp_path / "other" / other.name)
    assert one.keys() == two.keys()
    assert not set(one.values()) & set(two.values())


def test_a_day_is_the_same_in_every_set_that_has_it(folder: Path, tmp_path: Path) -> None:
    longer = replace(PLAN, history_days=2)
    write_inputs(tmp_path, longer)
    name = f"transactions/ingest_date={DAY}/part-0000.parquet"
    assert (tmp_path / longer.name / name).read_bytes() == (folder / PLAN.name / name).read_bytes()


def test_days_are_written_once_and_linked(folder: Path) -> None:
    assert bytes_to_write(folder, PLAN) == 0
    file = next((folder / PLAN.name / "transactions").rglob("*.parquet"))
    assert file.stat().st_nlink == 2


def test_large_days_come_in_several_files_whose_rows_add_up() -> None:
    assert DataPlan(rows_a_day=2_500_001).chunks == [833_333, 833_334, 833_334]


def test_a_clean_day_has_nothing_that_would_be_set_aside() -> None:
    rows = made.clean_rows(Customers(PLAN), DAY, 0)
    assert len(np.unique(rows.number)) == len(rows) == PLAN.rows_a_day
    assert rows.customer.min() >= 0
    assert rows.amount.min() > 0
    assert made.midnight(DAY) <= rows.ts.min()
    assert rows.ts.max() < made.midnight(DAY) + made.DAY


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("MISSING_CUSTOMER_ID", "customer_id IS NULL"),
        ("INVALID_TIMESTAMP", "transaction_ts IS NULL"),
        ("FUTURE_TIMESTAMP", f"transaction_ts >= DATE '{DAY}' + 2"),
        ("TOO_LATE", f"transaction_ts < DATE '{DAY}' - 7"),
        ("REFUND_OR_REVERSAL", "amount < 0"),
        ("ZERO_AMOUNT", "amount = 0"),
        ("INVALID_CURRENCY", "currency = 'U5D'"),
        ("NO_FX_RATE", "currency = 'XAU'"),
    ],
)
def test_a_scored_day_has_rejects_of_every_kind(
    scored: duckdb.DuckDBPyConnection, kind: str, condition: str
) -> None:
    assert kind in REJECTS
    assert number(scored, condition) == pytest.approx(20_000 * 0.003 / len(REJECTS), abs=2)


def test_a_scored_day_has_late_rows_repeats_unknown_customers_and_large_amounts(
    scored: duckdb.DuckDBPyConnection,
) -> None:
    late = f"transaction_ts >= DATE '{DAY}' - {LATE_DAYS} AND transaction_ts < DATE '{DAY}'"
    is_old = "transaction_id IN (SELECT transaction_id FROM yesterday)"
    assert number(scored, f"{late} AND NOT {is_old}") == 40
    assert number(scored, is_old) == 10
    assert number(scored, "true") == 20_000 + 20 + 10
    twice = "(SELECT transaction_id FROM today GROUP BY ALL HAVING count(*) > 1)"
    assert number(scored, f"transaction_id IN {twice}") == 40
    assert number(scored, "customer_id LIKE 'U%'") == pytest.approx(100, abs=40)
    assert number(scored, "currency = 'USD' AND amount > 5000") > 2
    assert number(scored, "currency = 'USD'") == pytest.approx(12_000, rel=0.15)


def test_bursts_stand_inside_the_day_and_across_midnight(
    scored: duckdb.DuckDBPyConnection,
) -> None:
    windows = scored.sql("""
        SELECT transaction_ts, count(*) OVER (
            PARTITION BY customer_id ORDER BY transaction_ts
            RANGE BETWEEN INTERVAL 59 SECONDS PRECEDING AND CURRENT ROW) AS many
        FROM (SELECT customer_id, transaction_ts FROM today
            UNION SELECT customer_id, transaction_ts FROM yesterday)
    """)
    assert windows.filter("many >= 4").count("*").fetchall()[0][0] > 10
    begins = (
        f"transaction_ts >= DATE '{DAY}' AND transaction_ts < DATE '{DAY}' + INTERVAL 30 SECONDS"
    )
    assert windows.filter(f"many >= 4 AND {begins}").count("*").fetchall()[0][0] > 0


def test_one_customer_can_own_a_fifth_of_the_rows() -> None:
    skewed = replace(PLAN, skew=0.2)
    rows = troubled_rows(Customers(skewed), DAY, 0)
    assert np.mean(rows.customer == 0) == pytest.approx(0.2, abs=0.02)


def test_the_blacklist_means_customers_in_every_way_and_some_entries_are_not_in_force(
    folder: Path,
) -> None:
    path = folder / PLAN.name / "blacklist" / "*.parquet"
    entries = duckdb.sql(f"FROM read_parquet('{path}')")
    for condition in (
        "customer_id IS NOT NULL",
        "email IS NOT NULL",
        "phone IS NOT NULL",
        "full_name IS NOT NULL AND date_of_birth IS NOT NULL",
        "full_name IS NOT NULL AND date_of_birth IS NULL",
        f"expires_at < DATE '{DAY}'",
        f"listed_at > DATE '{DAY}'",
    ):
        assert entries.filter(condition).count("*").fetchall()[0][0] > 0, condition


def test_rates_have_no_week_ends_and_reach_before_the_first_day(folder: Path) -> None:
    path = folder / PLAN.name / "fx_rates" / "*.parquet"
    rates = duckdb.sql(f"FROM read_parquet('{path}')")
    assert rates.filter("isodow(rate_date) > 5").count("*").fetchall()[0][0] == 0
    first = rates.min("rate_date").fetchall()[0][0]
    assert first < DAY - timedelta(days=25)
