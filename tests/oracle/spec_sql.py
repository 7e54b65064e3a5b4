"""Recomputes the behaviour contract with its default rules and settings, in DuckDB.

Written from the contract alone, so that it can disagree with the pipeline. Made for small data:
every name is compared with every name, and history is kept whole.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from duckdb.func import SPECIAL
from duckdb.sqltypes import BIGINT, DATE, DOUBLE, HUGEINT, VARCHAR

from . import spec_text
from .spec_inputs import (
    BLACKLIST,
    CUSTOMERS,
    FX_RATES,
    StoppedBySpecError,
    has_partition,
    read_records,
    read_transactions,
    snapshot_folder,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    import pandas as pd
    from duckdb.sqltypes import DuckDBPyType

TABLES = (
    "scored_transactions",
    "quarantine",
    "flagged_customers",
    "customer_risk",
    "customer_profile",
)
SECTIONS = (
    "s2_parse",
    "s4_convert",
    "s3_cleanse",
    "s5_people",
    "s5_match",
    "s6_features",
    "s7_rules",
    "s8_outputs",
)
TEXT_TO_TEXT = (
    spec_text.trim_text,
    spec_text.upper_text,
    spec_text.clean_text,
    spec_text.clean_email,
    spec_text.clean_phone,
    spec_text.name_key,
)
LIST_COLUMNS = ("reject_reasons", "risk_reasons", "points")


def score_in_sql(
    *,
    transactions: Path,
    customers: Path,
    blacklist: Path,
    fx_rates: Path,
    batch_dates: Sequence[date],
) -> dict[date, dict[str, pd.DataFrame]]:
    """The five tables of every batch, scored in date order; dates without a partition are left out.

    Money is `Decimal`, timestamps are UTC without a zone (microseconds), lists are Python lists,
    sums of squares are whole numbers as `Decimal`. Raises `StoppedBySpecError` when the run must
    stop: a missing required column, too many malformed lines, two values for a rate.
    """
    connection = connect(fx_rates)
    results = {}
    for batch_date in sorted(set(batch_dates)):
        if has_partition(transactions, batch_date):
            connection.execute(f"SET VARIABLE batch_date = DATE '{batch_date}'")
            _register_inputs(connection, transactions, customers, blacklist, batch_date)
            results[batch_date] = _score_batch(connection)
    return results


def connect(fx_rates: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB session with the functions, the macros, the rates and an empty history."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    _register_functions(connection)
    connection.register("raw_fx_rates", read_records(fx_rates, FX_RATES))
    _run_section(connection, "s0_setup")
    _run_section(connection, "s4_rates")
    return connection


def mean_usd(count: int | None, total_cents: int | None) -> float | None:
    """The mean in USD of `count` amounts, from their exact sum, rounded once to a double."""
    if count is None or total_cents is None:
        return None
    return total_cents / (100 * count)


def sd_usd(count: int | None, total_cents: int | None, squares_cents: int | None) -> float | None:
    """The population standard deviation in USD, from exact sums, rounded once to a double."""
    if count is None or total_cents is None or squares_cents is None:
        return None
    with localcontext(prec=100):
        spread = Decimal(count * squares_cents - total_cents * total_cents).sqrt()
        return float(spread / (100 * count))


def _register_functions(connection: duckdb.DuckDBPyConnection) -> None:
    for function in TEXT_TO_TEXT:
        _register(connection, function, [VARCHAR], VARCHAR)
    _register(connection, spec_text.clean_date, [VARCHAR], DATE)
    _register(connection, spec_text.moment_micros, [VARCHAR], BIGINT)
    _register(connection, spec_text.record_micros, [VARCHAR], BIGINT)
    _register(connection, spec_text.edit_distance_within, [VARCHAR, VARCHAR, BIGINT], BIGINT)
    _register(connection, mean_usd, [HUGEINT, HUGEINT], DOUBLE)
    _register(connection, sd_usd, [HUGEINT, HUGEINT, HUGEINT], DOUBLE)


def _register(
    connection: duckdb.DuckDBPyConnection,
    function: Callable[..., object],
    taken: list[DuckDBPyType],
    given: DuckDBPyType,
) -> None:
    connection.create_function(function.__name__, function, taken, given, null_handling=SPECIAL)


def _register_inputs(
    connection: duckdb.DuckDBPyConnection,
    transactions: Path,
    customers: Path,
    blacklist: Path,
    batch_date: date,
) -> None:
    people = read_records(snapshot_folder(customers, batch_date), CUSTOMERS)
    entries = read_records(snapshot_folder(blacklist, batch_date), BLACKLIST)
    connection.register("raw_transactions", read_transactions(transactions, batch_date))
    connection.register("raw_customers", people)
    connection.register("raw_blacklist", entries)


def _score_batch(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    stopping = connection.sql("FROM rates_that_stop_the_run").fetchall()
    if stopping:
        raise StoppedBySpecError(f"rates that cannot be used: {stopping}")
    for section in SECTIONS:
        _run_section(connection, section)
    return {name: _frame(connection, f"out_{name}") for name in TABLES}


def _run_section(connection: duckdb.DuckDBPyConnection, section: str) -> None:
    connection.execute((Path(__file__).parent / f"{section}.sql").read_text(encoding="utf-8"))


def _frame(connection: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    # Through Arrow: DuckDB's own conversion to pandas would turn decimals into doubles.
    frame: pd.DataFrame = connection.sql(f"FROM {table}").fetch_arrow_table().to_pandas()
    for column in set(LIST_COLUMNS) & set(frame.columns):
        frame[column] = [list(values) for values in frame[column]]
    return frame
