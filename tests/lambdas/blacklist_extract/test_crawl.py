"""A crawl that was under way may have passed the snapshot by: it never counts as ours."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.errors import RunError
from lambdas.blacklist_extract import crawl, read
from lambdas.blacklist_extract.clean import cleaned_rows
from tests.lambdas.blacklist_extract.deployed import CRAWLER, DAY, snapshot_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lambdas.blacklist_extract.deployed import Deployed

ROW = {"blacklist_id": "B1", "full_name": "Ana Lima"}


def test_the_first_crawl_has_none_before_it(deployed: Deployed) -> None:
    deployed.insert(ROW)
    answer = deployed.call()
    assert answer["crawler"] == CRAWLER
    assert answer["previous_crawl_started"] is None
    assert deployed.crawler()["State"] == "RUNNING"


def test_the_answer_tells_the_crawl_before_so_that_the_new_one_can_be_waited_for(
    deployed: Deployed,
) -> None:
    deployed.insert(ROW)
    deployed.call("2025-01-30")
    earlier = deployed.crawler()["LastCrawl"]["StartTime"]
    answer = deployed.call()
    assert datetime.fromisoformat(answer["previous_crawl_started"]) == earlier
    assert deployed.crawler()["LastCrawl"]["StartTime"] > earlier


def test_a_crawl_under_way_is_waited_for_and_another_started(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.insert(ROW)
    deployed.glue.start_crawler(Name=CRAWLER)
    waits = _waits(monkeypatch, deployed.end_crawl)
    answer = deployed.call_at_once()
    assert waits == [crawl.POLL_SECONDS]
    assert len(deployed.glue.list_crawls(CrawlerName=CRAWLER)["Crawls"]) == 2
    assert answer["previous_crawl_started"] is not None


def test_a_crawl_that_another_caller_starts_first_is_waited_for_too(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    glue = _Overtaken(deployed)
    waits = _waits(monkeypatch, deployed.end_crawl)
    previous = crawl.start_crawl(glue, CRAWLER, lambda: 60)  # type: ignore[arg-type]
    assert waits == [crawl.POLL_SECONDS]
    assert len(deployed.glue.list_crawls(CrawlerName=CRAWLER)["Crawls"]) == 2
    assert previous is not None


def test_a_crawl_that_does_not_end_in_time_is_an_error_not_a_success(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.insert(ROW)
    deployed.glue.start_crawler(Name=CRAWLER)
    waits = _waits(monkeypatch, lambda: None)
    with pytest.raises(RunError, match=r"the snapshot is put, but the crawler .* is still busy"):
        deployed.call_at_once(seconds_left=10)
    assert waits == []
    assert [row["blacklist_id"] for row in deployed.entries()] == ["B1"]


def test_a_crawler_that_is_not_there_is_named(deployed: Deployed) -> None:
    deployed.insert(ROW)
    deployed.set(CRAWLER_NAME="another")
    with pytest.raises(RunError, match=r"crawler another was not started \(EntityNotFoundExcept"):
        deployed.call_at_once()


def test_a_refused_start_is_told(deployed: Deployed) -> None:
    refusing = _Refusing(deployed)
    with pytest.raises(RunError, match=r"was not started \(AccessDeniedException\); see that it"):
        crawl.start_crawl(refusing, CRAWLER, lambda: 60)  # type: ignore[arg-type]


def test_of_two_invocations_at_once_one_commits_and_the_other_says_so(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.insert(ROW)
    both_have_read = Barrier(2)

    def cleaned_together(rows: Any) -> Any:  # noqa: ANN401
        both_have_read.wait(10)
        return cleaned_rows(rows)

    monkeypatch.setattr(read, "cleaned_rows", cleaned_together)
    answers: list[dict[str, Any]] = []
    refusals: list[str] = []

    def call() -> None:
        try:
            answers.append(deployed.call_at_once())
        except RunError as error:
            refusals.append(str(error))

    callers = [Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    committed = deployed.s3.head_object(Bucket="raw-bucket", Key=snapshot_key(DAY))["Metadata"]
    assert [one["manifest"]["extract_id"] for one in answers] == [committed["extract-id"]]
    assert answers[0]["manifest"]["sha256"] == committed["sha256"]
    assert [row["blacklist_id"] for row in deployed.entries()] == ["B1"]
    assert len(refusals) == 1
    assert "another call has put a snapshot of 2025-01-31 while this one was reading" in refusals[0]


def test_what_another_call_puts_meanwhile_is_not_replaced_by_an_older_read(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.insert(ROW)

    def overtaken(rows: Any) -> Any:  # noqa: ANN401
        monkeypatch.setattr(read, "cleaned_rows", cleaned_rows)
        deployed.insert(*({"blacklist_id": f"N{number}", "email": "a@b.c"} for number in range(9)))
        deployed.call()
        return cleaned_rows(rows)

    monkeypatch.setattr(read, "cleaned_rows", overtaken)
    with pytest.raises(RunError, match="another call has put a snapshot of 2025-01-31 while"):
        deployed.call_at_once()
    assert len(deployed.entries()) == 10


def _waits(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> list[float]:
    """Let something happen instead of each wait; the waits."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        meanwhile()

    monkeypatch.setattr("lambdas.blacklist_extract.crawl.sleep", wait)
    return waits


class _Overtaken:
    """Glue, where another caller starts the crawler between our look and our start."""

    def __init__(self, deployed: Deployed) -> None:
        self._glue = deployed.glue
        self._looked = False
        self.exceptions = deployed.glue.exceptions
        self.start_crawler = deployed.glue.start_crawler

    def get_crawler(self, Name: str) -> Any:  # noqa: ANN401, N803 - boto3's own
        found = self._glue.get_crawler(Name=Name)
        if not self._looked:
            self._glue.start_crawler(Name=Name)
        self._looked = True
        return found


class _Refusing:
    """Glue, where the role may look at the crawler but not start it."""

    def __init__(self, deployed: Deployed) -> None:
        self.exceptions = deployed.glue.exceptions
        self.get_crawler = deployed.glue.get_crawler

    def start_crawler(self, Name: str) -> None:  # noqa: N803 - boto3's own
        raise self.exceptions.ClientError(
            {"Error": {"Code": "AccessDeniedException", "Message": Name}}, "StartCrawler"
        )


def test_times_are_told_with_their_zone(deployed: Deployed) -> None:
    deployed.insert(ROW)
    deployed.call("2025-01-30")
    started = datetime.fromisoformat(deployed.call()["previous_crawl_started"])
    assert started.tzinfo is not None
    assert abs((datetime.now(UTC) - started).total_seconds()) < 60
