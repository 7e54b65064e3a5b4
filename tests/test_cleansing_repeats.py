"""Of repeated transactions the first in order stays, whatever order they arrive in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.frames import DAY, Literal, pairs
from tests.raw_transactions import at, cleansed, reasons_of_rows, transaction

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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
    for row in judged.accepted.collect():
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
    assert pairs(reasons_of_rows(judged), "merchant_id", "reject_reasons") == {
        "refund": ["REFUND_OR_REVERSAL"],
        "stays": [],
        "goes": ["DUPLICATE_TRANSACTION"],
        "seen yesterday": ["DUPLICATE_TRANSACTION"],
        "zero seen yesterday": ["ZERO_AMOUNT"],
        "other customer": [],
    }


def test_of_wholly_identical_rows_one_stays(spark: SparkSession) -> None:
    judged = cleansed(
        spark, *[transaction("same")] * 3, *[transaction("no id", customer_id=None)] * 2
    )
    counts = reasons_of_rows(judged).groupBy("merchant_id", "reject_reasons").count().collect()
    assert {(row[0], *row[1]): row[2] for row in counts} == {
        ("same",): 1,
        ("same", "DUPLICATE_TRANSACTION"): 2,
        ("no id", "MISSING_CUSTOMER_ID"): 2,
    }
