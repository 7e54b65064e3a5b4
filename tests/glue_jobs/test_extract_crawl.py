"""The job extract awaits the crawl that the function started, and no other."""

from __future__ import annotations

import pytest

from glue_jobs import extract_blacklist as job
from tests.glue_jobs.crawls import ANSWER, EARLIER, LATER, FakeCrawler, ready, running


def test_the_crawl_before_is_not_taken_for_the_one_awaited() -> None:
    crawler = FakeCrawler(ready(EARLIER), running(EARLIER), ready(EARLIER), ready(LATER))

    crawler.wait(ANSWER)

    assert crawler.now == 0.5 + 1 + 2


def test_the_first_crawl_ever_is_awaited() -> None:
    crawler = FakeCrawler(ready(None), running(LATER), ready(LATER))

    crawler.wait({**ANSWER, "previous_crawl_started": None})

    assert crawler.now == 0.5 + 1


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_a_crawl_that_failed_fails_the_job(status: str) -> None:
    crawler = FakeCrawler(ready(LATER, Status=status, ErrorMessage="access denied"))

    with pytest.raises(job.ExtractError, match=f"ended as {status}: access denied"):
        crawler.wait(ANSWER)


def test_a_crawl_that_does_not_end_fails_the_job() -> None:
    crawler = FakeCrawler(running(EARLIER))

    with pytest.raises(job.ExtractError, match="did not end within 30 minutes"):
        crawler.wait(ANSWER)
    assert job.CRAWL_SECONDS <= crawler.now < job.CRAWL_SECONDS + 5


def test_a_long_crawl_is_looked_at_every_five_seconds() -> None:
    crawler = FakeCrawler(*[running(EARLIER)] * 9, ready(LATER))

    crawler.wait(ANSWER)

    assert crawler.now == 0.5 + 1 + 2 + 4 + 5 * 5
