"""Conversion fails closed: which rate is used, how it is rounded, and what is no rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.batches import Batches
from fraudlake.exact import cents_of, usd
from fraudlake.fx import (
    FxRates,
    Rate,
    covered_stretches,
    doubtful_rates,
    typed_rates,
    usable_from,
    with_usd,
)
from tests.frames import DAY, SETTINGS, Literal, as_text, frame, pairs, records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

RAW_RATES = "rate_date string, currency string, usd_per_unit string, raw_line string"
TYPED = "id string, currency string, transaction_ts timestamp, amount decimal(16,4)"


def day(offset: int) -> date:
    return DAY + timedelta(offset)


def rate(currency: str, offset: int, value: str) -> Rate:
    return Rate(day(offset), currency, Decimal(value))


# The value of a rate tells its date: 1.07 is of seven days ago, 2.01 of the day after the batch.
PUBLISHED = [
    rate("EUR", -7, "1.07"),
    rate("GBP", -8, "1.08"),
    rate("CHF", -2, "1.02"),
    rate("CHF", -1, "1.01"),
    rate("CHF", 0, "1.00"),
    rate("CHF", 1, "2.01"),
    rate("SEK", 1, "2.01"),
    rate("USD", 0, "7"),
    rate("NOK", -15, "1.15"),
    rate("DKK", -14, "1.14"),
    rate("PLN", -30, "1.30"),
    rate("PLN", -12, "1.12"),
]

# id: currency, days from the batch date, clock, and the rate and its date (offset), if any.
LOOKED_UP: dict[str, tuple[str, int, str, tuple[str, int] | None]] = {
    "seven days old": ("EUR", 0, "23:59:59.999999", ("1.0700000000", -7)),
    "eight days old": ("GBP", 0, "00:00", None),
    "eight days old on a row from ahead": ("EUR", 1, "00:30", None),
    "seven days old on a late row": ("GBP", -1, "23:59", ("1.0800000000", -8)),
    "newest on its own date": ("CHF", 0, "00:00", ("1.0000000000", 0)),
    "a later rate is not known yet": ("CHF", -1, "23:59:59.999999", ("1.0100000000", -1)),
    "the newest before": ("CHF", -2, "12:00", ("1.0200000000", -2)),
    "before the first rate": ("CHF", -3, "23:59:59.999999", None),
    "dated after the batch": ("SEK", 1, "00:30", None),
    "a row from ahead takes the batch's": ("CHF", 1, "00:30", ("1.0000000000", 0)),
    "dollars": ("USD", 0, "12:00", ("1.0000000000", 0)),
    "dollars from ahead": ("USD", 1, "00:59", ("1.0000000000", 1)),
    "dollars of a late row": ("USD", -7, "12:00", ("1.0000000000", -7)),
    "oldest row, oldest rate": ("DKK", -7, "12:00", ("1.1400000000", -14)),
    "oldest row, eight days old": ("NOK", -7, "12:00", None),
    "no currency at all": ("XXX", 0, "12:00", None),
}


def converted(spark: SparkSession, *rows: Literal, rates: Sequence[Rate] = PUBLISHED) -> DataFrame:
    fx = FxRates(rates, covered_stretches(rates, SETTINGS.fx))
    typed = frame(spark, TYPED, *rows).withColumn("batch_at", F.lit(0))
    return with_usd(typed, fx, Batches((DAY,)), SETTINGS)


def test_the_rate_is_the_newest_that_is_known_and_fresh(spark: SparkSession) -> None:
    rows = [
        {"id": name, "currency": code, "transaction_ts": f"{day(offset)} {clock}", "amount": 1}
        for name, (code, offset, clock, _) in LOOKED_UP.items()
    ]
    facts = F.struct(as_text("fx_rate"), F.col("fx_rate_date"), F.col("has_fx_rate"))
    found = pairs(converted(spark, *rows), "id", facts)
    for name, (_, _, _, expected) in LOOKED_UP.items():
        value, offset = expected or (None, None)
        of = None if offset is None else day(offset)
        assert tuple(found[name]) == (value, of, expected is not None), name


# Rows too late to convert still tell whether their date had a rate.
LATE = {
    "first day of a rate": ("PLN", -30, True),
    "its last day": ("PLN", -23, True),
    "a day later": ("PLN", -22, False),
    "in the gap": ("PLN", -13, False),
    "the next rate": ("PLN", -12, True),
    "the day before any rate": ("PLN", -31, False),
    "dollars": ("USD", -400, True),
}


def test_a_row_too_late_only_learns_whether_there_was_a_rate(spark: SparkSession) -> None:
    rows = [
        {"id": name, "currency": code, "transaction_ts": f"{day(offset)} 12:00", "amount": 1}
        for name, (code, offset, _) in LATE.items()
    ]
    found = pairs(converted(spark, *rows), "id", "has_fx_rate")
    assert found == {name: expected for name, (_, _, expected) in LATE.items()}


PRODUCTS = [
    ("10", "0.1005", "1.01"),
    ("10", "0.1004999999", "1.00"),
    ("0.0050", "1", "0.01"),
    ("0.0049", "1", "0.00"),
    ("1.0050", "1", "1.01"),
    ("2.6750", "1", "2.68"),
    ("0.1250", "1", "0.13"),
    ("0.1350", "1", "0.14"),
    ("1", "1.00495", "1.00"),
    ("1", "1.0049999999", "1.00"),
    ("3", "0.3333333333", "1.00"),
    ("100000000", "1.0000000001", "100000000.01"),
    ("999999999999.9999", "1", "1000000000000.00"),
    ("999999999999.9999", "9999.9999999999", "9999999999999899.00"),
    ("999999999999.9999", "99999999.9999999999", None),
    # On both sides of what a long holds, and half a cent of a cent from the next one.
    ("92233720.3685", "9.9999999999", "922337203.68"),
    ("92233720.3685", "10.0000000001", "922337203.69"),
    ("89999.9999", "1", "90000.00"),
    ("90000.0050", "1.0000000001", "90000.01"),
    ("-10", "0.1005", "-1.01"),
    ("-0.0050", "1", "-0.01"),
]


def test_the_exact_product_is_rounded_once_half_up(spark: SparkSession) -> None:
    literals = [
        {"id": f"{amount} * {per_unit}", "amount": amount, "per_unit": per_unit}
        for amount, per_unit, _ in PRODUCTS
    ]
    rows = frame(spark, "id string, amount decimal(16,4), per_unit decimal(18,10)", *literals)
    expected = {f"{amount} * {per_unit}": product for amount, per_unit, product in PRODUCTS}
    assert pairs(rows, "id", amount_in_usd(is_usd=F.lit(False))) == expected
    at_one = {name: product for name, product in expected.items() if name.endswith("* 1")}
    assert pairs(rows.where("per_unit = 1"), "id", amount_in_usd(is_usd=F.lit(True))) == at_one


def amount_in_usd(is_usd: Column) -> Column:
    return usd(cents_of(F.col("amount"), F.col("per_unit"), is_usd)).cast("string")


def test_a_missing_part_gives_no_amount(spark: SparkSession) -> None:
    noon = f"{DAY} 12:00"
    found = converted(
        spark,
        {"id": "no amount", "currency": "USD", "transaction_ts": noon},
        {"id": "no time", "currency": "USD", "amount": 5},
        {"id": "no currency", "transaction_ts": noon, "amount": 5},
        {"id": "no rate", "currency": "XXX", "transaction_ts": noon, "amount": 5},
        {"id": "all there", "currency": "EUR", "transaction_ts": noon, "amount": 5},
    )
    amounts = pairs(found, "id", as_text("amount_usd"))
    assert amounts.pop("all there") == "5.35"
    assert amounts.pop("no time") in {None, "5.00"}  # quarantined for its time all the same
    assert set(amounts.values()) == {None}


def test_raw_rates_are_typed_and_cells_without_a_rate_are_none(spark: SparkSession) -> None:
    raw: list[tuple[object, ...]] = [
        ("2025-03-10", "eur", "1.1"),
        (" 2025-03-10\u00a0", " EUR", "1.10 "),
        ("2025-03-10", "GBP", "1.23456789015"),
        ("2025-03-10", "JPY", "6.7e-3"),
        ("2025-03-10", "CHF", "N/A"),
        ("2025-03-10", "CHF", "n/a"),
        ("2025-03-10", "CHF", " "),
        ("2025-03-10", "CHF", None),
        ("2025-03-10", "SEK", "0.1f"),
        ("2025-03-10", "DKK", "123456789.1"),
        ("2025-02-30", "NOK", "0.1"),
    ]
    names = ("rate_date", "currency", "usd_per_unit")
    rates = typed_rates(
        frame(spark, RAW_RATES, *(dict(zip(names, row, strict=True)) for row in raw))
    )
    written = rates.select(*(as_text(name).alias(name) for name in names))
    assert records(written.distinct(), *names) == sorted(
        [
            ("2025-03-10", "EUR", "1.1000000000"),
            ("2025-03-10", "GBP", "1.2345678902"),
            ("2025-03-10", "JPY", "0.0067000000"),
            ("2025-03-10", "SEK", None),
            ("2025-03-10", "DKK", None),
            (None, "NOK", "0.1000000000"),
        ],
        key=repr,
    )


def test_a_line_with_too_many_or_too_few_fields_is_marked(spark: SparkSession) -> None:
    rows = frame(
        spark,
        RAW_RATES,
        {"rate_date": "2025-03-10", "currency": "EUR", "usd_per_unit": "1.1"},
        {"raw_line": "2025-03-10,EUR"},
    )
    assert records(typed_rates(rows), "currency", "is_ragged") == [("EUR", False), (None, True)]


def test_rates_that_cannot_be_trusted_are_named() -> None:
    rates = [
        rate("EUR", 0, "1.1"),
        rate("EUR", 0, "1.10"),
        rate("EUR", -1, "1.2"),
        rate("GBP", 0, "1.1"),
        rate("GBP", 0, "1.1000000001"),
        rate("CHF", 0, "0"),
        rate("SEK", 0, "-1"),
        rate("NOK", 0, "0.0000000001"),
        Rate(day(0), "PLN", None),
        Rate(day(0), "DKK", Decimal(1)),
        Rate(day(0), "DKK", None),
        Rate(None, "CZK", Decimal(1)),
        Rate(day(0), None, Decimal(1)),
    ]
    assert doubtful_rates(rates) == [
        (None, "CZK", "lacks a date or currency"),
        (day(0), None, "lacks a date or currency"),
        (day(0), "CHF", "is not above zero"),
        (day(0), "DKK", "is not a number of at most 8.10 digits"),
        (day(0), "GBP", "has two different values"),
        (day(0), "PLN", "is not a number of at most 8.10 digits"),
        (day(0), "SEK", "is not above zero"),
    ]


def test_stretches_join_where_the_freshness_of_one_rate_meets_the_next() -> None:
    rates = [*(rate("EUR", offset, "1") for offset in (17, 0, 8)), rate("GBP", 3, "1")]
    assert covered_stretches(rates, SETTINGS.fx) == [
        ("EUR", day(0), day(15)),
        ("EUR", day(17), day(24)),
        ("GBP", day(3), day(10)),
    ]


def test_the_oldest_rate_that_can_be_used_follows_from_both_settings() -> None:
    assert usable_from(DAY, SETTINGS) == day(-14)
    older = replace(SETTINGS, fx=replace(SETTINGS.fx, max_age_days=0))
    assert usable_from(DAY, older) == day(-7)
