"""Where a command stands, told step by step, and how long each step took."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date


@dataclass(frozen=True)
class Progress:
    """Where a command stands: which batches of how many, which step, rows read so far if known."""

    batch: date
    last_batch: date
    position: int
    batches: int
    step: str = "reading"
    rows: int | None = None


@dataclass
class Steps:
    """The steps of one pass: `report` is told of each as it begins, `seconds` keeps how long."""

    at: Progress
    report: Callable[[Progress], None]
    seconds: dict[str, float] = field(default_factory=dict)

    def tell(self, name: str, rows: int | None = None) -> None:
        """Report a step whose time nobody keeps."""
        self.report(replace(self.at, step=name, rows=rows))

    @contextmanager
    def step(self, name: str, rows: int | None = None) -> Iterator[None]:
        """A step of work on so many rows; it counts once it has ended well."""
        self.tell(name, rows)
        begun = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - begun

    def durations(self, share: float) -> dict[str, float]:
        """Seconds by step; of what was done for all batches together, a share."""
        return {name: round(one * share, 3) for name, one in self.seconds.items()}
