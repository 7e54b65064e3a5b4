"""The rule book: every rule, category and setting of one file, checked as a whole."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from fraudlake.errors import SettingsError
from fraudlake.input_tables import TRANSACTIONS
from fraudlake.rules.amount import AmountRule
from fraudlake.rules.blacklist import BlacklistRule
from fraudlake.rules.expression import ExpressionRule, condition_problem
from fraudlake.rules.form import Form, Problem
from fraudlake.rules.outlier import OutlierRule
from fraudlake.rules.rule import Heading, Rule, plain
from fraudlake.rules.unknown_customer import UnknownCustomerRule
from fraudlake.rules.window import WindowRule
from fraudlake.settings import Settings
from fraudlake.tables import scored_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

KINDS: dict[str, type[Rule]] = {
    rule.kind: rule
    for rule in (
        AmountRule,
        OutlierRule,
        WindowRule,
        BlacklistRule,
        UnknownCustomerRule,
        ExpressionRule,
    )
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Categories:
    """The scores from which a transaction is High, and Medium; Low below."""

    high: int
    medium: int

    def of(self, score: int) -> str:
        """The category of a score."""
        return "High" if score >= self.high else "Medium" if score >= self.medium else "Low"

    @classmethod
    def read(cls, form: Form) -> Categories:
        """Read the `categories` part of a rule file."""
        problems_before = len(form.problems)
        found = cls(high=form.integer("high", 0, 100), medium=form.integer("medium", 0, 100))
        are_numbers = len(form.problems) == problems_before
        if are_numbers and found.medium >= found.high:
            form.report((), f"medium ({found.medium}) must be below high ({found.high})")
        form.refuse_unread()
        return found


@dataclass(frozen=True, kw_only=True)
class RuleBook:
    """All that decides a score; two books with one `version` give the same scores."""

    rules: tuple[Rule, ...]
    categories: Categories
    settings: Settings

    def as_mapping(self) -> dict[str, object]:
        """The book as plain values, defaults filled in: what Glue is given as JSON."""
        return {
            "categories": asdict(self.categories),
            "settings": _plain_mapping(asdict(self.settings)),
            "rules": [rule.as_mapping() for rule in self.rules],
        }

    @property
    def version(self) -> str:
        """First 12 hex digits of the SHA-256 of the book as compact JSON with sorted keys."""
        text = json.dumps(self.as_mapping(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def velocity_rules(self) -> tuple[WindowRule, ...]:
        """The rules on how many transactions a customer makes within the velocity's window."""
        return tuple(rule for rule in self._windows if self._is_velocity(rule))

    @property
    def window_rules(self) -> tuple[WindowRule, ...]:
        """The other rules that look at more than one row."""
        return tuple(rule for rule in self._windows if not self._is_velocity(rule))

    @property
    def _windows(self) -> tuple[WindowRule, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule, WindowRule))

    def _is_velocity(self, rule: WindowRule) -> bool:
        return rule.is_velocity(self.settings.velocity.window)

    @property
    def longest_window_seconds(self) -> int:
        """How far back the windows of this book reach."""
        durations = (rule.duration for rule in self.window_rules)
        return max(self.settings.velocity.window, *durations, 0)


def load_rule_book(
    values: Mapping[str, object],
    defaults: Mapping[str, object] | None = None,
    condition_rows: DataFrame | None = None,
) -> RuleBook:
    """The rule book in `values`; `defaults` fill in missing categories and settings.

    `condition_rows` is an empty frame of `condition_schema`, on which Spark SQL texts are
    analysed; without it they are taken as they are. Raises SettingsError with all problems.
    """
    book, problems = read_rule_book(values, defaults)
    if condition_rows is not None:
        problems += condition_problems(book, condition_rows)
    if problems:
        raise SettingsError([str(problem) for problem in problems])
    return book


def read_rule_book(
    values: Mapping[str, object], defaults: Mapping[str, object] | None = None
) -> tuple[RuleBook, list[Problem]]:
    """The rule book as far as it can be read, and every problem found on the way."""
    form = Form(values, defaults=defaults or {})
    settings = Settings.read(form.child("settings"))
    _refuse_taken_names(form, settings.cleansing.carry)
    categories = Categories.read(form.child("categories"))
    rules = _read_rules(form, settings.cleansing.carry)
    form.refuse_unread()
    return RuleBook(rules=rules, categories=categories, settings=settings), form.problems


def condition_problems(book: RuleBook, rows: DataFrame) -> list[Problem]:
    """Every Spark SQL text of the book that cannot be used on rows of the scored columns."""
    found = []
    for position, rule in enumerate(book.rules):
        for field_name, text in _conditions(rule):
            message = condition_problem(text, rows) if text else None
            if message:
                found.append(Problem(("rules", position, field_name), message))
    return found


def has_conditions(book: RuleBook) -> bool:
    """Whether the book holds Spark SQL that only Spark can check."""
    return any(text for rule in book.rules for _, text in _conditions(rule))


def _conditions(rule: Rule) -> list[tuple[str, str]]:
    if isinstance(rule, ExpressionRule):
        return [("condition", rule.condition)]
    if isinstance(rule, WindowRule) and rule.where:
        return [("where", rule.where)]
    return []


def _read_rules(form: Form, carry: tuple[str, ...]) -> tuple[Rule, ...]:
    forms = form.children("rules")
    headings = [Heading.read(one) for one in forms]
    _refuse_repeated_ids(form, headings)
    return tuple(
        _read_rule(one, heading, carry) for one, heading in zip(forms, headings, strict=True)
    )


def _read_rule(form: Form, heading: Heading, carry: tuple[str, ...]) -> Rule:
    kind = form.choice("kind", tuple(KINDS))
    if form.values.get("kind") != kind:
        return UnknownCustomerRule(heading=heading)  # stands in: without a kind nothing can be read
    rule = KINDS[kind].read(form, heading, carry)
    form.refuse_unread()
    return rule


def _refuse_repeated_ids(form: Form, headings: Sequence[Heading]) -> None:
    counts = Counter(heading.id for heading in headings)
    for position, heading in enumerate(headings):
        if heading.id and not _NAME.fullmatch(heading.id):
            message = f"{heading.id!r} is no rule id: a letter, then letters, digits, underscores"
            form.report(("rules", position, "id"), message)
        if heading.id and counts[heading.id] > 1:
            form.report(
                ("rules", position, "id"), f"{heading.id} is used {counts[heading.id]} times"
            )


def _refuse_taken_names(form: Form, carry: tuple[str, ...]) -> None:
    taken = {*TRANSACTIONS.columns, *scored_schema().names, "raw_line", "reject_reasons"}
    taken |= {"batch_date", "run_id", "ingest_date"}
    counts = Counter(name.lower() for name in carry)
    for position, name in enumerate(carry):
        place = ("settings", "cleansing", "carry", position)
        if name.lower() in taken:
            form.report(place, f"{name} is a column of fraudlake's own and cannot be carried")
        elif counts[name.lower()] > 1:
            form.report(place, f"{name} is named {counts[name.lower()]} times")
        elif not _NAME.fullmatch(name):
            form.report(place, f"{name!r} is no column name: letters, digits and underscores")


def _plain_mapping(values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: _plain_mapping(value) if isinstance(value, Mapping) else plain(value)
        for name, value in values.items()
    }
