"""Forms: typed fields of a mapping, and every problem kept with its place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fraudlake.rules.form import Form, path_text


def told(form: Form) -> list[str]:
    return [str(problem) for problem in form.problems]


def test_fields_that_are_right_leave_no_problem() -> None:
    form = Form(
        {"text": " a ", "texts": ["x", "y"], "one": 5, "share": 0.05, "span": "10m", "kind": "b"}
    )
    assert form.text("text") == "a"
    assert form.texts("texts") == ("x", "y")
    assert form.integer("one", 5, 5) == 5
    assert form.number("share", "0.05", "0.05") == Decimal("0.05")
    assert form.duration("span", 600) == 600
    assert form.choice("kind", ("a", "b")) == "b"
    form.refuse_unread()
    assert told(form) == []


@pytest.mark.parametrize("points", [0, 1, 99, 100])
def test_a_whole_number_within_its_bounds(points: int) -> None:
    form = Form({"points": points})
    assert form.integer("points", 0, 100) == points
    assert told(form) == []


@pytest.mark.parametrize("points", [-1, 101, 50.0, 50.5, "50", True, [50]])
def test_anything_else_is_no_whole_number(points: object) -> None:
    form = Form({"points": points})
    assert form.integer("points", 0, 100) == 0
    assert told(form) == [f"points: expected a whole number from 0 to 100, found {points!r}"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "5", True, -0.01, 1.01, {}])
def test_a_number_is_finite_and_within_its_bounds(value: object) -> None:
    form = Form({"share": value})
    form.number("share", "0", "1")
    assert told(form) == [f"share: expected a number from 0 to 1, found {value!r}"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1s", 1),
        ("60s", 60),
        ("10m", 600),
        ("24h", 86400),
        ("30d", 2592000),
        (" 2 m ", 120),
        (7, 7),
    ],
)
def test_a_duration_has_a_unit_or_is_in_seconds(value: object, seconds: int) -> None:
    form = Form({"duration": value})
    assert form.duration("duration", 30 * 86400) == seconds
    assert told(form) == []


@pytest.mark.parametrize("value", ["60", "s", "1w", "1.5h", "-1s", "1h30m", "", True, 1.5, "60S"])
def test_what_is_no_duration(value: object) -> None:
    form = Form({"duration": value})
    form.duration("duration", 30 * 86400)
    expected = "duration: expected a duration such as 60s, 10m, 24h or 30d"
    assert told(form) == [f"{expected}, found {value!r}"]


@pytest.mark.parametrize("value", ["0s", 0, -1, "31d", "2592001s", 2592001])
def test_a_duration_is_from_a_second_to_its_longest(value: object) -> None:
    form = Form({"duration": value})
    form.duration("duration", 30 * 86400)
    assert told(form) == [f"duration: {value} is not between 1 second and 30 days"]


def test_a_missing_field_is_told_once_and_not_twice() -> None:
    form = Form({"null": None}, place=("rules", 2))
    form.text("id")
    form.integer("points", 0, 100)
    form.number("over", "0")
    form.duration("null", 60)
    form.choice("kind", ("a", "b"))
    form.texts("types")
    names = ["id", "points", "over", "null", "kind", "types"]
    assert told(form) == [f"rules[2].{name}: is missing" for name in names]


@pytest.mark.parametrize("value", ["", "  ", 5, ["a"], {}])
def test_a_text_is_not_empty(value: object) -> None:
    form = Form({"title": value})
    form.text("title")
    assert told(form) == [f"title: expected a text that is not empty, found {value!r}"]


def test_a_word_that_is_not_known_has_a_hint() -> None:
    form = Form({"kind": "amuont", "types": ["email", "mobile", 5], "way": "zzz"})
    form.choice("kind", ("amount", "window"))
    form.choice("way", ("amount", "window"))
    form.texts("types")
    assert told(form) == [
        "kind: 'amuont' is not known; did you mean 'amount'?",
        "way: 'zzz' is not known; known are amount, window",
        "types: expected a list of texts, found ['email', 'mobile', 5]",
    ]


def test_each_text_of_a_list_has_its_own_place() -> None:
    form = Form({"types": ["email", "fone", "emial"]})
    form.texts("types", ("email", "phone"))
    assert told(form) == [
        "types[1]: 'fone' is not known; did you mean 'phone'?",
        "types[2]: 'emial' is not known; did you mean 'email'?",
    ]


def test_a_field_that_nobody_reads_is_refused_with_a_hint() -> None:
    form = Form({"ponits": 5, "points": 6, 7: "x"}, place=("rules", 0))  # type: ignore[dict-item]
    form.integer("points", 0, 100)
    form.refuse_unread()
    assert told(form)[0] == "rules[0].ponits: is not known here; did you mean 'points'?"
    assert told(form)[1].startswith("rules[0].7: is not known here")


def test_defaults_fill_in_what_is_missing_down_to_nested_forms() -> None:
    form = Form({"fx": {}}, defaults={"fx": {"days": 7}, "other": {"share": 0.5}})
    assert form.child("fx").integer("days", 0, 9) == 7
    assert form.child("other").number("share", "0") == Decimal("0.5")
    assert form.has("other")
    assert not form.has("nothing")
    assert told(form) == []


def test_a_child_that_is_no_mapping_and_a_list_that_is_none() -> None:
    form = Form({"settings": [1], "rules": {}, "none": [], "mixed": [{}, "x"]})
    form.child("settings")
    form.children("rules")
    form.children("none")
    form.children("mixed")
    assert told(form) == [
        "settings: expected a mapping, found [1]",
        "rules: expected a list that is not empty, found {}",
        "none: expected a list that is not empty, found []",
        "mixed[1]: expected a mapping, found 'x'",
    ]


def test_a_place_is_written_as_a_path() -> None:
    assert path_text(("rules", 2, "points")) == "rules[2].points"
    assert path_text(()) == "the file"
