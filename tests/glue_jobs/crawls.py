"""A crawler that stands in for Glue's, and the answer of the function that started its crawl."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from glue_jobs import extract_blacklist as job

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

EARLIER = datetime(2025, 1, 31, 2, 30, tzinfo=UTC)
LATER = EARLIER + timedelta(days=1)
ANSWER = {"crawler": "blacklist", "previous_crawl_started": EARLIER.isoformat(), "manifest": {}}


class FakeCrawler:
    """A Glue client whose one crawler goes through states, the last one for ever."""

    def __init__(self, *states: dict[str, Any]) -> None:
        self.states = list(states)
        self.now = 0.0

    def get_crawler(self, **_: str) -> dict[str, Any]:
        return {"Crawler": self.states.pop(0) if len(self.states) > 1 else self.states[0]}

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, answer: dict[str, Any]) -> None:
        job.wait_for_crawl(cast("GlueClient", self), answer, self.sleep, lambda: self.now)


def ready(started: datetime | None, **crawl: str) -> dict[str, Any]:
    if started is None:
        return {"State": "READY"}
    return {"State": "READY", "LastCrawl": {"Status": "SUCCEEDED", "StartTime": started, **crawl}}


def running(started: datetime) -> dict[str, Any]:
    return {**ready(started), "State": "RUNNING"}
