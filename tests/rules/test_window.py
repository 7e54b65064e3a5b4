"""Kind window: each measure, its borders, its key and its filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.rules.window import WindowRule, duration_text
from fraudlake.tables import condition_schema
from tests.frames import DAY, Literal, frame, pairs, rule_of, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

SCHEMA = ", ".join(
    [f"{one.name} {one.dataType.simpleString()}" for one in condition_schema(("desk",)).fields]
    + ["is_current boolean"]
)
Row = tuple[str, "Mapping[str, object]"]


def window(**parameters: object) -> WindowRule:
    """Four or more transactions of a customer within 60 s, unless told otherwise."""
    usual: Literal = {"kind": "window", "measure": "count", "key": "customer_id", "duration": "60s"}
    limit: Literal = {} if {"at_least", "over"} & set(parameters) else {"at_least": 4}
    rule = rule_of(carry=("desk",), **{**usual, **limit, **parameters})
    assert isinstance(rule, WindowRule)
    return rule


def timeline(spark: SparkSession, cases: Mapping[str, Sequence[Row]], **usual: object) -> DataFrame:
    """The rows of each case belong to one customer, named like it; ids are `case 0`, `case 1`.

    A row is its moment and what it changes; a time without a date is of the batch date.
    """
    literals = [
        {"transaction_id": f"{case} {at}", "customer_id": case, "amount_usd": "10.00"}
        | {"is_current": True, **usual, "transaction_ts": moment(when), **changed}
        for case, rows in cases.items()
        for at, (when, changed) in enumerate(rows)
    ]
    return frame(spark, SCHEMA, *literals)


def moment(when: str) -> str:
    return when if " " in when else f"{DAY} {when}"


def fires(rule: WindowRule, rows: DataFrame) -> set[str]:
    measured = rule.with_measure(rows)
    return {row[0] for row in measured.where(rule.fires()).select("transaction_id").collect()}


def measures(rule: WindowRule, rows: DataFrame) -> dict[str, object]:
    return pairs(rule.with_measure(rows), "transaction_id", rule.measure_column)


def at(*clocks: str) -> list[Row]:
    return [(clock, {}) for clock in clocks]


def test_a_burst_is_counted_over_a_half_open_window(spark: SparkSession) -> None:
    cases: dict[str, list[Row]] = {
        "inside": at("12:00:00", "12:00:20", "12:00:40", "12:00:59.999999"),
        "outside": at("12:00:00", "12:00:20", "12:00:40", "12:01:00.000000"),
        "at once": at(*["12:00:00"] * 4),
        "three": at(*["12:00:00"] * 3),
        "over midnight": at(f"{DAY} 23:59:30", f"{DAY} 23:59:59.999999")
        + at("2025-03-11 00:00:00", "2025-03-11 00:00:29.999999"),
        "batch border": [
            ("2025-03-09 23:59:59", {"is_current": False}),
            *at("00:00:00", "00:00:20", "00:00:58.999999"),
        ],
        "past the border": [
            ("2025-03-09 23:59:59", {"is_current": False}),
            *at("00:00:00", "00:00:20", "00:00:59"),
        ],
        "before 1970": at(*[f"1969-12-31 23:59:{second}" for second in (10, 20, 30, 40)]),
    }
    assert fires(window(), timeline(spark, cases)) == {
        "inside 3",
        *(f"at once {position}" for position in range(4)),
        "over midnight 3",
        "batch border 3",
        "before 1970 3",
    }


AMOUNTS = ["60.00", "20.00", "20.00"]
MEASURED = {"count": "3", "sum": "100.00", "mean": "33.333333", "max": "60.00"}


@pytest.mark.parametrize(
    ("measure", "limit"),
    [
        ("count", 3),
        ("sum", 100),
        ("sum", 100.0),
        ("max", 60),
        ("count_distinct", 2),
    ],
)
def test_at_least_fires_at_the_limit_and_over_above_it(
    spark: SparkSession, measure: str, limit: float
) -> None:
    cases = {"c": [("12:00:00", {"amount_usd": amount}) for amount in AMOUNTS]}
    rows = timeline(spark, cases)
    about: Literal = {"measure": measure, "column": "amount_usd"}
    everything = {"c 0", "c 1", "c 2"}
    assert fires(window(**about, at_least=limit), rows) == everything
    assert fires(window(**about, over=limit), rows) == set()


def test_each_measure_is_of_the_window_alone(spark: SparkSession) -> None:
    cases: dict[str, list[Row]] = {
        "c": [
            ("11:59:00", {"amount_usd": "500.00", "channel": "app"}),
            ("12:00:00", {"amount_usd": "60.00", "channel": "web"}),
            ("12:00:30", {"amount_usd": "20.00", "channel": None}),
            ("12:00:59", {"amount_usd": "20.00", "channel": "web"}),
        ]
    }
    rows = timeline(spark, cases)
    of_amount = {
        measure: window(measure=measure, column="amount_usd", at_least=1)
        for measure in ("count", "sum", "mean", "max")
    }
    of_amount["with a channel"] = window(measure="count", column="channel", at_least=1)
    last = {name: str(measures(rule, rows)["c 3"]) for name, rule in of_amount.items()}
    assert last == MEASURED | {"with a channel": "2"}


def test_different_values_are_counted_once_and_nulls_not_at_all(spark: SparkSession) -> None:
    amounts: list[tuple[object, str]] = [
        ("500.00", "11:59:00"),
        *[(one, "12:00:59") for one in AMOUNTS],
        (None, "12:00:59"),
    ]
    cases: dict[str, list[Row]] = {"c": [(clock, {"amount_usd": one}) for one, clock in amounts]}
    rule = window(measure="count_distinct", column="amount_usd", at_least=1)
    assert set(measures(rule, timeline(spark, cases)).values()) == {1, 2}


def test_the_sentence_of_different_values_names_their_column(spark: SparkSession) -> None:
    rows = timeline(spark, {"c": [("12:00:00", {"channel": "web"})]})
    rule = window(measure="count_distinct", column="channel", duration="10m", at_least=1)
    assert sentences(rule, rule.with_measure(rows)) == {
        "c 0": "1 different channel of one customer_id within 10 min (rule: at least 1)"
    }


def test_a_mean_over_its_limit_by_a_cent_in_three_fires(spark: SparkSession) -> None:
    cases = {
        "at": [("12:00:00", {"amount_usd": one}) for one in ("10.00", "20.00", "30.00")],
        "over": [("12:00:00", {"amount_usd": one}) for one in ("10.00", "20.00", "30.01")],
    }
    rows = timeline(spark, cases)
    found = fires(window(measure="mean", column="amount_usd", over=20), rows)
    assert found == {"over 0", "over 1", "over 2"}
    assert len(fires(window(measure="mean", column="amount_usd", at_least=20), rows)) == 6


def test_another_key_gathers_across_customers_and_a_null_key_never_fires(
    spark: SparkSession,
) -> None:
    cases = {
        name: [("12:00:00", {"merchant_id": merchant})]
        for name, merchant in (("a", "m1"), ("b", "m1"), ("c", "m2"), ("d", None), ("e", None))
    }
    rule = window(key="merchant_id", at_least=1)
    rows = timeline(spark, cases)
    assert measures(rule, rows) == {"a 0": 2, "b 0": 2, "c 0": 1, "d 0": None, "e 0": None}
    assert fires(rule, rows) == {"a 0", "b 0", "c 0"}


def test_a_null_customer_never_fires(spark: SparkSession) -> None:
    rows = timeline(spark, {"x": at("12:00:00", "12:00:00")}, customer_id=None)
    assert fires(window(at_least=1), rows) == set()


def test_with_a_filter_only_rows_that_pass_it_count_and_fire(spark: SparkSession) -> None:
    web, app, unknown = {"channel": "web"}, {"channel": "app"}, {"channel": None}
    earlier = {"is_current": False}
    cases: dict[str, list[Row]] = {
        "two pass": [("12:00:00", web), ("12:00:10", web)],
        "an app between": [("12:00:00", web), ("12:00:05", app), ("12:00:10", app)],
        "a null between": [("12:00:00", web), ("12:00:05", unknown), ("12:00:10", web)],
        "earlier app": [("12:00:00", {**app, **earlier}), ("12:00:10", web)],
        "earlier null": [("12:00:00", {**unknown, **earlier}), ("12:00:10", web)],
        "earlier web": [("12:00:00", {**web, **earlier}), ("12:00:10", web)],
    }
    rule = window(where="channel = 'web'", at_least=2)
    rows = timeline(spark, cases)
    assert fires(rule, rows) == {"two pass 1", "a null between 2", "earlier web 1"}
    assert measures(rule, rows)["an app between 1"] is None


def test_a_carried_column_can_be_key_and_measure(spark: SparkSession) -> None:
    cases = {name: [("12:00:00", {"desk": desk})] for name, desk in (("a", "1"), ("b", "1"))}
    rows = timeline(spark, cases)
    assert fires(window(key="desk", at_least=2), rows) == {"a 0", "b 0"}
    rule = window(measure="count", column="desk", key="currency", at_least=2)
    assert fires(rule, timeline(spark, cases, currency="USD")) == {"a 0", "b 0"}


@pytest.mark.parametrize(
    ("duration", "inside", "outside"),
    [
        ("1s", "12:00:00.999999", "12:00:01"),
        ("10m", "12:09:59.999999", "12:10:00"),
        ("24h", "2025-03-11 11:59:59.999999", "2025-03-11 12:00:00"),
        ("30d", "2025-04-09 11:59:59.999999", "2025-04-09 12:00:00"),
    ],
)
def test_every_duration_is_half_open(
    spark: SparkSession, duration: str, inside: str, outside: str
) -> None:
    cases = {"in": at("12:00:00", inside), "out": at("12:00:00", outside)}
    found = fires(window(duration=duration, at_least=2), timeline(spark, cases))
    assert found == {"in 1"}


def test_the_sentence_has_measure_window_and_limit(spark: SparkSession) -> None:
    amounts = [{"amount_usd": "600.00"}, {"amount_usd": "650.5"}]
    rows = timeline(spark, {"c": [("12:00:00", one) for one in amounts]})
    rules = {
        window(at_least=2): "2 transactions of one customer_id within 60 s (rule: at least 2)",
        window(
            measure="sum", column="amount_usd", duration="24h", over=1000, where="amount_usd > 1"
        ): "1,250.50 sum of amount_usd of one customer_id within 24 h where amount_usd > 1"
        " (rule: over 1,000)",
    }
    for rule, sentence in rules.items():
        assert sentences(rule, rule.with_measure(rows))["c 0"] == sentence


def test_a_duration_is_written_in_the_largest_unit_that_divides_it() -> None:
    texts = {1: "1 s", 60: "60 s", 90: "90 s", 120: "2 min", 3600: "60 min", 7200: "2 h"}
    assert {seconds: duration_text(seconds) for seconds in texts} == texts
