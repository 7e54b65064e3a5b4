"""Crawls by Glue's rules: a crawler crawls once at a time, and is STOPPING for a while after it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from fraudlake.local.calls import CallError
from fraudlake.local.engine.steps import (
    CALLED,
    CANCELLED,
    CANCELLING,
    ERROR,
    FAILED,
    READY,
    RUNNING,
    STOPPING,
    SUCCEEDED,
    Crawl,
    Origin,
    StateChange,
    asked_to_fail,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fraudlake.local.deployment import Resource
    from fraudlake.local.engine.surroundings import Surroundings

STARTED = "STARTED"


class Crawlers:
    """All crawlers and their crawls. Who calls a method holds the lock `changed`."""

    def __init__(
        self, crawlers: Iterable[Resource], around: Surroundings, changed: threading.Condition
    ) -> None:
        """Take the crawlers of a deployment; `changed` guards everything and tells of changes."""
        self._crawlers = {crawler.name: crawler for crawler in crawlers}
        self._around, self._changed = around, changed
        self._busy: dict[str, str] = {}
        self.crawls: list[Crawl] = []

    def crawler(self, name: str) -> Resource:
        """The crawler of a name; CallError when there is none."""
        if name not in self._crawlers:
            text = f"Crawler entry with name {name} does not exist"
            raise CallError("EntityNotFoundException", text)
        return self._crawlers[name]

    def state(self, name: str) -> str:
        """READY, RUNNING or STOPPING."""
        self.crawler(name)
        return self._busy.get(name, READY)

    def last(self, name: str) -> Crawl | None:
        """The last crawl that was begun and has ended."""
        ended = [one for one in self.crawls if one.name == name and one.state != ERROR]
        return next((one for one in reversed(ended) if one.ended is not None), None)

    def start(
        self,
        name: str,
        *,
        origin: Origin = CALLED,
        on_end: Callable[[], object] | None = None,
    ) -> Crawl:
        """Start a crawl in a thread of its own; `on_end` is called, with the lock held, after it.

        Raises CallError for no such crawler, and while it crawls.
        """
        crawler = self.crawler(name)
        if name in self._busy:
            text = f"Crawler with name {name} has already started"
            raise CallError("CrawlerRunningException", text)
        crawl = Crawl(name=name, origin=origin, started=self._around.now())
        self._busy[name] = RUNNING
        self.crawls.append(crawl)
        body = threading.Thread(
            target=self._live, args=(crawler, crawl, on_end), name=name, daemon=True
        )
        body.start()
        return crawl

    def record_error(self, name: str, origin: Origin, message: str) -> None:
        """Keep a crawl that a trigger could not even start: in ERROR, of which nobody is told."""
        now = self._around.now()
        crawl = Crawl(name=name, origin=origin, started=now)
        crawl.close(ERROR, message, now)
        crawl.is_settled = True
        self.crawls.append(crawl)

    def stop(self, name: str) -> None:
        """Have the crawl end as CANCELLED; CallError when there is none, or it is ending."""
        state = self.state(name)
        if state == READY:
            text = f"Crawler with name {name} is not running"
            raise CallError("CrawlerNotRunningException", text)
        if state == STOPPING:
            text = f"Crawler with name {name} is stopping"
            raise CallError("CrawlerStoppingException", text)
        self._busy[name] = STOPPING
        self._at_work(name).state = CANCELLING

    def _at_work(self, name: str) -> Crawl:
        return next(one for one in reversed(self.crawls) if one.name == name and one.ended is None)

    def _live(self, crawler: Resource, crawl: Crawl, on_end: Callable[[], object] | None) -> None:
        """The life of a crawl in its thread."""
        self._tell(crawl, STARTED, "")
        failure = self._crawled(crawler)
        with self._changed:
            self._busy[crawler.name] = STOPPING
            is_cancelled = crawl.state == CANCELLING
        time.sleep(self._around.stopping_seconds)
        state = CANCELLED if is_cancelled else FAILED if failure else SUCCEEDED
        # Told before it can be seen: who waits for the end finds what it brought about.
        self._tell(crawl, state, failure)
        with self._changed:
            crawl.close(state, failure, self._around.now())
            crawl.is_settled = True
            del self._busy[crawler.name]
            if on_end is not None:
                self._around.guard(on_end)
            self._changed.notify_all()

    def _crawled(self, crawler: Resource) -> str:
        """Why the crawl failed; nothing when it did not."""
        if crawler.name in self._around.fail_at:
            return asked_to_fail(crawler.name)
        try:
            self._around.run_crawler(crawler)
        except Exception as error:  # noqa: BLE001 - whatever it is, the crawl has failed of it
            return str(error) or type(error).__name__
        return ""

    def _tell(self, crawl: Crawl, state: str, message: str) -> None:
        change = StateChange(
            kind="crawler",
            name=crawl.name,
            state=state,
            at=self._around.now(),
            started=crawl.started,
            message=message,
        )
        self._around.guard(lambda: self._around.on_change(change))
