"""The errors that a user can cause or must hear of, as one small tree.

Each message says what is wrong, what was found and what to do, and never holds
a secret or personal data. The command line turns the class into an exit code in
one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class FraudlakeError(Exception):
    """Base of every error that fraudlake raises on purpose.

    Takes one message, or several problems found at once; `problems` keeps them apart.
    """

    exit_code = 1

    def __init__(self, problems: str | Iterable[str]) -> None:
        """Keep the problems in order; the text of the error is one problem a line."""
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class SettingsError(FraudlakeError):
    """A rule file, an option or a setting that cannot be used."""

    exit_code = 2


class InputError(FraudlakeError):
    """Input data that cannot be read or trusted as a whole."""

    exit_code = 2


class SchemaError(InputError):
    """A table that lacks a column, or has one of a type that cannot be used."""


class RunError(FraudlakeError):
    """A run that must not commit: its own checks failed."""
