from __future__ import annotations

from decimal import Decimal

import pytest

from fraudlake.errors import SettingsError
from lambdas.environment import Environment


def test_texts_are_trimmed_and_may_have_a_default() -> None:
    environment = Environment({"A": " x y \n", "B": " "})
    assert (environment.text("A"), environment.text("B", "z")) == ("x y", "z")
    assert environment.problems == []


@pytest.mark.parametrize("variables", [{}, {"A": ""}, {"A": "  "}])
def test_a_text_that_is_missing_or_blank_is_a_problem(variables: dict[str, str]) -> None:
    environment = Environment(variables)
    assert environment.text("A") == ""
    assert environment.problems == ["A is not set"]


def test_a_form_is_that_of_the_whole_text() -> None:
    environment = Environment({"A": "ab12", "B": "ab12!", "C": "\u0661"})
    assert environment.matching("A", "[a-z]+[0-9]+", "a name") == "ab12"
    environment.matching("B", "[a-z]+[0-9]+", "a name")
    environment.matching("C", r"\d", "a digit")
    assert environment.problems == ["B is not a name", "C is not a digit"]


def test_a_default_stands_in_for_a_form_that_is_missing() -> None:
    environment = Environment({})
    assert environment.matching("A", "[a-z]+", "a name", "abc") == "abc"
    environment.matching("B", "[a-z]+", "a name")
    assert environment.problems == ["B is not set"]


def test_a_choice_is_one_of_the_options() -> None:
    environment = Environment({"A": "iam", "B": "IAM"})
    assert environment.choice("A", "iam", "secret") == "iam"
    environment.choice("B", "iam", "secret")
    environment.choice("C", "iam", "secret")
    assert environment.problems == ["B is none of iam, secret", "C is not set"]


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("007", 7), ("10", 10), (" 9 ", 9)])
def test_a_whole_number_lies_within_its_bounds(text: str, number: int) -> None:
    environment = Environment({"A": text})
    assert environment.integer("A", 1, 10, 5) == number
    assert environment.problems == []


@pytest.mark.parametrize("text", ["0", "11", "-1", "+1", "1.0", "1e1", "ten", "\u0661", "9" * 10])
def test_any_other_number_is_a_problem_and_gives_the_default(text: str) -> None:
    environment = Environment({"A": text})
    assert environment.integer("A", 1, 10, 5) == 5
    assert environment.problems == ["A is no whole number from 1 to 10"]


def test_a_number_that_is_missing_is_its_default() -> None:
    environment = Environment({})
    assert environment.integer("A", 1, 10, 5) == 5
    assert environment.problems == []


@pytest.mark.parametrize("text", ["0", "1", "0.5", "1.000", ".25", "0.333333333333333333333"])
def test_a_share_is_exact(text: str) -> None:
    environment = Environment({"A": text})
    assert environment.share("A") == Decimal(text)
    assert environment.problems == []


@pytest.mark.parametrize(
    "text", ["-0.1", "1.0001", "50%", "half", "NaN", "-nan", "sNaN", "Infinity", "0,5"]
)
def test_any_other_share_is_a_problem(text: str) -> None:
    environment = Environment({"A": text})
    environment.share("A")
    assert environment.problems == ["A is no number from 0 to 1"]


def test_a_share_that_is_missing_is_one_problem() -> None:
    environment = Environment({})
    environment.share("A")
    assert environment.problems == ["A is not set"]


def test_all_problems_are_raised_at_once_with_what_to_do() -> None:
    environment = Environment({"B": "secret-in-the-wrong-place"})
    environment.text("A")
    environment.choice("B", "x", "y")
    with pytest.raises(SettingsError) as caught:
        environment.refuse_problems()
    assert caught.value.problems == [
        "A is not set",
        "B is none of x, y",
        "correct the function's environment variables and deploy it again",
    ]


def test_nothing_is_raised_where_there_is_no_problem() -> None:
    Environment({}).refuse_problems()
