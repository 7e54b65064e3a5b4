"""What tests of notices share: changes of Glue, a topic, a literal rule."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fraudlake.local.actors import DEPLOYER, Actors
from fraudlake.local.engine.steps import StateChange
from fraudlake.local.watch.notices import Notices, Publisher
from tests.local.glue_world import START, deployment

if TYPE_CHECKING:
    from pathlib import Path


TOPIC = "arn:aws:sns:us-east-1:123456789012:fraudlake-dev-alarms"


def failed(kind: str, name: str, message: str, state: str = "FAILED") -> StateChange:
    return StateChange(
        kind=kind,
        name=name,
        state=state,
        at=START + timedelta(seconds=7),
        started=START,
        run_id="jr_1" if kind == "job" else "",
        message=message,
    )


def publisher(actors: Actors, *, allowed: bool = True) -> Publisher:
    actors.client("sns", DEPLOYER).create_topic(Name="fraudlake-dev-alarms")
    return Publisher(actors, lambda *_: allowed)


def rule(pattern: dict[str, Any], target: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    properties = {
        "Name": "the-rule",
        "EventPattern": pattern,
        "State": "ENABLED",
        "Targets": [{"Id": "T", "Arn": TOPIC, **target}],
        **more,
    }
    return {"Rule": {"Type": "AWS::Events::Rule", "Properties": properties}}


def sent(
    folder: Path, actors: Actors, written: dict[str, Any], change: StateChange | None = None
) -> Publisher:
    published = publisher(actors)
    notices = Notices(deployment(folder, written), published)
    notices.tell(change or failed("job", "score", "ValueError: no"))
    return published
