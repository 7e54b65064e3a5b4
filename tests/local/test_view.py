from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console

from fraudlake.local.view.follow import follow, graph
from fraudlake.local.view.states import NodeState
from tests.local.glue_world import START, chain, fail, starts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FLOW = NodeState(kind="workflow", name="flow", state="RUNNING", since=START)
FIRST = NodeState(kind="trigger", name="flow-start", state="FIRED", since=START)
EXTRACT = NodeState(kind="job", name="extract", state="RUNNING", under="flow-start", since=START)
SECOND = NodeState(kind="trigger", name="flow-score", state="PENDING", watches=("extract", "raw"))
SCORE = NodeState(kind="job", name="score", state="PENDING", under="flow-score")
BESIDE = NodeState(kind="crawler", name="blacklist", state="RUNNING", since=START)


def after(seconds: int, node: NodeState, state: str, message: str = "") -> NodeState:
    return replace(node, state=state, until=START + timedelta(seconds=seconds), message=message)


def shown(nodes: Sequence[NodeState], notices: Sequence[str] = (), seconds: int = 65) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(graph(nodes, notices, START + timedelta(seconds=seconds)))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def followed(*looks: Sequence[NodeState], notices: Sequence[Sequence[str]] = ()) -> str:
    """What is printed where no person looks on, given what is seen at each look."""
    at = iter(looks)
    told = iter(notices)
    console = Console(file=io.StringIO(), width=100)
    follow(
        lambda: next(at),
        lambda: next(told, ()),
        console=console,
        pause=lambda _: None,
    )
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_the_graph_shows_each_node_below_what_starts_it() -> None:
    nodes = [
        FLOW,
        FIRST,
        after(12, EXTRACT, "SUCCEEDED"),
        SECOND,
        SCORE,
        replace(BESIDE, until=START + timedelta(seconds=1), state="SUCCEEDED"),
    ]
    assert shown(nodes).splitlines() == [
        "flow                                       RUNNING    1:05",
        "  flow-start                               FIRED",
        "    job extract                            SUCCEEDED  0:12",
        "  flow-score                               waiting          after extract, raw",
        "    job score                              waiting",
        "  started by calls, which no trigger sees",
        "    crawler blacklist                      SUCCEEDED  0:01",
    ]


def test_a_running_job_shows_its_last_line_without_what_steers_a_terminal() -> None:
    node = replace(EXTRACT, line="read\x1b[2J 5 files\r")
    assert "RUNNING  1:05  read [2J 5 files" in shown([FLOW, FIRST, node])


def test_a_long_line_is_cut_and_not_broken() -> None:
    node = replace(EXTRACT, line="x" * 300)
    assert len(shown([FLOW, FIRST, node]).splitlines()) == 3


def test_a_failed_node_shows_why() -> None:
    node = after(3, EXTRACT, "FAILED", "ValueError: [bold]no")
    assert "FAILED   0:03  ValueError: [bold]no" in shown([FLOW, FIRST, node])


def test_what_never_ran_is_told_apart_from_what_waits() -> None:
    over = after(9, FLOW, "COMPLETED")
    text = shown([over, FIRST, replace(SECOND, state="NEVER"), replace(SCORE, state="NEVER")])
    assert "did not fire" in text
    assert "not run" in text


def test_a_retry_shows_which_attempt_it_is() -> None:
    assert "RUNNING (2)" in shown([FLOW, FIRST, replace(EXTRACT, attempt=1)])


def test_notices_stand_below_the_graph() -> None:
    assert shown([FLOW], ["Glue job score: FAILED"]).endswith("notice: Glue job score: FAILED")


def test_elsewhere_each_change_is_a_line() -> None:
    over = after(20, FLOW, "COMPLETED")
    text = followed(
        [],
        [FLOW, FIRST, EXTRACT, SECOND, SCORE],
        [FLOW, FIRST, EXTRACT, SECOND, SCORE],
        [FLOW, FIRST, after(12, EXTRACT, "FAILED", "ValueError: no"), SECOND, SCORE],
        [
            over,
            FIRST,
            after(12, EXTRACT, "FAILED", "ValueError: no"),
            replace(SECOND, state="NEVER"),
            replace(SCORE, state="NEVER"),
        ],
        notices=[[], [], [], ["Glue job extract: FAILED"], ["Glue job extract: FAILED"]],
    )
    assert text.splitlines() == [
        "workflow flow: RUNNING",
        "trigger flow-start: FIRED",
        "job extract: RUNNING",
        "job extract: FAILED after 0:12: ValueError: no",
        "notice: Glue job extract: FAILED",
        "workflow flow: COMPLETED",
        "job score: not run",
    ]


def test_a_second_crawl_has_lines_of_its_own() -> None:
    first = after(1, BESIDE, "SUCCEEDED")
    second = replace(first, since=START + timedelta(seconds=5), until=START + timedelta(seconds=7))
    text = followed([FLOW, first], [after(9, FLOW, "COMPLETED"), first, second])
    assert text.splitlines()[1:] == [
        "crawler blacklist: SUCCEEDED after 0:01",
        "workflow flow: COMPLETED",
        "crawler blacklist: SUCCEEDED after 0:02",
    ]


def test_on_a_terminal_the_graph_is_drawn_until_the_run_is_over() -> None:
    looks = iter([[], [FLOW, FIRST], [after(5, FLOW, "COMPLETED"), FIRST]])
    pauses: list[float] = []
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    last = follow(lambda: next(looks), console=console, now=lambda: START, pause=pauses.append)
    assert last[0].state == "COMPLETED"
    assert len(pauses) == 2
    assert "COMPLETED" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_engine_feeds_the_view(tmp_path: Path) -> None:
    world = chain(tmp_path, starts("flow", "a", "crawl"))
    world.jobs["a"] = fail
    world.play("flow")
    lines = followed(world.engine.status()).splitlines()
    assert lines[0] == "workflow flow: COMPLETED"
    assert "job a: FAILED after 0:00: ValueError: no" in lines
    assert "crawler crawl: SUCCEEDED after 0:00" in lines
