from __future__ import annotations

import pytest

from stacks.schedules import eventbridge_schedule_problems, glue_schedule_problems

BOTH = (glue_schedule_problems, eventbridge_schedule_problems)


@pytest.mark.parametrize(
    "schedule",
    [
        "cron(30 2 * * ? *)",
        "cron(0 0 1 1 ? 1970)",
        "cron(59 23 31 12 ? 2199)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0 18 ? * 1,7 *)",
        "cron(0 18 ? JAN,JUN-DEC SUN *)",
        "cron(0/15 8-17/3 1-15 */2 ? 2026-2030)",
        "cron(0 2 L * ? *)",
        "cron(0 2 31W * ? *)",
        "cron(0 2 ? * 6L *)",
        "cron(0 2 ? * FRIL *)",
    ],
)
def test_what_aws_takes_is_taken(schedule: str) -> None:
    for problems in BOTH:
        assert list(problems(schedule)) == []


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ("cron(60 2 * * ? *)", "minutes"),
        ("cron(-1 2 * * ? *)", "minutes"),
        ("cron(0,5, 2 * * ? *)", "minutes"),
        ("cron(0/60 2 * * ? *)", "minutes"),
        ("cron(*/0 2 * * ? *)", "minutes"),
        ("cron(? 2 * * ? *)", "minutes"),
        ("cron(0 24 * * ? *)", "hours"),
        ("cron(0 22-2 * * ? *)", "hours"),
        ("cron(0 1-24 * * ? *)", "hours"),
        ("cron(0 2 0 * ? *)", "day-of-month"),
        ("cron(0 2 32 * ? *)", "day-of-month"),
        ("cron(0 2 32W * ? *)", "day-of-month"),
        ("cron(0 2 MON * ? *)", "day-of-month"),
        ("cron(0 2 1,L * ? *)", "day-of-month"),
        ("cron(0 2 * 0 ? *)", "month"),
        ("cron(0 2 * 13 ? *)", "month"),
        ("cron(0 2 * MAI ? *)", "month"),
        ("cron(0 2 * jan ? *)", "month"),
        ("cron(0 2 ? * 0 *)", "day-of-week"),
        ("cron(0 2 ? * 8 *)", "day-of-week"),
        ("cron(0 2 ? * DI *)", "day-of-week"),
        ("cron(0 2 ? * MON#6 *)", "day-of-week"),
        ("cron(0 2 ? * MON#1,TUE#1 *)", "day-of-week"),
        ("cron(0 2 * * ? 1969)", "year"),
        ("cron(0 2 * * ? 2200)", "year"),
        ("cron(0 2 * * ? 26)", "year"),
        ("cron(0 2 * * ? )", "year"),
    ],
)
def test_a_field_out_of_range_is_named(schedule: str, field: str) -> None:
    for problems in BOTH:
        found = list(problems(schedule))
        assert found
        assert all(one.startswith(f"{field} ") for one in found), found


@pytest.mark.parametrize("days", ["* * *", "? * ?", "1 * MON", "* * 2", "L * 6L"])
def test_either_the_month_or_the_week_tells_the_day(days: str) -> None:
    for problems in BOTH:
        (problem,) = problems(f"cron(0 2 {days} *)")
        assert "one of the two must be '?'" in problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "daily",
        "rate(1 day)",
        "cron()",
        "cron(0 2 * * ?)",
        "cron(0 2 * * ? * *)",
        "0 2 * * ? *",
        "cron(0  2 * * ? *)",
        "at(2026-01-01T00:00:00)",
    ],
)
def test_what_is_no_schedule_is_told_the_form_of_one(text: str) -> None:
    for problems in BOTH:
        (problem,) = problems(text)
        assert problem.startswith(
            "expected cron(minutes hours day-of-month month day-of-week year)"
        )
        assert repr(text) in problem


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = list(glue_schedule_problems("cron(60 24 32 13 8 2200)"))
    assert [one.split()[0] for one in found] == [
        "minutes", "hours", "day-of-month", "month", "day-of-week", "year", "day-of-month",
    ]  # fmt: skip
    assert found[3] == "month '13' is nothing from 1 to 12 or JAN to DEC that AWS takes there"


def test_glue_knows_no_second_monday_of_a_month() -> None:
    schedule = "cron(0 2 ? * MON#2 *)"
    assert list(eventbridge_schedule_problems(schedule)) == []
    assert list(glue_schedule_problems(schedule))


def test_eventbridge_knows_no_steps_of_weekdays() -> None:
    schedule = "cron(0 2 ? * 2/2 *)"
    assert list(glue_schedule_problems(schedule)) == []
    assert list(eventbridge_schedule_problems(schedule))


@pytest.mark.parametrize(
    ("minutes", "is_taken"),
    [("*", False), ("*/4", False), ("*/5", True), ("0,4", False), ("0,5", True), ("7", True)],
)
def test_glue_starts_nothing_more_often_than_every_five_minutes(
    minutes: str, *, is_taken: bool
) -> None:
    schedule = f"cron({minutes} 2 * * ? *)"
    assert list(eventbridge_schedule_problems(schedule)) == []
    assert (list(glue_schedule_problems(schedule)) == []) is is_taken
