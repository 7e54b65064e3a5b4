"""The truth is true: each expectation recomputed from the raw files by plain arithmetic."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING
from unicodedata import combining, normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .written_sample import Row, Sample

FOREIGN_LABELS = ("AMOUNT_OVER_LIMIT_FOREIGN", "AT_THE_LIMIT_FOREIGN")


def moment(row: Row) -> datetime:
    return datetime.fromisoformat(row["transaction_ts"])


def groups(rows: Iterable[Row], column: str) -> list[list[Row]]:
    found = defaultdict(list)
    for row in sorted(rows, key=moment):
        found[row[column]].append(row)
    return list(found.values())


def window(rows: list[Row], row: Row, seconds: int) -> list[Row]:
    start = moment(row) - timedelta(seconds=seconds)
    return [other for other in rows if start < moment(other) <= moment(row)]


def rate(sample: Sample, currency: str, day: str) -> Decimal:
    rates = {
        row["rate_date"]: Decimal(row["usd_per_unit"])
        for row in sample.table("fx_rates/*.csv")
        if row["currency"] == currency and row["rate_date"] <= day
    }
    return Decimal(1) if currency == "USD" else rates[max(rates)]


def usd(sample: Sample, row: Row) -> Decimal:
    product = Decimal(row["amount"]) * rate(sample, row["currency"], row["transaction_ts"][:10])
    return product.quantize(Decimal("0.01"), ROUND_HALF_UP)


def ordinary_rows(sample: Sample) -> list[Row]:
    planted = {row["transaction_id"] for row in sample.truth} | {""}
    rows = sample.table("transactions/*/*.csv")
    return [row for row in rows if row["transaction_id"].strip() not in planted]


def name_key(name: str) -> str:
    letters = (c for c in normalize("NFKD", name) if not combining(c))
    return " ".join(sorted("".join(c if c.isalnum() else " " for c in letters).casefold().split()))


def similarity(left: str, right: str) -> float:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, row = row, [i]
        for j, b in enumerate(right, 1):
            row.append(min(row[-1] + 1, above[j] + 1, above[j - 1] + (a != b)))
    return 1 - row[-1] / max(len(left), len(right))


def names_like(sample: Sample, label: str) -> list[tuple[Row, list[tuple[float, Row]]]]:
    """Each customer of a label with every entry under a name, and how alike the names are."""
    people = {row["customer_id"]: row for row in reversed(sample.table("customers/*/*.csv"))}
    entries = [row for row in sample.table("blacklist/*/*.csv") if len(row["full_name"]) > 7]
    ids = sorted({row["customer_id"] for row in sample.labelled(label)})
    return [
        (
            people[name],
            [
                (similarity(name_key(people[name]["full_name"]), name_key(row["full_name"])), row)
                for row in entries
            ],
        )
        for name in ids
    ]


def test_amounts_stand_on_the_right_side_of_the_limit(sample: Sample) -> None:
    assert {row["amount"] for row in sample.labelled("AMOUNT_OVER_LIMIT_BY_A_CENT")} == {"5000.01"}
    assert {row["amount"] for row in sample.labelled("AT_THE_LIMIT")} == {"5000.00"}
    assert all(usd(sample, row) > 5000 for row in sample.labelled("AMOUNT_OVER_LIMIT"))


def test_foreign_amounts_are_a_cent_of_their_currency_apart(sample: Sample) -> None:
    over, under = (sample.labelled(label) for label in FOREIGN_LABELS)
    assert all(usd(sample, row) > 5000 for row in over)
    assert all(usd(sample, row) <= 5000 for row in under)
    cent = Decimal("0.01")
    more = [{**row, "amount": str(Decimal(row["amount"]) + cent)} for row in under]
    assert all(usd(sample, row) > 5000 for row in more)


def test_an_outlier_stands_out_even_from_its_whole_batch(sample: Sample) -> None:
    first = str(sample.plan.first_date)
    (row,) = (r for r in sample.labelled("AMOUNT_OUTLIER") if r["ingest_date"] == first)
    batch = [usd(sample, r) for r in ordinary_rows(sample) if r["transaction_ts"][:10] == first]
    for planted in sample.truth:
        if planted["ingest_date"] == first and not planted["expected_reasons"]:
            values = dict(zip(sample.header, sample.fields(planted), strict=True))
            if planted != row and values["currency"] == "USD":
                batch.append(Decimal(values["amount"].strip()))
    numbers = [float(amount) for amount in batch]
    score = (float(row["amount"]) - statistics.fmean(numbers)) / statistics.pstdev(numbers)
    assert score > 3
    assert 3500 <= Decimal(row["amount"]) <= 4900


def test_outlier_customers_spend_little_otherwise(sample: Sample) -> None:
    actors = [row["customer_id"] for row in sample.labelled("AMOUNT_OUTLIER")]
    others = [r for r in ordinary_rows(sample) if r["customer_id"] in actors]
    assert len(actors) == len(set(actors))
    assert len(others) > len(actors)
    assert max(usd(sample, row) for row in others) < 100


def test_bursts_expect_the_rule_from_the_fourth_row_within_a_minute(sample: Sample) -> None:
    for label in ("VELOCITY_BURST", "VELOCITY_BURST_59_999999_S", "VELOCITY_BURST_MIDNIGHT"):
        for rows in groups(sample.labelled(label), "customer_id"):
            counts = [len(window(rows, row, 60)) for row in rows]
            expected = [row["expected_rules"] == "VELOCITY_BURST" for row in rows]
            assert expected == [count >= 4 for count in counts], label


def test_the_controls_of_the_burst_stay_under_four(sample: Sample) -> None:
    for rows in groups(sample.labelled("VELOCITY_CONTROL_60_S"), "customer_id"):
        assert max(len(window(rows, row, 60)) for row in rows) == 3
        assert {row["forbidden_rules"] for row in rows} == {"VELOCITY_BURST"}


def test_bursts_at_midnight_lie_in_two_partitions(sample: Sample) -> None:
    for row in sample.labelled("VELOCITY_BURST_MIDNIGHT"):
        assert moment(row).date() == date.fromisoformat(row["ingest_date"])
    days = sorted({row["ingest_date"] for row in sample.labelled("VELOCITY_BURST_MIDNIGHT")})
    assert days == [str(day) for day in sample.plan.dates]


def test_swarms_expect_the_rule_from_the_eighth_customer(sample: Sample) -> None:
    labels = ("MERCHANT_SWARM", "MERCHANT_SWARM_CONTROL_600_S", "MERCHANT_BUSY_CONTROL")
    for label in labels:
        for rows in groups(sample.labelled(label), "merchant_id"):
            seen = [len({r["customer_id"] for r in window(rows, row, 600)}) for row in rows]
            expected = [row["expected_rules"] == "MERCHANT_SWARM" for row in rows]
            assert expected == [count >= 8 for count in seen], label
            assert any(expected) == (label == "MERCHANT_SWARM")


def test_cash_in_a_day_expects_the_rule_once_the_sum_is_over(sample: Sample) -> None:
    for label in ("CASH_IN_A_DAY", "CASH_IN_A_DAY_CONTROL"):
        for rows in groups(sample.labelled(label), "customer_id"):
            sums = [sum(Decimal(r["amount"]) for r in window(rows, row, 86_400)) for row in rows]
            expected = [row["expected_rules"] == "CASH_IN_A_DAY" for row in rows]
            assert expected == [total > 7000 for total in sums]
            assert {row["channel"] for row in rows} == {"cash"}
            assert any(expected) == (label == "CASH_IN_A_DAY")


def test_cash_is_only_planted_and_structured_cash_lies_under_the_limit(sample: Sample) -> None:
    assert "cash" not in {row["channel"] for row in ordinary_rows(sample)}
    rows = sample.labelled("STRUCTURED_CASH")
    assert all(4500 <= Decimal(row["amount"]) <= 5000 for row in rows)


def test_ordinary_rows_stay_small(sample: Sample) -> None:
    rows = ordinary_rows(sample)
    rates = {code: rate(sample, code, "2025-01-12") for code in {row["currency"] for row in rows}}
    assert max(Decimal(row["amount"]) * rates[row["currency"]] for row in rows) < 1500


def test_ordinary_rows_of_a_customer_stay_apart(dense: Sample) -> None:
    rows = ordinary_rows(dense)
    for own in groups(rows, "customer_id"):
        times = [moment(row) for row in own]
        assert all(b - a >= timedelta(seconds=21) for a, b in pairwise(times))


def test_yen_have_no_cents(sample: Sample) -> None:
    yen = [row["amount"] for row in ordinary_rows(sample) if row["currency"] == "JPY"]
    assert yen
    assert all(amount.isdigit() for amount in yen)


def test_names_that_must_match_are_alike_enough(sample: Sample) -> None:
    for person, entries in names_like(sample, "BLACKLIST_NAME_BIRTH_DATE"):
        assert max(entries, key=lambda pair: pair[0])[0] >= 0.90, person
    for person, entries in names_like(sample, "BLACKLIST_NAME_ONLY"):
        value, entry = max(entries, key=lambda pair: pair[0])
        assert value >= 0.95
        assert not (person["date_of_birth"] and entry["date_of_birth"])


def test_a_namesake_with_another_birth_date_has_no_other_likeness(sample: Sample) -> None:
    for person, entries in names_like(sample, "BLACKLIST_OTHER_BIRTH_DATE"):
        alike = [entry for value, entry in entries if value >= 0.90]
        assert len(alike) == 1
        assert alike[0]["date_of_birth"] not in ("", person["date_of_birth"])


def test_controls_of_the_blacklist_are_out_of_force_on_every_day(sample: Sample) -> None:
    for label in ("BLACKLIST_EXPIRED", "BLACKLIST_NOT_YET_LISTED"):
        ids = {row["customer_id"] for row in sample.labelled(label)}
        entries = [r for r in sample.table("blacklist/*/*.csv") if r["customer_id"] in ids]
        assert {row["customer_id"] for row in entries} == ids
        for entry in entries:
            is_over = entry["expires_at"] == str(sample.plan.first_date)
            assert is_over or entry["listed_at"] > str(sample.plan.last_date)


def test_unknown_customers_are_in_no_table(sample: Sample) -> None:
    known = {row["customer_id"] for row in sample.table("customers/*/*.csv")}
    for label in ("UNKNOWN_CUSTOMER", "BLACKLISTED_UNKNOWN_CUSTOMER"):
        assert not known & {row["customer_id"] for row in sample.labelled(label)}


def test_late_and_early_rows_lie_on_the_side_they_should(dense: Sample) -> None:
    for row in dense.truth:
        values = dict(zip(dense.header, dense.fields(row), strict=False))
        batch = datetime.fromisoformat(row["ingest_date"]).replace(tzinfo=UTC)
        if row["label"] in ("TOO_LATE", "LATE_ACCEPTED"):
            days = (batch.date() - moment(values).date()).days
            assert (days > 7) == (row["label"] == "TOO_LATE")
            assert days >= 1
        if row["label"] in ("FUTURE_TIMESTAMP", "FUTURE_BORDER_ACCEPTED"):
            is_future = moment(values) > batch + timedelta(days=1, hours=1)
            assert is_future == (row["label"] == "FUTURE_TIMESTAMP")


def test_customers_have_the_faults_of_real_tables(sample: Sample) -> None:
    rows = sample.table("customers/*/*.csv")
    assert len(rows) > len({row["customer_id"] for row in rows})
    assert any(not row["date_of_birth"] for row in rows)
    assert any(ord(row["full_name"][0]) > 0x370 for row in rows)
    assert any("\n" in row["full_name"] or "," in row["full_name"] for row in rows)
