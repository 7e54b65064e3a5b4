"""What a person is shown of a run of a workflow: a line for each of its nodes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

# Kinds of nodes; the first line is the run itself.
WORKFLOW, TRIGGER, JOB, CRAWLER = "workflow", "trigger", "job", "crawler"
# What has not begun: it still may, or it never will in this run.
PENDING, NEVER = "PENDING", "NEVER"
FIRED, INACTIVE = "FIRED", "INACTIVE"
_MOMENTS = ("since", "until")


@dataclass(frozen=True, kw_only=True)
class NodeState:
    """How far a node is.

    A workflow has the status of its run. A trigger is PENDING, FIRED, INACTIVE (not activated) or
    NEVER (the run is over and it did not fire). A job or crawler has Glue's state, PENDING before
    it and NEVER if there was none; `under` is the trigger that starts it, nothing for what a call
    started. `watches` are the steps that a trigger waits for, `line` the last line of a log.
    """

    kind: str
    name: str
    state: str
    under: str = ""
    watches: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    attempt: int = 0
    message: str = ""
    line: str = ""

    def to_json(self) -> str:
        """One line of JSON."""
        values = asdict(self)
        moments = {name: _text(values[name]) for name in _MOMENTS}
        return json.dumps({**values, **moments}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> NodeState:
        """The state of which `to_json` made this text."""
        values: dict[str, Any] = json.loads(text)
        moments = {name: _moment(values[name]) for name in _MOMENTS}
        return cls(**{**values, **moments, "watches": tuple(values["watches"])})


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
