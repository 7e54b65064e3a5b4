"""A run of a workflow as a person follows it: its graph from the first trigger down, live.

It is fed by polling, so that the engine may be in another process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fraudlake.local.engine.steps import RUNNING, STOPPING
from fraudlake.local.view.lines import change_lines, duration_text, printable
from fraudlake.local.view.states import (
    CRAWLER,
    INACTIVE,
    JOB,
    NEVER,
    PENDING,
    TRIGGER,
    WORKFLOW,
    NodeState,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

# How far each node is now; empty before there is a run.
Poll = Callable[[], Sequence[NodeState]]
PAUSE = 0.25  # seconds between two looks
_STYLES = {
    "RUNNING": "bold cyan",
    "STARTING": "cyan",
    "WAITING": "cyan",
    "STOPPING": "yellow",
    "CANCELLING": "yellow",
    "SUCCEEDED": "green",
    "COMPLETED": "green",
    "FIRED": "green",
    "FAILED": "bold red",
    "TIMEOUT": "bold red",
    "ERROR": "bold red",
    "STOPPED": "yellow",
    "CANCELLED": "yellow",
}
_BESIDE = "started by calls, which no trigger sees"


def follow(
    poll: Poll,
    notices: Callable[[], Sequence[str]] = tuple,
    *,
    console: Console | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    pause: Callable[[float], object] = time.sleep,
) -> list[NodeState]:
    """Show a run on stderr until it is over; its last states.

    `notices` are what was published so far, a text each; `now` is the clock of the states. On a
    terminal the graph lives; elsewhere each change is a line.
    """
    console = console or Console(stderr=True, markup=False, highlight=False)
    if console.is_terminal:
        return _follow_live(poll, notices, console, now, pause)
    return _follow_in_lines(poll, notices, console, pause)


def graph(nodes: Sequence[NodeState], notices: Sequence[str], now: datetime) -> RenderableType:
    """The run as a table: nodes below what starts them, then the notices."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for node in _with_heading(nodes):
        table.add_row(*_cells(node, now))
    told = [Text(f"notice: {printable(one)}", style="yellow") for one in notices]
    return Group(table, *told)


def is_over(nodes: Sequence[NodeState]) -> bool:
    """Whether the run is over; not before there is one."""
    states = [node.state for node in nodes if node.kind == WORKFLOW]
    return bool(states) and states[0] not in (RUNNING, STOPPING)


def _follow_live(
    poll: Poll,
    notices: Callable[[], Sequence[str]],
    console: Console,
    now: Callable[[], datetime],
    pause: Callable[[float], object],
) -> list[NodeState]:
    with Live(console=console, auto_refresh=False) as live:
        while True:
            nodes = list(poll())
            live.update(graph(nodes, notices(), now()), refresh=True)
            if is_over(nodes):
                return nodes
            pause(PAUSE)


def _follow_in_lines(
    poll: Poll,
    notices: Callable[[], Sequence[str]],
    console: Console,
    pause: Callable[[float], object],
) -> list[NodeState]:
    before: list[NodeState] = []
    told = 0
    while True:
        nodes = list(poll())
        published = list(notices())
        lines = [f"notice: {printable(one)}" for one in published[told:]]
        for line in (*change_lines(before, nodes), *lines):
            console.print(line, soft_wrap=True, markup=False, highlight=False)
        if is_over(nodes):
            return nodes
        before, told = nodes, len(published)
        pause(PAUSE)


def _with_heading(nodes: Sequence[NodeState]) -> list[NodeState | None]:
    """The nodes, with a gap (None) before the first that a call started."""
    shown: list[NodeState | None] = list(nodes)
    beside = [node for node in nodes if node.kind in (JOB, CRAWLER) and not node.under]
    if beside:
        shown.insert(nodes.index(beside[0]), None)
    return shown


def _cells(node: NodeState | None, now: datetime) -> tuple[Text, Text, Text, Text]:
    if node is None:
        return Text(f"  {_BESIDE}", style="dim"), Text(), Text(), Text()
    is_idle = node.state in (PENDING, NEVER, INACTIVE)
    return (
        Text(_name(node), style="dim" if is_idle else ""),
        Text(_state_text(node), style=_STYLES.get(node.state, "dim")),
        Text("" if node.kind == TRIGGER else duration_text(node, now)),
        Text(_remark(node), style="red" if node.message else "dim"),
    )


def _name(node: NodeState) -> str:
    if node.kind == WORKFLOW:
        return node.name
    return f"  {node.name}" if node.kind == TRIGGER else f"    {node.kind} {node.name}"


def _state_text(node: NodeState) -> str:
    text = {PENDING: "waiting", NEVER: "not run", INACTIVE: "not activated"}.get(node.state)
    if node.kind == TRIGGER and node.state == NEVER:
        text = "did not fire"
    attempt = f" ({node.attempt + 1})" if node.attempt else ""
    return f"{text or node.state}{attempt}"


def _remark(node: NodeState) -> str:
    if node.message:
        return printable(node.message)
    if node.watches:
        return f"after {', '.join(node.watches)}"
    return printable(node.line) if node.until is None else ""
