"""What the function is told: settings of its deployment, and the order of one call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, cast

from fraudlake.errors import InputError
from lambdas.environment import Environment

ECB = "https://www.ecb.europa.eu/stats/eurofxref"
# No user, query or fragment: the ECB's addresses need none, and a secret can hide in each.
HTTPS_ADDRESS = r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[A-Za-z0-9._~%/-]*"
BUCKET_NAME = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"

ALLOWED = {"allow_jumps": "TRY 2021-12-21", "allow_missing": "BGN 2026-01-02"}  # with an example

File = Literal["daily", "history"]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for the ECB, in seconds, and the pauses before each further attempt."""

    connect: float = 5
    read: float = 15
    attempt: float = 45
    pauses: tuple[float, ...] = (1, 4, 15)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where rates come from and go to.

    `daily_url` serves the newest day, `history_url` all days; `raw_bucket` keeps the objects.
    """

    raw_bucket: str
    daily_url: str
    history_url: str
    patience: Patience = Patience()

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        """Read RAW_BUCKET and, when set, ECB_DAILY_URL and ECB_HISTORY_URL.

        Raises:
            SettingsError: with every variable that is missing or wrong.
        """
        environment = Environment(variables)
        settings = cls(
            raw_bucket=environment.matching("RAW_BUCKET", BUCKET_NAME, "the name of a bucket"),
            daily_url=_address(environment, "ECB_DAILY_URL", f"{ECB}/eurofxref.zip"),
            history_url=_address(environment, "ECB_HISTORY_URL", f"{ECB}/eurofxref-hist.zip"),
        )
        environment.refuse_problems()
        return settings

    def address_of(self, file: File) -> str:
        """Return the address that serves a file."""
        return self.daily_url if file == "daily" else self.history_url


@dataclass(frozen=True)
class Order:
    """What one call asks for: a file, and what to let pass, each as `TRY 2021-12-21`.

    `allow_jumps` are rates that move far, `allow_missing` are rates that are no longer delivered.
    """

    file: File = "daily"
    allow_jumps: frozenset[str] = frozenset()
    allow_missing: frozenset[str] = frozenset()

    @classmethod
    def from_event(cls, event: object) -> Order:
        """Read an order from an event; keys that are not its fields are ignored.

        Raises:
            InputError: with every value that is wrong.
        """
        if not isinstance(event, Mapping):
            raise InputError('the event is no JSON object; call with {} or {"file": "history"}')
        if problems := [*_file_problems(event), *_allowed_problems(event)]:
            raise InputError(problems)
        file = cast("File", event.get("file", "daily"))
        jumps, missing = (frozenset(event.get(key, ())) for key in ALLOWED)
        return cls(file, jumps, missing)


def _address(environment: Environment, name: str, default: str) -> str:
    meaning = "an https address without user, query and fragment, such as " + default
    return environment.matching(name, HTTPS_ADDRESS, meaning, default)


def _file_problems(event: Mapping[str, Any]) -> list[str]:
    file = event.get("file", "daily")
    if file in ("daily", "history"):
        return []
    return [f"file is {str(file)[:40]!r} in the event; call with daily or history"]


def _allowed_problems(event: Mapping[str, Any]) -> list[str]:
    return [
        f'{key} in the event is no list of texts such as ["{example}"]: correct it'
        for key, example in ALLOWED.items()
        if not _is_list_of_rates(event.get(key, []))
    ]


def _is_list_of_rates(texts: object) -> bool:
    return isinstance(texts, list) and all(_is_rate(text) for text in texts)


def _is_rate(text: object) -> bool:
    if isinstance(text, str) and re.fullmatch("[A-Z]{3} [0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        with suppress(ValueError):  # no such day
            return bool(date.fromisoformat(text[4:]))
    return False
