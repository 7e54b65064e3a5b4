"""Every reason to set a row aside, alone and together, and what is typed on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.cleansing import (
    REJECT_REASONS,
    parsed_amount,
    parsed_currency,
)
from fraudlake.tables import transaction_schema
from tests.frames import DAY, Literal, pairs, texts
from tests.raw_transactions import NOON, at, cleansed, reasons_of_rows, transaction

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CASES: dict[str, tuple[Literal, list[str]]] = {
    "good": ({}, []),
    "good with white space": (
        {
            "transaction_id": "\u2003t\t",
            "transaction_ts": f"\n{NOON} ",
            "amount": " 10\u00a0",
            "currency": "\u3000eur ",
        },
        [],
    ),
    "null id": ({"transaction_id": None}, ["MISSING_TRANSACTION_ID"]),
    "empty id": ({"transaction_id": ""}, ["MISSING_TRANSACTION_ID"]),
    "blank id": ({"transaction_id": "\u2003\u00a0"}, ["MISSING_TRANSACTION_ID"]),
    "null customer": ({"customer_id": None}, ["MISSING_CUSTOMER_ID"]),
    "blank customer": ({"customer_id": " \t"}, ["MISSING_CUSTOMER_ID"]),
    "null time": ({"transaction_ts": None}, ["INVALID_TIMESTAMP"]),
    "no time": ({"transaction_ts": f"{DAY}"}, ["INVALID_TIMESTAMP"]),
    "a day and an hour ahead": (at(1, "01:00:00.000000"), []),
    "one microsecond more": (at(1, "01:00:00.000001"), ["FUTURE_TIMESTAMP"]),
    "ahead by its offset": (at(1, "00:30:00-00:31"), ["FUTURE_TIMESTAMP"]),
    "far ahead": ({"transaction_ts": "9999-12-31T23:59:59Z"}, ["FUTURE_TIMESTAMP"]),
    "seven days late": (at(-7, "00:00:00"), []),
    "eight days late": (at(-8, "23:59:59.999999"), ["TOO_LATE"]),
    "seven days late by its offset": (at(-8, "23:30:00-01:00"), []),
    "eight days late by its offset": (at(-7, "00:30:00+01:00"), ["TOO_LATE"]),
    "very late": ({"transaction_ts": "0001-01-01T00:00:00"}, ["TOO_LATE"]),
    "null amount": ({"amount": None}, ["INVALID_AMOUNT"]),
    "amount with exponent": ({"amount": "1e3"}, ["INVALID_AMOUNT"]),
    "refund": ({"amount": "-0.0001"}, ["REFUND_OR_REVERSAL"]),
    "refund that rounds away from zero": ({"amount": "-0.00005"}, ["REFUND_OR_REVERSAL"]),
    "zero": ({"amount": "0"}, ["ZERO_AMOUNT"]),
    "zero after rounding": ({"amount": "0.00004999"}, ["ZERO_AMOUNT"]),
    "zero from below": ({"amount": "-0.00004"}, ["ZERO_AMOUNT"]),
    "least amount": ({"amount": "0.00005"}, []),
    "null currency": ({"currency": None}, ["INVALID_CURRENCY"]),
    "two letters": ({"currency": "US"}, ["INVALID_CURRENCY"]),
    "no rate": ({"currency": "XXX"}, ["NO_FX_RATE"]),
    "no rate on that day": ({"currency": "EUR", **at(-1, "23:59:59.999999")}, ["NO_FX_RATE"]),
    "rate needs a time": (
        {"currency": "XXX", "transaction_ts": "now"},
        ["INVALID_TIMESTAMP"],
    ),
    "everything missing": (
        dict.fromkeys(("transaction_id", "customer_id", "transaction_ts", "amount", "currency")),
        [
            "MISSING_TRANSACTION_ID",
            "MISSING_CUSTOMER_ID",
            "INVALID_TIMESTAMP",
            "INVALID_AMOUNT",
            "INVALID_CURRENCY",
        ],
    ),
    "future refund without rate": (
        {"currency": "XXX", "amount": "-1", **at(2, "00:00")},
        ["FUTURE_TIMESTAMP", "REFUND_OR_REVERSAL", "NO_FX_RATE"],
    ),
    "late zero without rate": (
        {"currency": "EUR", "amount": "-0", **at(-9, "00:00")},
        ["TOO_LATE", "ZERO_AMOUNT", "NO_FX_RATE"],
    ),
    "no customer, bad amount": (
        {"customer_id": None, "amount": "1,000"},
        ["MISSING_CUSTOMER_ID", "INVALID_AMOUNT"],
    ),
}
MALFORMED: Literal = {"raw_line": " t9,c1,2025 "}


def test_each_row_has_every_reason_that_holds_in_order(spark: SparkSession) -> None:
    rows = [transaction(label, **changed) for label, (changed, _) in CASES.items()]
    malformed = dict.fromkeys(transaction("x")) | MALFORMED
    judged = reasons_of_rows(cleansed(spark, *rows, malformed))
    label = F.coalesce("merchant_id", F.lit("malformed"))
    found = pairs(judged, label, "reject_reasons")
    expected = {label: reasons for label, (_, reasons) in CASES.items()}
    assert found == expected | {"malformed": ["MALFORMED_ROW"]}


def test_a_late_row_in_a_currency_without_any_rate_has_no_rate(spark: SparkSession) -> None:
    judged = cleansed(spark, transaction("late", currency="XXX", **at(-8, "12:00")))
    assert pairs(judged.quarantined, "merchant_id", "reject_reasons") == {
        "late": ["TOO_LATE", "NO_FX_RATE"]
    }


def test_every_reason_is_one_of_the_contract_and_in_its_order() -> None:
    for _, reasons in CASES.values():
        assert reasons == [one for one in REJECT_REASONS if one in reasons]
    alone = {reasons[0] for _, reasons in CASES.values() if len(reasons) == 1}
    assert alone == set(REJECT_REASONS) - {"MALFORMED_ROW", "DUPLICATE_TRANSACTION"}


def test_quarantine_keeps_the_raw_text_and_nothing_is_lost(spark: SparkSession) -> None:
    bad = transaction("bad", transaction_id=" t1 ", amount=" 1e3", currency="usd ", country=" ")
    malformed = dict.fromkeys(transaction("x")) | MALFORMED
    judged = cleansed(spark, bad, transaction("good"), malformed)
    rejected = judged.quarantined.drop("batch_at").collect()
    kept = {row["merchant_id"]: row.asDict() for row in rejected}
    nothing = dict.fromkeys(transaction_schema().names)
    assert kept == {
        "bad": nothing | bad | {"reject_reasons": ["INVALID_AMOUNT"]},
        None: nothing | MALFORMED | {"reject_reasons": ["MALFORMED_ROW"]},
    }
    assert [row["merchant_id"] for row in judged.accepted.collect()] == ["good"]


AMOUNTS = {
    "10": "10.0000",
    "+10": "10.0000",
    "-10": "-10.0000",
    "0010.5": "10.5000",
    "0": "0.0000",
    "-0.0": "0.0000",
    "1.00005": "1.0001",
    "1.00004999999999999999999999999999999999999999": "1.0000",
    "-1.00005": "-1.0001",
    "0.99995": "1.0000",
    f"0.{'3' * 300}": "0.3333",
    f"{'0' * 300}7": "7.0000",
    "999999999999": "999999999999.0000",
    "999999999999.9999": "999999999999.9999",
    "000999999999999.99994": "999999999999.9999",
}
NO_AMOUNTS = [
    "1000000000000",
    "-1000000000000.00",
    "0001000000000000",
    "9" * 300,
    "1.",
    ".5",
    "+",
    "-",
    ".",
    "+-1",
    "- 1",
    "1 000",
    "1,000.00",
    "1,5",
    "1_000",
    "1e3",
    "1E3",
    "1.0E-2",
    "0x10",
    "10 USD",
    "$10",
    "10f",
    "10d",
    "1.2.3",
    "NaN",
    "Infinity",
    "-inf",
    "null",
    "\u0661\u0662",
    "\uff11\uff12",
    "\u22125",
    "1\n2",
]


def test_an_amount_is_digits_with_sign_and_fraction(spark: SparkSession) -> None:
    rows = texts(spark, [*AMOUNTS, *NO_AMOUNTS, None])
    found = pairs(rows, "text", parsed_amount(F.col("text")).cast("string"))
    assert {text: found[text] for text in AMOUNTS} == AMOUNTS
    assert [text for text in (*NO_AMOUNTS, None) if found[text] is not None] == []


CURRENCIES = {"USD": "USD", "usd": "USD", " eUr\u2003": "EUR", "XXX": "XXX"}
NO_CURRENCIES = [
    "",
    " ",
    "US",
    "USDT",
    "U5D",
    "U D",
    "US$",
    "\u20acUR",
    "\uff35\uff33\uff24",
    "123",
]


def test_a_currency_is_three_letters(spark: SparkSession) -> None:
    rows = texts(spark, [*CURRENCIES, *NO_CURRENCIES, None])
    found = pairs(rows, "text", parsed_currency(F.col("text")))
    assert {text: found[text] for text in CURRENCIES} == CURRENCIES
    assert [text for text in (*NO_CURRENCIES, None) if found[text] is not None] == []
