from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import InputError, RunError
from tests.lambdas.fx_rates.deployment import HISTORY, facts_of
from tests.lambdas.fx_rates.ecb_files import days
from tests.lambdas.puts import changes_before_puts, watched_puts

if TYPE_CHECKING:
    from tests.lambdas.fx_rates.deployment import Deployment

FRIDAY, MONDAY = "2026-04-10", "2026-04-13"
KEY = "fx_rates/fx_rates_2026.csv"


def rows(*lines: str) -> str:
    return "rate_date,currency,usd_per_unit\n" + "".join(f"{line}\n" for line in lines)


def test_the_years_are_put_oldest_first(deployment: Deployment) -> None:
    with watched_puts(deployment.bucket.s3.meta.events) as puts:
        deployment.load(MONDAY, days(MONDAY, "2025-12-31", "2024-12-31", "2023-12-29"), HISTORY)
    assert [put.url[-8:-4] for put in puts] == ["2023", "2024", "2025", "2026"]


def test_throttling_is_waited_out(deployment: Deployment) -> None:
    with watched_puts(deployment.bucket.s3.meta.events, "SlowDown") as puts:
        assert deployment.load(MONDAY, days(MONDAY)).objects_written == 1
    assert len(puts) == 2
    assert [*deployment.objects()] == [KEY]


def test_a_refusal_of_s3_leaves_what_is_stored_and_says_what_to_do(deployment: Deployment) -> None:
    deployment.load(FRIDAY, days(FRIDAY))
    before = deployment.objects()
    with (
        watched_puts(deployment.bucket.s3.meta.events, "AccessDenied"),
        pytest.raises(RunError, match=rf"{KEY} was not written \(AccessDenied\).*call again"),
    ):
        deployment.load(MONDAY, days(MONDAY))
    assert deployment.objects() == before


def test_what_another_wrote_meanwhile_is_kept(deployment: Deployment) -> None:
    theirs = rows(f"{FRIDAY},EUR,1.2000000000")
    with changes_before_puts(deployment.bucket, KEY, theirs):
        loaded = deployment.load(MONDAY, days("2025-12-31", MONDAY))
    assert (loaded.objects_written, loaded.objects_unchanged) == (2, 0)
    for day in (FRIDAY, MONDAY):
        assert f"{day},EUR,1.2000000000" in deployment.texts()[KEY]


def test_what_another_wrote_meanwhile_is_checked(deployment: Deployment) -> None:
    theirs = rows(f"{FRIDAY},EUR,2.4000000000")
    with (
        changes_before_puts(deployment.bucket, KEY, theirs),
        pytest.raises(InputError, match=r"EUR jumps by -50\.0 %"),
    ):
        deployment.load(MONDAY, days(MONDAY))
    assert deployment.texts() == {KEY: theirs}


def test_an_object_that_never_stands_still_is_left_to_the_others(deployment: Deployment) -> None:
    texts = [rows(f"{FRIDAY},EUR,1.200000000{number}") for number in range(4)]
    with (
        changes_before_puts(deployment.bucket, KEY, *texts),
        pytest.raises(RunError, match=r"changed 4 times while rates were stored.*call again"),
    ):
        deployment.load(MONDAY, days(MONDAY))
    assert deployment.texts() == {KEY: texts[-1]}


def test_corrected_days_are_told_though_a_later_year_is_refused(
    deployment: Deployment, log: pytest.LogCaptureFixture
) -> None:
    every = ("2024-12-31", "2025-12-31", MONDAY)
    deployment.load(MONDAY, days(*every), HISTORY)
    with (
        watched_puts(deployment.bucket.s3.meta.events, None, "AccessDenied"),
        pytest.raises(RunError, match=r"2025.csv was not written"),
    ):
        deployment.load(MONDAY, days(*every, jpy="181"), HISTORY)
    (line,) = facts_of(log, "days_changed")
    assert (line["level"], line["days"]) == ("WARNING", ["2024-12-31"])


def test_corrected_days_are_told_once_though_storing_starts_again(
    deployment: Deployment, log: pytest.LogCaptureFixture
) -> None:
    deployment.load(MONDAY, days("2025-12-31"))
    theirs = rows(f"{FRIDAY},EUR,1.2000000000")
    with changes_before_puts(deployment.bucket, KEY, theirs):
        loaded = deployment.load(MONDAY, days("2025-12-31", MONDAY, jpy="181"), HISTORY)
    assert loaded.answer()["days_changed"] == ["2025-12-31"]
    assert [line["days"] for line in facts_of(log, "days_changed")] == [["2025-12-31"]]
