"""Every reason to set a row aside, alone and together, and who stays of repeated rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from fraudlake.cleansing import (
    REJECT_REASONS,
    filter_accepted,
    filter_quarantined,
    parsed_amount,
    parsed_currency,
)
from fraudlake.fx import FxRates, covered_stretches
from fraudlake.pipeline import cleanse_batch
from fraudlake.tables import BLACKLIST, CUSTOMERS, RATE, BatchInputs, transaction_schema
from tests.frames import BOOK, DAY, SETTINGS, Literal, frame, pairs, texts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NOON = f"{DAY}T12:00:00Z"
RATES = f"rate_date date, currency string, usd_per_unit {RATE.simpleString()}"


def cleansed(
    spark: SparkSession,
    *rows: Literal,
    carry: tuple[str, ...] = (),
    accepted: tuple[tuple[str, str], ...] = (),
) -> DataFrame:
    """The rows after cleansing; only EUR has a rate, of the batch date."""
    cleansing = replace(SETTINGS.cleansing, carry=carry)
    settings = replace(SETTINGS, cleansing=cleansing)
    rates = frame(spark, RATES, {"rate_date": DAY, "currency": "EUR", "usd_per_unit": "1.1"})
    earlier = ({"customer_id": one, "transaction_id": other} for one, other in accepted)
    inputs = BatchInputs(
        transactions=frame(spark, transaction_schema(carry), *rows),
        customers=frame(spark, ", ".join(f"{name} string" for name in CUSTOMERS.columns)),
        blacklist=frame(spark, ", ".join(f"{name} string" for name in BLACKLIST.columns)),
        fx=FxRates(rates, covered_stretches(rates, settings.fx)),
    )
    ids = frame(spark, "customer_id string, transaction_id string", *earlier)
    return cleanse_batch(inputs, ids, replace(BOOK, settings=settings), DAY)


def transaction(label: str, **changed: object) -> Literal:
    """10 USD of c1 at noon of the batch date; the label is the merchant, which is never judged."""
    usual = {"transaction_id": f"t of {label}", "customer_id": "c1", "transaction_ts": NOON}
    return {**usual, "amount": "10", "currency": "USD", "merchant_id": label, **changed}


def at(days: int, clock: str) -> Literal:
    return {"transaction_ts": f"{DAY + timedelta(days)}T{clock}"}


CASES: dict[str, tuple[Literal, list[str]]] = {
    "good": ({}, []),
    "good with white space": (
        {"transaction_id": "\u2003t\t", "amount": " 10\u00a0", "currency": "\u3000eur "}
        | {"transaction_ts": f"\n{NOON} "},
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
        {"currency": "XXX", "amount": "-0", **at(-9, "00:00")},
        ["TOO_LATE", "ZERO_AMOUNT", "NO_FX_RATE"],
    ),
    "late in a currency whose rates begin later": (
        {"currency": "EUR", **at(-9, "00:00")},
        ["TOO_LATE", "NO_FX_RATE"],
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
    judged = cleansed(spark, *rows, malformed)
    label = F.coalesce("merchant_id", F.lit("malformed"))
    found = pairs(judged, label, "reject_reasons")
    expected = {label: reasons for label, (_, reasons) in CASES.items()}
    assert found == expected | {"malformed": ["MALFORMED_ROW"]}


def test_every_reason_is_one_of_the_contract_and_in_its_order() -> None:
    for _, reasons in CASES.values():
        assert reasons == [one for one in REJECT_REASONS if one in reasons]
    alone = {reasons[0] for _, reasons in CASES.values() if len(reasons) == 1}
    assert alone == set(REJECT_REASONS) - {"MALFORMED_ROW", "DUPLICATE_TRANSACTION"}


def test_quarantine_keeps_the_raw_text_and_nothing_is_lost(spark: SparkSession) -> None:
    bad = transaction("bad", transaction_id=" t1 ", amount=" 1e3", currency="usd ", country=" ")
    malformed = dict.fromkeys(transaction("x")) | MALFORMED
    judged = cleansed(spark, bad, transaction("good"), malformed).persist()
    kept = {row["merchant_id"]: row.asDict() for row in filter_quarantined(judged).collect()}
    nothing = dict.fromkeys(transaction_schema().names)
    assert kept == {
        "bad": nothing | bad | {"reject_reasons": ["INVALID_AMOUNT"]},
        None: nothing | MALFORMED | {"reject_reasons": ["MALFORMED_ROW"]},
    }
    assert [row["merchant_id"] for row in filter_accepted(judged).collect()] == ["good"]
    judged.unpersist()


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
NO_CURRENCIES = ["", " ", "US", "USDT", "U5D", "U D", "US$", "\u20acUR", "\uff35\uff33\uff24", "123"]


def test_a_currency_is_three_letters(spark: SparkSession) -> None:
    rows = texts(spark, [*CURRENCIES, *NO_CURRENCIES, None])
    found = pairs(rows, "text", parsed_currency(F.col("text")))
    assert {text: found[text] for text in CURRENCIES} == CURRENCIES
    assert [text for text in (*NO_CURRENCIES, None) if found[text] is not None] == []


# Each case: rows of one transaction_id in order of arrival, and which of them stays.
REPEATS: dict[str, tuple[list[Literal], set[int]]] = {
    "one row": ([{}], {0}),
    "the earliest": ([{"transaction_ts": f"{DAY}T12:00:00.000001Z"}, {}], {1}),
    "the earliest in UTC": ([at(0, "11:00Z"), at(0, "12:00+02:00")], {1}),
    "the smallest amount": ([{"amount": "10"}, {"amount": "9"}], {1}),
    "the first currency": ([{}, {"currency": "EUR"}], {1}),
    "time before amount": ([{"amount": "9"}, {"amount": "10", **at(0, "11:59:59")}], {1}),
    "amount before currency": ([{"currency": "EUR"}, {"amount": "9"}], {1}),
    "missing channel first": ([{"channel": "app"}, {}], {1}),
    "channel before country": (
        [{"channel": "web", "country": "AT"}, {"channel": "app", "country": "DE"}],
        {1},
    ),
    "country before the carried desk": (
        [{"country": "DE", "desk": "1"}, {"country": "AT", "desk": "2"}],
        {1},
    ),
    "the carried desk before merchant": (
        [{"desk": "2", "merchant_id": "a"}, {"desk": "1", "merchant_id": "b"}],
        {1},
    ),
    "the first merchant": ([{"merchant_id": "b"}, {"merchant_id": "a"}], {1}),
    "merchant before the carried zone": (
        [{"merchant_id": "b", "zone": "1"}, {"merchant_id": "a", "zone": "2"}],
        {1},
    ),
    "ids are trimmed": ([at(0, "13:00"), {"transaction_id": " t\u2003"}], {1}),
    "ids tell case apart": ([{}, {"transaction_id": "T"}], {0, 1}),
    "a refund pushes nothing out": ([{"amount": "-1", **at(0, "01:00")}, {}], {1}),
    "a late row pushes nothing out": ([at(-8, "12:00"), at(0, "23:00")], {1}),
    "no row is good": ([{"amount": "0"}, {"amount": "-1"}], set()),
    "accepted yesterday": ([{}, {"amount": "9"}], set()),
    "of three": ([at(0, "14:00"), at(0, "13:00"), at(0, "15:00")], {1}),
}


def test_of_repeated_rows_the_first_in_order_stays(spark: SparkSession) -> None:
    rows = [
        {**transaction("m"), "transaction_id": "t", "customer_id": case, **row, "desk": desk}
        | {"zone": row.get("zone"), "raw_line": None}
        for case, (repeats, _) in REPEATS.items()
        for row in repeats
        for desk in [row.get("desk")]
    ]
    yesterday = (("accepted yesterday", "t"), ("another customer", "t"), ("one row", "other"))
    judged = cleansed(spark, *rows, carry=("zone", "desk"), accepted=(*yesterday, yesterday[0]))
    found: dict[str, list[Any]] = {case: [] for case in REPEATS}
    for row in judged.where("size(reject_reasons) = 0").collect():
        found[row["customer_id"]].append(_typed(row))
    for case, (repeats, staying) in REPEATS.items():
        expected = [_expected(repeats[position]) for position in staying]
        assert sorted(found[case], key=repr) == sorted(expected, key=repr), case


def _typed(row: Any) -> tuple[str, ...]:  # noqa: ANN401 - Spark's rows have no type of their own
    return (f"{row['amount'].normalize():f}", row["currency"], row["channel"], row["merchant_id"])


def _expected(row: Literal) -> tuple[object, ...]:
    full = {**transaction("m"), "channel": None, **row}
    return tuple(full[name] for name in ("amount", "currency", "channel", "merchant_id"))


def test_a_repeat_has_no_other_reason_and_a_rejected_row_is_no_repeat(spark: SparkSession) -> None:
    same = {"transaction_id": "t"}
    judged = cleansed(
        spark,
        transaction("refund", **same, amount="-1"),
        transaction("stays", **same),
        transaction("goes", **same, amount="11"),
        transaction("seen yesterday", transaction_id="old"),
        transaction("zero seen yesterday", transaction_id="old", amount="0"),
        transaction("other customer", transaction_id="old", customer_id="c2"),
        accepted=(("c1", "old"),),
    )
    assert pairs(judged, "merchant_id", "reject_reasons") == {
        "refund": ["REFUND_OR_REVERSAL"],
        "stays": [],
        "goes": ["DUPLICATE_TRANSACTION"],
        "seen yesterday": ["DUPLICATE_TRANSACTION"],
        "zero seen yesterday": ["ZERO_AMOUNT"],
        "other customer": [],
    }


def test_of_wholly_identical_rows_one_stays(spark: SparkSession) -> None:
    judged = cleansed(spark, *[transaction("same")] * 3, *[transaction("no id", customer_id=None)] * 2)
    counts = judged.groupBy("merchant_id", "reject_reasons").count().collect()
    assert {(row[0], *row[1]): row[2] for row in counts} == {
        ("same",): 1,
        ("same", "DUPLICATE_TRANSACTION"): 2,
        ("no id", "MISSING_CUSTOMER_ID"): 2,
    }


@pytest.mark.parametrize("late_days", [0, 365])
def test_how_late_is_too_late_is_a_setting(spark: SparkSession, late_days: int) -> None:
    settings = replace(SETTINGS.cleansing, too_late_days=late_days)
    assert replace(BOOK.settings, cleansing=settings).cleansing.too_late_days == late_days
