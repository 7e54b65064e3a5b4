"""Literal rows at the boundaries of section 5: who is on the blacklist."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from .tiny_lake import DAY, TinyLake, by_id, only, transaction


def match_of(lake: TinyLake, customer: str, entry: str) -> tuple[object, ...] | None:
    """The match type and similarity of customer c1 (name, birth date) and one entry."""
    lake.write("customers", "a.csv", f"customer_id,full_name,date_of_birth\nc1,{customer}")
    lake.write("blacklist", "a.csv", f"blacklist_id,full_name,date_of_birth\nb1,{entry}")
    lake.batch(transaction(1))
    flagged = lake.score()[DAY]["flagged_customers"]
    return None if flagged.empty else tuple(only(flagged)[["match_type", "similarity"]])


@pytest.mark.parametrize(
    ("customer", "entry", "similarity"),
    [
        ("abcdefghij,1990-01-02", "abcdefghix,02/01/1990", 0.9),
        ("abcdefghi,1990-01-02", "abcdefghx,2 Jan 1990", None),
        ("abcdefghij,1990-01-02", "abcdefghij,1990-01-03", None),
        ("abcdefghij,", "abcdefghij,", None),
        ("abcdefghi abcdefghij,", "abcdefghxj abcdefghi,0000-00-00", 0.95),
        ("abcdefghi abcdefghij,1990-01-02", "abcdefghx abcdefghxj,", None),
        ("Søren Łukasz Weiß,", "WEISS  soren-lukasz,NULL", 1.0),
        ("\u674e\u5c0f\u9f99,1990-01-02", "\u674e\u5c0f\u864e,1990-01-02", None),
        ("---,1990-01-02", "***,1990-01-02", None),
    ],
)
def test_names_match_at_the_limits_of_similarity(
    lake: TinyLake, customer: str, entry: str, similarity: float | None
) -> None:
    expected = None if similarity is None else ("name", pytest.approx(similarity, abs=1e-12))
    assert match_of(lake, customer, entry) == expected


def test_the_best_match_wins_and_an_entry_without_id_comes_last(lake: TinyLake) -> None:
    lake.write("customers", "a.csv", "customer_id,email,phone\nc1, A\\@B.de,+49 (170) 123")
    lake.write(
        "blacklist",
        "a.csv",
        "blacklist_id,customer_id,email,phone,reason\n"
        ",,a @b.DE,,first\nb9,,a @b.de,,nine\nb10,,a @b.de,,n/a\nb0,,,+49170123,phone",
    )
    lake.batch(transaction(1, amount="-5"), transaction(2, customer_id="c7"))
    flagged = only(lake.score()[DAY]["flagged_customers"])
    assert tuple(flagged) == ("c1", "b10", "email", 1.0, "unspecified", 0, Decimal("0.00"))


def test_an_identifier_match_needs_no_customer_row_and_ignores_lapsed_entries(
    lake: TinyLake,
) -> None:
    before, after = DAY - timedelta(1), DAY + timedelta(1)
    lake.write(
        "blacklist",
        "a.csv",
        "blacklist_id,customer_id,listed_at,expires_at\n"
        f"b1,x1,{DAY}T23:59:00Z,{after}\nb2,x2,{before},{DAY}\nb3,x3,{after},",
    )
    lake.batch(*[transaction(n, customer_id=f"x{n}") for n in (1, 2, 3)])
    tables = lake.score()[DAY]
    assert list(tables["flagged_customers"]["blacklist_id"]) == ["b1"]
    scores = by_id(tables["scored_transactions"], "risk_reasons")
    assert scores["t1"] == ["BLACKLISTED_CUSTOMER", "UNKNOWN_CUSTOMER"]
    assert scores["t2"] == ["UNKNOWN_CUSTOMER"]


def test_a_snapshot_is_the_newest_on_or_before_the_batch_else_the_oldest(lake: TinyLake) -> None:
    for offset, customer in ((0, "c1"), (1, "c2"), (3, "c3")):
        day = DAY + timedelta(offset)
        lake.write(f"customers/snapshot_date={day}", "a.csv", f"customer_id\n{customer}")
    days = [DAY - timedelta(1), DAY + timedelta(2)]
    for day in days:
        at = f"{day}T12:00Z"
        people = ("c1", "c2", "c3")
        rows = [transaction(f"{day}{c}", customer_id=c, transaction_ts=at) for c in people]
        lake.batch(*rows, day=day)
    scored = [tables["scored_transactions"] for tables in lake.score(*days).values()]
    known = [list(frame["customer_id"][frame["customer_known"]]) for frame in scored]
    assert known == [["c1"], ["c2"]]


def test_the_newest_row_of_a_customer_wins(lake: TinyLake) -> None:
    lake.write(
        "customers",
        "a.csv",
        "customer_id,email,created_at,updated_at\n"
        "c1,new@x.de,2025-01-02T00:00Z,\nc1,old@x.de,2025-02-01,2025-01-01\nc1,zzz@x.de,,",
    )
    lake.write("blacklist", "a.csv", "blacklist_id,email\nb1,new@x.de\nb2,old@x.de\nb3,zzz@x.de")
    lake.batch(transaction(1))
    assert only(lake.score()[DAY]["flagged_customers"])["blacklist_id"] == "b1"
