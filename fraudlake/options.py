"""Options and helps that several commands share."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from typer.models import OptionInfo


def _day(text: str | date) -> date:
    # The default of an option passes here too, and is a date already.
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        day = None
    if day is None or str(day) != str(text):
        raise typer.BadParameter(f"{text!r} is no date; write YYYY-MM-DD")
    return day


def date_option(name: str, about: str) -> OptionInfo:
    """An option whose value is a date, YYYY-MM-DD."""
    option: OptionInfo = typer.Option(name, parser=_day, metavar="YYYY-MM-DD", help=about)
    return option


def examples(*lines: str) -> str:
    """The end of a command's help: lines to copy."""
    return "[bold]Examples[/bold]\n\n" + "\n\n".join(lines)
