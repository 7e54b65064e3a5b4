"""The rule book: all problems at once, and a version that follows what decides a score."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.errors import SettingsError
from fraudlake.rules.book import RuleBook, load_rule_book, read_rule_book
from fraudlake.tables import condition_schema
from tests.frames import BOOK, DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession

    from tests.frames import Literal

SETTINGS_PARTS = ("baseline", "blacklist", "cleansing", "fx", "velocity")
HEADING = {"title": "T", "description": "D", "points": 10}
AMOUNT = {**HEADING, "id": "BIG", "kind": "amount", "over": 5000}
WINDOW = {**HEADING, "id": "BURST", "kind": "window", "measure": "count", "key": "customer_id"}
WINDOW |= {"duration": "60s", "at_least": 4}
OUTLIER = {**HEADING, "id": "FAR", "kind": "outlier", "zscore_over": 3, "amount_over": 100}


def book_of(*rules: Literal, **parts: object) -> RuleBook:
    return load_rule_book({"rules": list(rules), **parts}, DEFAULTS)


def problems_of(*rules: object, **parts: object) -> list[str]:
    _, problems = read_rule_book({"rules": list(rules), **parts}, DEFAULTS)
    return [str(problem) for problem in problems]


def test_the_default_rules_are_those_of_the_contract() -> None:
    assert [(rule.heading.id, rule.kind, rule.heading.points) for rule in BOOK.rules] == [
        ("AMOUNT_OVER_LIMIT", "amount", 70),
        ("AMOUNT_OUTLIER", "outlier", 30),
        ("VELOCITY_BURST", "window", 40),
        ("BLACKLISTED_CUSTOMER", "blacklist", 100),
        ("BLACKLIST_NAME_MATCH", "blacklist", 40),
        ("UNKNOWN_CUSTOMER", "unknown_customer", 30),
    ]
    assert (BOOK.categories.high, BOOK.categories.medium) == (70, 30)
    assert BOOK.longest_window_seconds == 60
    assert [rule.heading.id for rule in BOOK.velocity_rules] == ["VELOCITY_BURST"]
    assert BOOK.window_rules == ()


def test_every_problem_is_told_at_once_with_its_place() -> None:
    found = problems_of(
        {**AMOUNT, "points": 101, "over": "much"},
        {**AMOUNT, "id": "BIG", "points": -1},
        {**WINDOW, "duration": "31d", "key": "custmer_id", "over": 5},
        {**OUTLIER, "kind": "outlyer"},
        {**OUTLIER, "id": "1 bad id", "zscore": 3},
        settings={"fx": {"max_age": 7}, "colour": {}},
        extra=1,
    )
    assert sorted(found) == sorted(
        [
            "rules[0].points: expected a whole number from 0 to 100, found 101",
            "rules[0].over: expected a number from 0 to 999999999999, found 'much'",
            "rules[0].id: BIG is used 2 times",
            "rules[1].points: expected a whole number from 0 to 100, found -1",
            "rules[1].id: BIG is used 2 times",
            "rules[2].duration: 31d is not between 1 second and 30 days",
            "rules[2].key: 'custmer_id' is not known; did you mean 'customer_id'?",
            "rules[2]: needs one of at_least and over, found 2",
            "rules[3].kind: 'outlyer' is not known; did you mean 'outlier'?",
            "rules[4].id: '1 bad id' is no rule id: a letter, then letters, digits, underscores",
            "rules[4].zscore: is not known here; did you mean 'zscore_over'?",
            "settings.fx.max_age: is not known here; did you mean 'max_age_days'?",
            f"settings.colour: is not known here; known are {', '.join(SETTINGS_PARTS)}",
            "extra: is not known here; known are categories, rules, settings",
        ]
    )


def test_categories_at_odds_are_told_beside_other_problems() -> None:
    found = problems_of(AMOUNT, categories={"high": 30, "medium": 30}, settings={"colour": {}})
    assert "categories: medium (30) must be below high (30)" in found


@pytest.mark.parametrize(("high", "medium"), [(30, 30), (30, 31), (0, 0), (0, 100)])
def test_medium_must_be_below_high(high: int, medium: int) -> None:
    expected = [f"categories: medium ({medium}) must be below high ({high})"]
    assert problems_of(AMOUNT, categories={"high": high, "medium": medium}) == expected


def test_categories_one_apart_or_partly_given_are_fine() -> None:
    assert book_of(AMOUNT, categories={"high": 31, "medium": 30}).categories.high == 31
    assert book_of(AMOUNT, categories={"medium": 69}).categories.high == 70


@pytest.mark.parametrize("missing", ["id", "title", "description", "kind", "points", "over"])
def test_no_field_of_a_rule_can_be_left_out(missing: str) -> None:
    rule = {name: value for name, value in AMOUNT.items() if name != missing}
    assert f"rules[0].{missing}: is missing" in problems_of(rule)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"measure": "median"}, "rules[0].measure: 'median' is not known"),
        ({"measure": "sum"}, "rules[0].column: is missing"),
        ({"measure": "sum", "column": "channel"}, "rules[0].column: channel is no number"),
        ({"measure": "mean", "column": "amount_zscore"}, "rules[0].column: amount_zscore is not e"),
        ({"measure": "sum", "column": "desk"}, "rules[0].column: 'desk' is not known"),
        ({"key": "risk_score"}, "rules[0].key: 'risk_score' is not known"),
        ({"where": " "}, "rules[0].where: expected a text that is not empty"),
        ({"at_least": -1}, "rules[0].at_least: expected a number from 0"),
        ({"duration": 0}, "rules[0].duration: 0 is not between"),
        ({"duration": "2592001s"}, "rules[0].duration: 2592001s is not between"),
    ],
)
def test_a_window_is_checked(change: Literal, problem: str) -> None:
    found = problems_of({**WINDOW, **change})
    assert found, change
    assert found[0].startswith(problem)


def test_a_window_of_thirty_days_and_a_maximum_of_doubles_are_fine() -> None:
    book = book_of({**WINDOW, "duration": "30d", "measure": "max", "column": "amount_zscore"})
    assert book.longest_window_seconds == 30 * 86400


def test_a_window_needs_a_limit() -> None:
    rule = {name: value for name, value in WINDOW.items() if name != "at_least"}
    assert problems_of(rule) == ["rules[0]: needs one of at_least and over, found 0"]


@pytest.mark.parametrize(
    ("carry", "problem"),
    [
        (["amount"], "settings.cleansing.carry[0]: amount is a column of fraudlake's own"),
        (["desk", "RISK_SCORE"], "settings.cleansing.carry[1]: RISK_SCORE is a column of"),
        (["batch_date"], "settings.cleansing.carry[0]: batch_date is a column of"),
        (["desk", "Desk"], "settings.cleansing.carry[0]: desk is named 2 times"),
        (["my desk"], "settings.cleansing.carry[0]: 'my desk' is no column name"),
        ("desk", "settings.cleansing.carry: expected a list of texts"),
    ],
)
def test_a_carried_column_has_a_name_of_its_own(carry: object, problem: str) -> None:
    found = problems_of(AMOUNT, settings={"cleansing": {"carry": carry}})
    assert found[0].startswith(problem)


def test_a_carried_column_can_be_a_key() -> None:
    book_of({**WINDOW, "key": "desk"}, settings={"cleansing": {"carry": ["desk"]}})


@pytest.mark.parametrize("rules", [None, [], {}, "x", ["x"]])
def test_a_book_has_rules(rules: object) -> None:
    _, problems = read_rule_book({"rules": rules}, DEFAULTS)
    assert problems
    with pytest.raises(SettingsError):
        load_rule_book({"rules": rules}, DEFAULTS)


def test_conditions_are_checked_with_the_rest(spark: SparkSession) -> None:
    expression = {**HEADING, "id": "E", "kind": "expression", "condition": "amuont > 5"}
    rules = [expression, {**WINDOW, "where": "channel"}, {**AMOUNT, "points": 101}]
    with pytest.raises(SettingsError) as caught:
        load_rule_book({"rules": rules}, DEFAULTS, spark.createDataFrame([], condition_schema()))
    places = [problem.split(": ")[0] for problem in caught.value.problems]
    assert sorted(places) == ["rules[0].condition", "rules[1].where", "rules[2].points"]


def changed(change: Callable[[Any], object]) -> str:
    values = copy.deepcopy(DEFAULTS)
    change(values)
    return load_rule_book(values).version


def test_the_version_is_of_the_compact_sorted_json_with_defaults_filled_in() -> None:
    text = json.dumps(BOOK.as_mapping(), sort_keys=True, separators=(",", ":"))
    assert BOOK.version == hashlib.sha256(text.encode()).hexdigest()[:12]
    assert load_rule_book({"rules": DEFAULTS["rules"]}, DEFAULTS).version == BOOK.version


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values["rules"][0].update(over=5000.00),
        lambda values: values["rules"].__setitem__(0, dict(reversed(values["rules"][0].items()))),
        lambda values: values.update(settings=dict(reversed(values["settings"].items()))),
        lambda values: values["settings"]["velocity"].update(window="1m"),
        lambda values: values["settings"]["velocity"].update(window=60),
        lambda values: values["settings"]["blacklist"].update(similarity_same_birth_date=0.9),
        lambda values: values["rules"][2].update(duration="60 s"),
    ],
)
def test_the_version_stays_where_only_the_writing_changed(change: Callable[[Any], object]) -> None:
    assert changed(change) == BOOK.version


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values["rules"][0].update(points=71),
        lambda values: values["rules"][0].update(over=5000.01),
        lambda values: values["rules"][0].update(title="Another title"),
        lambda values: values["rules"][0].update(id="ANOTHER"),
        lambda values: values["rules"].reverse(),
        lambda values: values["rules"].pop(),
        lambda values: values["rules"][3]["match_types"].pop(),
        lambda values: values["categories"].update(medium=31),
        lambda values: values["settings"]["fx"].update(max_age_days=6),
        lambda values: values["settings"]["cleansing"].update(carry=["desk"]),
        lambda values: values["rules"][2].update(where="amount > 1"),
    ],
)
def test_the_version_changes_with_all_that_decides_a_row(change: Callable[[Any], object]) -> None:
    assert changed(change) != BOOK.version


def test_at_least_and_over_are_two_versions() -> None:
    over = {name: value for name, value in WINDOW.items() if name != "at_least"} | {"over": 4}
    assert book_of(WINDOW).version != book_of(over).version


def test_a_book_written_as_a_mapping_reads_back_the_same() -> None:
    assert load_rule_book(BOOK.as_mapping()) == BOOK
