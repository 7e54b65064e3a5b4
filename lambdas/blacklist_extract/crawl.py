"""Starts the crawler that registers the snapshot, after a crawl that is under way has ended."""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING

from fraudlake.errors import RunError
from lambdas.aws import AWS_ERRORS, fault_of
from lambdas.json_logs import log_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_glue import GlueClient

POLL_SECONDS = 5


def start_crawl(glue: GlueClient, crawler: str, seconds_left: Callable[[], float]) -> str | None:
    """Start the crawler, and return the start of its crawl before this one (ISO 8601), if any.

    A crawl under way may have passed the new snapshot by: it is waited for and another started.
    The new crawl is over when the crawler is READY and its last crawl started later than that.

    Raises:
        RunError: the crawler cannot be started, or is still busy when the time is nearly over.
            The snapshot is in force all the same, but not registered.
    """
    try:
        while True:
            found = glue.get_crawler(Name=crawler)["Crawler"]
            if found.get("State") == "READY" and _is_started(glue, crawler):
                before = found.get("LastCrawl", {}).get("StartTime")
                return before.isoformat() if before else None
            _wait(crawler, seconds_left())
    except AWS_ERRORS as error:
        raise RunError(
            f"the snapshot is put, but the crawler {crawler} was not started ({fault_of(error)}); "
            "see that it exists and the function's role may start it, then call again"
        ) from error


def _is_started(glue: GlueClient, crawler: str) -> bool:
    try:
        glue.start_crawler(Name=crawler)
    except glue.exceptions.CrawlerRunningException:  # another caller was quicker
        return False
    return True


def _wait(crawler: str, seconds_left: float) -> None:
    if seconds_left <= 2 * POLL_SECONDS:
        raise RunError(
            f"the snapshot is put, but the crawler {crawler} is still busy with a crawl that "
            "began before; call again for the same date, or start it when it is ready"
        )
    log_event("crawler_busy", crawler=crawler)
    sleep(POLL_SECONDS)
