"""Events of EventBridge as Glue sends them when a job or a crawler changes its state."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from fraudlake.local.engine.answers import crawler_log_group
from fraudlake.local.intrinsics import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fraudlake.local.engine.steps import StateChange

# The states of a job of which Glue sends an event, with their severities and standing messages.
_JOBS = {
    "SUCCEEDED": ("INFO", "Job run succeeded"),
    "FAILED": ("ERROR", "Job run failed"),
    "TIMEOUT": ("WARN", "Job run timed out"),
    "STOPPED": ("INFO", "Job run stopped"),
}
# Those of a crawler, in the words of the event. A cancelled crawl sends none.
_CRAWLERS = {"STARTED": "Started", "SUCCEEDED": "Succeeded", "FAILED": "Failed"}
_CONSOLE = "https://console.aws.amazon.com/cloudwatch/home"


def glue_event(
    change: StateChange, region: str, crawler: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """The event of a change; None for a state of which Glue sends none, as ERROR.

    `crawler` are the properties of the crawler that changed, which say where it logs.
    """
    if change.kind == "job":
        return _of_job(change, region) if change.state in _JOBS else None
    if change.state not in _CRAWLERS:
        return None
    return _of_crawler(change, region, crawler or {})


def _of_job(change: StateChange, region: str) -> dict[str, Any]:
    severity, standing = _JOBS[change.state]
    detail = {
        "jobName": change.name,
        "severity": severity,
        "state": change.state,
        "jobRunId": change.run_id,
        "message": change.message or standing,
    }
    return _event("Glue Job State Change", change.at, region, detail)


def _of_crawler(change: StateChange, region: str, crawler: Mapping[str, Any]) -> dict[str, Any]:
    state = _CRAWLERS[change.state]
    detail = {
        "accountId": ACCOUNT,
        "crawlerName": change.name,
        "state": state,
        "message": f"Crawler {state}",
        **_more(change, f"{_log(crawler, region)};stream={change.name}"),
    }
    return _event("Glue Crawler State Change", change.at, region, detail)


def _more(change: StateChange, log: str) -> dict[str, str]:
    """What a crawler's event says beside its name and state."""
    if change.state == "STARTED":
        return {"startTime": _time(change.started)}
    if change.state == "FAILED":
        return {"errorMessage": change.message, "cloudWatchLogLink": log}
    counts = ("tables", "partitions")
    seconds = round((change.at - change.started).total_seconds())
    return {
        **{f"{what}{how}": "0" for what in counts for how in ("Created", "Updated", "Deleted")},
        "warningMessage": "N/A",
        "runningTime (sec)": str(seconds),
        "completionDate": _time(change.at),
        "cloudWatchLogLink": log,
    }


def _log(crawler: Mapping[str, Any], region: str) -> str:
    return f"{_CONSOLE}?region={region}#logEventViewer:group={crawler_log_group(crawler)}"


def _event(kind: str, at: datetime, region: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": "aws.glue",
        "account": ACCOUNT,
        "time": _time(at),
        "region": region,
        "resources": [],
        "detail": dict(detail),
    }


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
