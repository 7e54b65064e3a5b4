from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fraudlake.local.watch.alarms_rules import verdict_on, window_end

AT = datetime(2026, 11, 24, 2, 31, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "missing", "datapoints", "state"),
    [
        ([None, None, None], "breaching", 3, "ALARM"),
        ([None, None, None], "notBreaching", 3, "OK"),
        ([None, None, None], "missing", 3, "INSUFFICIENT_DATA"),
        ([None, None, None], "ignore", 3, "before"),
        ([None, 1, None], "breaching", 3, "ALARM"),
        ([None, 1, None], "notBreaching", 3, "OK"),
        ([None, 1, None], "missing", 3, "ALARM"),
        ([None, 1, None], "ignore", 3, "before"),
        ([0, None, 1], "missing", 2, "OK"),
        ([0, None, 1], "ignore", 2, "OK"),
        ([0, None, 1], "breaching", 2, "ALARM"),
        ([0, 1, 1], "missing", 2, "ALARM"),
        ([0, 1, 1], "missing", 3, "OK"),
    ],
)
def test_missing_data_is_what_the_alarm_takes_it_for(
    values: list[float | None], missing: str, datapoints: int, state: str
) -> None:
    written = {
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1,
        "TreatMissingData": missing,
        "DatapointsToAlarm": datapoints,
    }
    assert verdict_on(written, values, "before").state == state


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("GreaterThanThreshold", [False, False, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_the_threshold_itself_is_on_the_side_that_the_comparison_says(
    comparison: str, breaching: list[bool]
) -> None:
    written = {"ComparisonOperator": comparison, "Threshold": 1}
    found = [verdict_on(written, [value], "OK").state == "ALARM" for value in (0, 1, 2)]
    assert found == breaching


def test_an_alarm_over_more_than_a_day_looks_at_full_hours_only() -> None:
    assert window_end(AT, 26 * 3600) == datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    assert window_end(AT, 300) == datetime(2026, 11, 24, 2, 32, tzinfo=UTC)
