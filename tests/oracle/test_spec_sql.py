"""Literal rows at the boundaries of sections 3 and 4: what is accepted, and its worth."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from .spec_inputs import StoppedBySpecError
from .tiny_lake import DAY, TinyLake, by_id, only, transaction

if TYPE_CHECKING:
    from collections.abc import Mapping


def reasons_of(lake: TinyLake, *rows: str) -> Mapping[str, object]:
    """The reject reasons by transaction of one batch of these rows."""
    lake.batch(*rows)
    return by_id(lake.score()[DAY]["quarantine"], "reject_reasons")


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("2025-03-11 01:00", None),
        ("2025-03-11T01:00:00.0000009Z", None),
        ("2025-03-11T01:00:00.000001Z", ["FUTURE_TIMESTAMP"]),
        ("2025-03-03T00:00Z", None),
        ("2025-03-03T00:30+0100", ["TOO_LATE"]),
        ("2025-03-10T18:00+18:00", None),
        ("2025-03-10T18:00+18:01", ["INVALID_TIMESTAMP"]),
        ("2025-03-10T12:00+02", None),
        ("2025-03-10T24:00", ["INVALID_TIMESTAMP"]),
        ("2025-02-29T12:00", ["INVALID_TIMESTAMP"]),
        ("0000-01-01T12:00", ["INVALID_TIMESTAMP"]),
        ("2025-03-10", ["INVALID_TIMESTAMP"]),
        ("2025-03-10T12:00:00.", ["INVALID_TIMESTAMP"]),
        ("2025-03-10T12:00 Z", ["INVALID_TIMESTAMP"]),
    ],
)
def test_a_timestamp_is_judged_at_its_limits(
    lake: TinyLake, text: str, reasons: list[str] | None
) -> None:
    assert reasons_of(lake, transaction(1, transaction_ts=text)).get("t1") == reasons


@pytest.mark.parametrize(
    ("amount", "reasons"),
    [
        ("+000999999999999.9999", None),
        ("999999999999.99995", ["INVALID_AMOUNT"]),
        ("1000000000000", ["INVALID_AMOUNT"]),
        ("0.00005", None),
        ("0.00004999", ["ZERO_AMOUNT"]),
        ("-0.00005", ["REFUND_OR_REVERSAL"]),
        ("-0.00004", ["ZERO_AMOUNT"]),
        ("1e3", ["INVALID_AMOUNT"]),
        (".5", ["INVALID_AMOUNT"]),
        ("5.", ["INVALID_AMOUNT"]),
        ("\u0661", ["INVALID_AMOUNT"]),
        ("", ["INVALID_AMOUNT"]),
    ],
)
def test_an_amount_is_judged_after_rounding(
    lake: TinyLake, amount: str, reasons: list[str] | None
) -> None:
    assert reasons_of(lake, transaction(1, amount=amount)).get("t1") == reasons


def test_every_reason_is_given_in_order(lake: TinyLake) -> None:
    row = " ,\u00a0,2025-02-01T00:00Z,-1,E1,m,w,DE"
    lake.batch(row)
    quarantined = only(lake.score()[DAY]["quarantine"])
    assert quarantined["reject_reasons"] == [
        "MISSING_TRANSACTION_ID",
        "MISSING_CUSTOMER_ID",
        "TOO_LATE",
        "REFUND_OR_REVERSAL",
        "INVALID_CURRENCY",
    ]
    assert quarantined["customer_id"] == "\u00a0"


def test_a_malformed_line_is_kept_and_blank_lines_are_no_rows(lake: TinyLake) -> None:
    good = [transaction(n) for n in range(99)]
    lake.batch(*good, "", "only,three,fields")
    tables = lake.score()[DAY]
    kept = only(tables["quarantine"])
    assert (kept["raw_line"], kept["reject_reasons"]) == ("only,three,fields", ["MALFORMED_ROW"])
    assert kept["transaction_id"] is None
    assert len(tables["scored_transactions"]) == 99


def test_more_than_one_percent_of_malformed_lines_stops_the_run(lake: TinyLake) -> None:
    lake.batch(*[transaction(n) for n in range(98)], "short")
    with pytest.raises(StoppedBySpecError, match="1 of 99"):
        lake.score()


def test_files_of_one_batch_may_order_their_columns_differently(lake: TinyLake) -> None:
    lake.batch(transaction(1))
    header = "\ufeffcurrency,amount,transaction_ts,customer_id,transaction_id"
    lake.write(f"transactions/ingest_date={DAY}", "b.csv", f'{header}\nusd,"2",{DAY} 09:00,c1,t2')
    scored = lake.score()[DAY]["scored_transactions"]
    assert by_id(scored, "amount") == {"t1": Decimal("10.0000"), "t2": Decimal("2.0000")}
    assert by_id(scored, "channel") == {"t1": "web", "t2": None}


def test_the_earliest_of_equal_ids_stays_and_rejected_rows_shadow_nobody(lake: TinyLake) -> None:
    lake.batch(
        transaction(1, amount="-1", transaction_ts=f"{DAY}T08:00Z"),
        transaction(1, amount="10"),
        transaction(1, amount="9"),
        transaction(1, customer_id="c2", amount="9"),
    )
    tables = lake.score()[DAY]
    accepted = by_id(tables["scored_transactions"], "amount", "customer_id")
    assert accepted == {"c1": Decimal("9.0000"), "c2": Decimal("9.0000")}
    assert sorted(tables["quarantine"]["reject_reasons"]) == [
        ["DUPLICATE_TRANSACTION"],
        ["REFUND_OR_REVERSAL"],
    ]


def test_only_the_newest_earlier_run_counts_as_the_previous_batch(lake: TinyLake) -> None:
    days = [DAY, DAY + timedelta(2), DAY + timedelta(3)]
    for day in days:
        lake.batch(transaction(1), day=day)
    results = lake.score(DAY + timedelta(1), *days)
    assert [len(results[day]["scored_transactions"]) for day in days] == [1, 0, 1]
    assert list(results) == days


# Section 4


def test_a_rate_is_used_for_seven_days_and_no_longer(lake: TinyLake) -> None:
    lake.rates(f"{DAY - timedelta(7)},AAA,2", f"{DAY - timedelta(8)},BBB,2")
    rows = [transaction(c, currency=c) for c in ("AAA", "BBB")]
    assert reasons_of(lake, *rows) == {"tBBB": ["NO_FX_RATE"]}


def test_a_rate_after_the_batch_date_is_not_used_even_on_its_own_day(lake: TinyLake) -> None:
    lake.rates(f"{DAY + timedelta(1)},EUR,3", f"{DAY},EUR,2")
    lake.batch(transaction(1, currency="EUR", transaction_ts=f"{DAY + timedelta(1)}T00:30Z"))
    scored = only(lake.score()[DAY]["scored_transactions"])
    assert (scored["fx_rate"], scored["fx_rate_date"]) == (Decimal("2.0000000000"), DAY)


@pytest.mark.parametrize(
    ("amount", "rate", "usd"),
    [
        ("0.0050", "1", "0.01"),
        ("0.0001", "49.9999999999", "0.00"),
        ("0.0001", "50", "0.01"),
        ("1.0050", "1", "1.01"),
        ("90071992547.4099", "100000.0000000001", "9007199254740999.01"),
    ],
)
def test_usd_is_the_exact_product_rounded_half_up_once(
    lake: TinyLake, amount: str, rate: str, usd: str
) -> None:
    lake.rates(f"{DAY},EUR,{rate}")
    lake.batch(transaction(1, amount=amount, currency="eur"))
    assert only(lake.score()[DAY]["scored_transactions"])["amount_usd"] == Decimal(usd)


def test_usd_that_does_not_fit_its_column_is_an_invalid_amount(lake: TinyLake) -> None:
    lake.rates(f"{DAY},EUR,100000")
    rows = [transaction(n, amount=n, currency="EUR") for n in ("99999999999.9999", "100000000000")]
    assert reasons_of(lake, *rows) == {"t100000000000": ["INVALID_AMOUNT"]}


@pytest.mark.parametrize("rates", [("1.1", "1.2"), ("0",), ("0.00000000004",), ("-1",)])
def test_two_values_for_a_rate_or_one_not_above_zero_stop_the_run(
    lake: TinyLake, rates: tuple[str, ...]
) -> None:
    lake.rates(*[f"{DAY},EUR,{rate}" for rate in rates])
    lake.batch(transaction(1))
    with pytest.raises(StoppedBySpecError, match="EUR"):
        lake.score()


def test_a_repeated_rate_and_a_rate_out_of_reach_do_not_stop_the_run(lake: TinyLake) -> None:
    tomorrow = DAY + timedelta(1)
    lake.rates(f"{DAY},EUR,1.1", f"{DAY},EUR,1.10", f"{tomorrow},EUR,1", f"{tomorrow},EUR,2")
    lake.batch(transaction(1))
    assert len(lake.score()[DAY]["scored_transactions"]) == 1
