"""How a query ends that does not succeed: its state, and the sentence that Athena gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

# Athena's categories of errors: its own fault, the user's, anything else.
SYSTEM, USER, OTHER = 1, 2, 3


class QueryFailed(Exception):  # noqa: N818 - a state of a query, as Athena names it
    """A query that ends FAILED, or CANCELLED, for the reason of the message."""

    def __init__(self, reason: str, *, state: str = "FAILED", category: int = USER) -> None:
        """Take the sentence for StateChangeReason."""
        super().__init__(reason)
        self.reason, self.state, self.category = reason, state, category


class NotPlayed(QueryFailed):
    """What Athena may well do, and this stand-in does not."""

    def __init__(self, what: str, instead: str = "") -> None:
        """Name what is not played, and what to write instead if anything will do."""
        advice = f"; {instead}" if instead else ""
        super().__init__(f"NOT_SUPPORTED: the local Athena does not play {what}{advice}")


def cancelled(reason: str) -> QueryFailed:
    """A query that somebody, or a limit, put an end to."""
    return QueryFailed(reason, state="CANCELLED")


def scan_limit_exceeded() -> QueryFailed:
    """What Athena says to a query that read more than its workgroup allows."""
    return cancelled("Bytes scanned limit was exceeded")


def at(node: exp.Expr) -> str:
    """Where a part of a query stands in its text, as Athena's messages begin; "" if unknown."""
    for one in node.walk():
        if "line" in one.meta and "col" in one.meta:
            length = one.meta.get("end", 0) - one.meta.get("start", 0)
            return f"line {one.meta['line']}:{max(1, one.meta['col'] - length)}: "
    return ""
