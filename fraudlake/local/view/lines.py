"""What changed in a run, in one line a change, for where no person looks on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.view.states import FIRED, NEVER, PENDING, TRIGGER, WORKFLOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fraudlake.local.view.states import NodeState

# The state of a trigger that will never fire needs no line: its steps say so.
_OF_TRIGGERS = (FIRED,)


def change_lines(before: Sequence[NodeState], after: Sequence[NodeState]) -> list[str]:
    """A line for each node whose state is another than before."""
    known = {_key(node): node.state for node in before}
    return [
        _line(node)
        for node in after
        if known.get(_key(node), PENDING) != node.state and _is_told(node)
    ]


def duration_text(node: NodeState, now: datetime) -> str:
    """How long a node took, or takes so far: `1:05`; nothing before it began."""
    if node.since is None:
        return ""
    seconds = max(0, int(((node.until or now) - node.since).total_seconds()))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def printable(text: str) -> str:
    """A text of a log on one line, without what would steer a terminal."""
    return "".join(one if one.isprintable() else " " for one in text).strip()


def _key(node: NodeState) -> tuple[object, ...]:
    """What tells nodes apart; a crawler may crawl twice for calls, a job be attempted again."""
    return (node.kind, node.name, node.under, node.since)


def _is_told(node: NodeState) -> bool:
    return node.kind != TRIGGER or node.state in _OF_TRIGGERS


def _line(node: NodeState) -> str:
    named = f"{node.kind} {node.name}"
    if node.state == NEVER:
        return f"{named}: not run"
    attempt = f", attempt {node.attempt + 1}" if node.attempt else ""
    is_ended = node.until is not None and node.kind != WORKFLOW
    took = f" after {duration_text(node, node.until)}" if is_ended and node.until else ""
    why = f": {printable(node.message)}" if node.message else ""
    return f"{named}: {node.state}{attempt}{took}{why}"
