"""Rule files: lines of problems, keys that stand twice, and what is no rule file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import SettingsError
from fraudlake.rules.file import default_rule_file, read_rule_file
from fraudlake.tables import condition_schema
from tests.frames import BOOK

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

RULE = """\
rules:
  - id: BIG
    title: Big
    description: A big amount.
    kind: amount
    over: 5000
    points: 70
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rules.yaml"


def problems_of(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_rule_file(path)
    return [one.replace(str(path), "FILE") for one in caught.value.problems]


def test_a_file_without_settings_has_the_default_ones(path: Path) -> None:
    path.write_text(RULE, encoding="utf-8")
    book = read_rule_file(path)
    assert (book.settings, book.categories) == (BOOK.settings, BOOK.categories)
    assert [rule.heading.id for rule in book.rules] == ["BIG"]


def test_every_problem_has_the_line_on_which_it_stands(path: Path) -> None:
    text = (
        RULE.replace("5000", "many").replace("points: 70", "ponits: 70") + "categories:\n  low: 1\n"
    )
    assert sorted(problems_of(path, text)) == [
        "FILE, line 2: rules[0].points: is missing",
        "FILE, line 6: rules[0].over: expected a number from 0 to 999999999999, found 'many'",
        "FILE, line 7: rules[0].ponits: is not known here; did you mean 'points'?",
        "FILE, line 9: categories.low: is not known here; known are high, medium",
    ]


def test_a_key_that_stands_twice_is_refused(path: Path) -> None:
    text = f"{RULE}    points: 10\nrules: []\n"
    found = problems_of(path, text)
    assert "FILE, line 8: rules[0].points stands twice; remove one" in found
    assert "FILE, line 9: rules stands twice; remove one" in found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules: [", "rule file FILE is not YAML: line"),
        ("rules:\n\t- x", "rule file FILE is not YAML: line 2"),
        ("a: 1\n---\nb: 2\n", "rule file FILE is not YAML"),
        ("", "rule file FILE must be a mapping"),
        ("- x", "rule file FILE must be a mapping"),
        ("rules", "rule file FILE must be a mapping"),
        ("{}", "FILE, line 1: rules: is missing"),
        ("rules: !!python/object:os.system {}", "rule file FILE is not YAML"),
        ("day: 2025-02-30", "rule file FILE is not YAML"),
        ("&a [*a]", "rule file FILE"),
    ],
)
def test_what_is_no_rule_file_is_refused(path: Path, text: str, problem: str) -> None:
    assert problems_of(path, text)[0].startswith(problem)


def test_a_file_that_holds_itself_is_refused(path: Path) -> None:
    assert problems_of(path, "rules: &a\n  - *a\n")


def test_a_file_that_is_not_there_or_not_text_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_rule_file(path)
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read_rule_file(tmp_path)
    path.write_bytes(b"rules: \xff")
    with pytest.raises(SettingsError, match="is not YAML"):
        read_rule_file(path)


def test_comments_order_and_number_forms_leave_the_version_alone(path: Path) -> None:
    plain = path.with_name("plain.yaml")
    plain.write_text(RULE, encoding="utf-8")
    path.write_text(
        """\
# A comment.
rules:
  - {points: 70, over: 5000.00, kind: amount, description: A big amount., title: Big, id: BIG}
categories: {medium: 30, high: 70}
""",
        encoding="utf-8",
    )
    assert read_rule_file(path).version == read_rule_file(plain).version


def test_the_default_file_is_complete_and_a_copy_of_it_the_same(path: Path) -> None:
    path.write_text(default_rule_file().read_text(encoding="utf-8"), encoding="utf-8")
    assert read_rule_file(path) == BOOK


def test_spark_is_asked_only_for_conditions_and_told_what_is_carried(
    path: Path, spark: SparkSession
) -> None:
    asked: list[tuple[str, ...]] = []

    def rows(carry: tuple[str, ...]) -> DataFrame:
        asked.append(carry)
        return spark.createDataFrame([], condition_schema(carry))

    read_rule_file(default_rule_file(), rows)
    assert asked == []
    text = RULE.replace("kind: amount", "kind: expression")
    carry = "settings: {cleansing: {carry: [desk]}}\n"
    path.write_text(text.replace("over: 5000", "condition: desk = '1'") + carry, encoding="utf-8")
    read_rule_file(path, rows)
    path.write_text(text.replace("over: 5000", "condition: dsk = '1'") + carry, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"line 6: rules\[0\]\.condition: \[UNRESOLVED"):
        read_rule_file(path, rows)
    assert asked == [("desk",), ("desk",)]
