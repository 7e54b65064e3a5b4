from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from fraudlake.errors import InputError, SettingsError
from fraudlake.local.engine.schedules import last_firing, next_firing, night_of

NIGHTLY = "cron(30 2 * * ? *)"


def test_the_night_of_a_batch_date_starts_on_the_day_after_it() -> None:
    assert night_of(NIGHTLY, date(2026, 11, 23)) == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    assert night_of(NIGHTLY, date(2026, 12, 31)) == datetime(2027, 1, 1, 2, 30, tzinfo=UTC)


def test_a_night_that_starts_at_midnight_is_the_one_of_the_day_before() -> None:
    assert night_of("cron(0 0 * * ? *)", date(2026, 11, 23)) == datetime(2026, 11, 24, tzinfo=UTC)


def test_a_date_whose_next_day_has_no_start_has_no_night() -> None:
    friday, sunday = date(2026, 11, 20), date(2026, 11, 22)
    weekdays = "cron(30 2 ? * MON-FRI *)"
    assert night_of(weekdays, sunday) == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    with pytest.raises(InputError, match="starts nothing on 2026-11-21, so no night has"):
        night_of(weekdays, friday)


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        (NIGHTLY, "2026-11-24T02:30Z", "2026-11-25T02:30Z"),
        (NIGHTLY, "2026-11-24T02:29Z", "2026-11-24T02:30Z"),
        ("cron(0 9 ? * 6L *)", "2026-11-24T00:00Z", "2026-11-27T09:00Z"),
        ("cron(0 9 ? * 2#1 *)", "2026-11-24T00:00Z", "2026-12-07T09:00Z"),
        ("cron(0 0 29 2 ? *)", "2026-11-24T00:00Z", "2028-02-29T00:00Z"),
    ],
)
def test_the_next_firing_is_after_the_moment(schedule: str, after: str, expected: str) -> None:
    found = next_firing(schedule, datetime.fromisoformat(after))
    assert found == datetime.fromisoformat(expected)


def test_the_last_firing_may_be_the_moment_itself() -> None:
    at = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    assert last_firing(NIGHTLY, at) == at
    assert last_firing(NIGHTLY, at - timedelta(minutes=1)) == at - timedelta(days=1)


def test_moments_of_other_zones_are_those_of_utc() -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    at = datetime(2026, 11, 24, 8, 15, tzinfo=kathmandu)
    assert last_firing(NIGHTLY, at) == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


def test_a_schedule_that_is_past_fires_no_more() -> None:
    assert next_firing("cron(0 0 1 1 ? 2020)", datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "schedule", ["", "rate(1 day)", "cron(30 2 * * * *)", "cron(61 2 * * ? *)"]
)
def test_what_is_no_schedule_is_refused(schedule: str) -> None:
    with pytest.raises(SettingsError, match="is no schedule"):
        next_firing(schedule, datetime(2026, 1, 1, tzinfo=UTC))
