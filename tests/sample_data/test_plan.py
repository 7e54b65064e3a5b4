"""A plan checks itself and names everything that is wrong with it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from fraudlake.errors import SettingsError
from fraudlake.sample_data import SamplePlan
from fraudlake.sample_data.cast import assign_roles


def test_the_defaults_are_a_valid_plan() -> None:
    assert SamplePlan().dates[-1] == SamplePlan().last_date == date(2025, 1, 12)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("transactions", 3_499),
        ("transactions", 10**7),
        ("customers", 320),
        ("days", 0),
        ("days", 367),
        ("days", True),
        ("seed", -1),
        ("seed", "7"),
        ("blacklist_entries", 39),
        ("format", "json"),
        ("malformed", "no"),
        ("first_date", "2025-01-06"),
        ("first_date", datetime(2025, 1, 6)),  # noqa: DTZ001 - no date, whatever its zone
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: Any) -> None:  # noqa: ANN401
    with pytest.raises(SettingsError, match=rf"{name}: found"):
        SamplePlan(**{name: value})


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        SamplePlan(days=0, seed=-1, format="json")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("days", [1, 7, 120])
def test_the_smallest_plan_has_customers_for_every_label(days: int) -> None:
    plan = SamplePlan(
        transactions=500 * days, customers=300 + 3 * days, days=days, blacklist_entries=40
    )
    roles = assign_roles(plan)
    reserved = sum(part.size for part in roles.indices.values())
    assert all(roles.cast.values())
    assert reserved <= plan.customers / 2
