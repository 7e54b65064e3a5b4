"""Transaction files: ordinary and planted rows of a day, merged by time and written."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fraudlake.sample_data.ordinary import DAY_MS, OrdinaryDay
from fraudlake.sample_data.world import (
    CHANNELS,
    COUNTRIES,
    CURRENCIES,
    CURRENCIES_WITHOUT_CENTS,
    TRANSACTION_COLUMNS,
    Integers,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.sample_data.planted_row import PlantedRow

AMOUNT_TYPE = pa.decimal128(16, 4)
MOMENT_TYPE = pa.timestamp("us", tz="UTC")
STEP = Decimal("0.0001")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADER_LINES = 1


@dataclass(frozen=True)
class Merge:
    """Where rows go in a file.

    `order` picks from the ordinary rows followed by the planted ones, `places` are the numbers
    (from 0) that the planted rows get.
    """

    order: Integers
    places: list[int]


def write_day_csv(
    path: Path, day: date, ordinary: OrdinaryDay, planted: list[PlantedRow]
) -> list[int]:
    """Write one partition as CSV; the physical line (header is 1) of each planted row."""
    merge = _merge(ordinary, planted, day)
    lines = pa.concat_arrays([_ordinary_lines(day, ordinary), _planted_lines(planted)])
    body = "\n".join(lines.take(pa.array(merge.order)).to_pylist())
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"{','.join(TRANSACTION_COLUMNS)}\n{body}\n"
    path.write_bytes(text.encode())
    return [place + HEADER_LINES + 1 for place in merge.places]


def write_day_parquet(
    path: Path, day: date, ordinary: OrdinaryDay, planted: list[PlantedRow]
) -> list[int]:
    """Write one partition as typed Parquet; the row (from 1) of each planted row."""
    merge = _merge(ordinary, planted, day)
    typed = _ordinary_columns(day, ordinary)
    typed["transaction_ts"] = _to_moments(day, ordinary)
    typed["amount"] = _to_decimals(ordinary.amount_cents)
    table = pa.concat_tables([pa.table(typed).select(TRANSACTION_COLUMNS), _planted_table(planted)])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.take(pa.array(merge.order)), path, compression="zstd")
    return [place + 1 for place in merge.places]


def _merge(ordinary: OrdinaryDay, planted: list[PlantedRow], day: date) -> Merge:
    """Order by time of day, also for rows of other days: they arrive scattered."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    offsets = [(row.moment - midnight) // timedelta(milliseconds=1) for row in planted]
    times = np.concatenate([ordinary.ts_ms, np.array(offsets, dtype=np.int64)])
    order = np.argsort(times % DAY_MS, kind="stable")
    places = np.empty_like(order)
    places[order] = np.arange(order.size)
    return Merge(order, places[ordinary.ts_ms.size :].tolist())


def _ordinary_lines(day: date, ordinary: OrdinaryDay) -> pa.Array:
    columns = _ordinary_columns(day, ordinary)
    columns["transaction_ts"] = _print_moments(day, ordinary)
    columns["amount"] = _print_amounts(ordinary)
    texts = [pc.fill_null(columns[name], "") for name in TRANSACTION_COLUMNS]
    return pc.binary_join_element_wise(*texts, ",")


def _ordinary_columns(day: date, ordinary: OrdinaryDay) -> dict[str, pa.Array]:
    """The columns that are text in both formats."""
    merchant = pa.array(ordinary.merchant, mask=ordinary.merchant < 0)
    return {
        "transaction_id": _number(f"T{day:%Y%m%d}", pa.array(np.arange(ordinary.customer.size)), 8),
        "customer_id": _number("C", pa.array(ordinary.customer), 8),
        "currency": _choose(CURRENCIES, ordinary.currency),
        "merchant_id": _number("M", merchant, 6),
        "channel": _choose(CHANNELS, ordinary.channel),
        "country": _choose([country.code for country in COUNTRIES], ordinary.country),
    }


def _number(prefix: str, numbers: pa.Array, width: int) -> pa.Array:
    digits = pc.utf8_lpad(numbers.cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def _choose(options: tuple[str, ...] | list[str], indices: Integers) -> pa.Array:
    return pa.array(options).take(pa.array(indices))


def _print_moments(day: date, ordinary: OrdinaryDay) -> pa.Array:
    moments = _to_milliseconds(day, ordinary).view(pa.timestamp("ms"))
    text = pc.strftime(moments, format="%Y-%m-%dT%H:%M:%S")
    return pc.binary_join_element_wise(text, "Z", "")


def _to_milliseconds(day: date, ordinary: OrdinaryDay) -> pa.Array:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return pa.array(ordinary.ts_ms + (midnight - EPOCH) // timedelta(milliseconds=1))


def _to_moments(day: date, ordinary: OrdinaryDay) -> pa.Array:
    return pc.multiply(_to_milliseconds(day, ordinary), 1000).view(MOMENT_TYPE)


def _print_amounts(ordinary: OrdinaryDay) -> pa.Array:
    whole = pa.array(ordinary.amount_cents // 100).cast(pa.string())
    cents = pc.utf8_lpad(pa.array(ordinary.amount_cents % 100).cast(pa.string()), 2, "0")
    without = [CURRENCIES.index(code) for code in CURRENCIES_WITHOUT_CENTS]
    is_whole = pa.array(np.isin(ordinary.currency, without))
    return pc.if_else(is_whole, whole, pc.binary_join_element_wise(whole, cents, "."))


def _to_decimals(cents: Integers) -> pa.Array:
    # A decimal128 is two little-endian 64-bit words; the upper one holds the sign.
    scaled = cents * 100
    words = np.stack([scaled, scaled >> 63], axis=1)
    return pa.Array.from_buffers(AMOUNT_TYPE, cents.size, [None, pa.py_buffer(words.tobytes())])


def _planted_lines(planted: list[PlantedRow]) -> pa.Array:
    return pa.array([_print_line(row.fields) for row in planted], type=pa.string())


def _print_line(fields: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def _planted_table(planted: list[PlantedRow]) -> pa.Table:
    columns = {
        name: pa.array([row.value(name) or None for row in planted], type=pa.string())
        for name in TRANSACTION_COLUMNS
    }
    moments = [row.moment if row.value("transaction_ts") else None for row in planted]
    columns["transaction_ts"] = pa.array(moments, type=MOMENT_TYPE)
    amounts = [_to_decimal(row.value("amount")) for row in planted]
    columns["amount"] = pa.array(amounts, type=AMOUNT_TYPE)
    return pa.table(columns)


def _to_decimal(text: str) -> Decimal | None:
    return Decimal(text.strip()).quantize(STEP, ROUND_HALF_UP) if text else None
