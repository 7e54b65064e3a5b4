"""What a person sees while a command works: lines and bars on stderr."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fraudlake.screen import err

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fraudlake.steps import Progress as BatchProgress


@contextmanager
def batch_progress() -> Iterator[Callable[[BatchProgress | str], None]]:
    """Shows which batch and which step a command is at: one living line, or a line a step."""
    console = err()
    if not console.is_terminal:
        yield lambda at: console.print(_progress_text(at), highlight=False)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as live:
        task = live.add_task("")
        yield lambda at: live.update(task, description=_progress_text(at))


@contextmanager
def counting() -> Iterator[Callable[[str, int, int], None]]:
    """Shows how far a counted piece of work is: a bar, or nothing where nobody looks."""
    console = err()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as live:
        task = live.add_task("")
        yield lambda step, done, total: live.update(
            task, description=step, completed=done, total=total
        )


def say(text: str) -> None:
    """Tell what is done now, on stderr."""
    err().print(text, highlight=False, soft_wrap=True)


def say_download(name: str, done: int, total: int) -> None:
    """Tell of a download of so many bytes before it begins, and at its end."""
    if done == 0:
        say(f"fetching {name} once: {total / 1e6:,.0f} MB; later runs work off line")
    elif done == total:
        say(f"{name} is there")


def _progress_text(at: BatchProgress | str) -> str:
    if isinstance(at, str):
        return at
    rows = f", {at.rows:,} rows" if at.rows is not None else ""
    if at.last_batch == at.batch:
        return f"batch {at.batch} ({at.position} of {at.batches}): {at.step}{rows}"
    several = f"batches {at.batch} to {at.last_batch} (from {at.position} of {at.batches} on)"
    return f"{several}: {at.step}{rows}"
