"""Reads typed settings from a function's environment variables, all problems kept until the end."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from fraudlake.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Environment:
    """Environment variables as typed values.

    A variable that is missing or wrong gives a stand-in value and a problem; `refuse_problems`
    raises them all at once. Problems never quote a text: it may be a secret in the wrong place.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Keep the variables; surrounding blanks of a value do not count."""
        self._variables = {name: value.strip() for name, value in variables.items()}
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text that must be there, or has a default."""
        value = self._variables.get(name) or default
        if value is None:
            self.problems.append(f"{name} is not set")
        return value or ""

    def matching(self, name: str, pattern: str, meaning: str, default: str | None = None) -> str:
        """Return a text of a form, a regular expression that `meaning` says in words."""
        value = self.text(name, default)
        if value and not re.fullmatch(pattern, value, re.ASCII):
            self.problems.append(f"{name} is not {meaning}")
        return value

    def choice(self, name: str, *options: str) -> str:
        """Return one of the options."""
        value = self.text(name)
        if value and value not in options:
            self.problems.append(f"{name} is none of {', '.join(options)}")
        return value

    def integer(self, name: str, least: int, most: int, default: int) -> int:
        """Return a whole number within bounds, or its default."""
        value = self.text(name, str(default))
        if re.fullmatch("[0-9]{1,9}", value) and least <= int(value) <= most:
            return int(value)
        self.problems.append(f"{name} is no whole number from {least} to {most}")
        return default

    def share(self, name: str) -> Decimal:
        """Return a share between 0 and 1 that must be there."""
        value = self.text(name)
        try:
            share = Decimal(value or 0)
        except InvalidOperation:
            share = Decimal("NaN")
        if not (share.is_finite() and 0 <= share <= 1):
            self.problems.append(f"{name} is no number from 0 to 1")
        return share

    def refuse_problems(self) -> None:
        """Raise SettingsError with every problem there was, and what to do."""
        if self.problems:
            advice = "correct the function's environment variables and deploy it again"
            raise SettingsError([*self.problems, advice])
