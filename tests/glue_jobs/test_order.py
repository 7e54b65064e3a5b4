from __future__ import annotations

from datetime import date

import pytest

from fraudlake.errors import InputError
from glue_jobs.order import DueDates, ScoreOrder, due_dates


def test_a_night_scores_its_date_and_what_is_due_before_it() -> None:
    order = ScoreOrder.from_properties({"batch_date": "2025-01-31"})
    assert (order.first, order.last) == (None, date(2025, 1, 31))


def test_a_rerun_scores_a_span() -> None:
    order = ScoreOrder.from_properties({"from": "2025-01-01", "to": "2025-01-31"})
    assert (order.first, order.last) == (date(2025, 1, 1), date(2025, 1, 31))


@pytest.mark.parametrize(
    "properties",
    [{}, {"from": "2025-01-01"}, {"to": "2025-01-01"}, {"batch_date": "yesterday"}],
)
def test_an_order_without_dates_is_refused(properties: dict[str, str]) -> None:
    with pytest.raises(InputError, match="set batch_date, or from and to, as YYYY-MM-DD"):
        ScoreOrder.from_properties(properties)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InputError, match="from 2025-02-01 is after to 2025-01-31"):
        ScoreOrder.from_properties({"from": "2025-02-01", "to": "2025-01-31"})


DELIVERED = [date(2025, 1, day) for day in (1, 2, 3, 5)]


def test_a_night_catches_up_with_what_no_run_has_scored_oldest_first() -> None:
    night = ScoreOrder(None, date(2025, 1, 3))
    due = due_dates(night, DELIVERED, {date(2025, 1, 2)}, 31)
    assert due == DueDates((date(2025, 1, 1), date(2025, 1, 3)))


def test_a_night_scores_no_more_than_it_may_and_says_how_many_are_left() -> None:
    night = ScoreOrder(None, date(2025, 1, 5))
    due = due_dates(night, DELIVERED, set(), 3)
    assert due == DueDates((date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 3)), left=1)


def test_a_night_whose_date_is_scored_has_nothing_due() -> None:
    due = due_dates(ScoreOrder(None, date(2025, 1, 3)), DELIVERED, set(DELIVERED), 31)
    assert due == DueDates(())


def test_a_rerun_scores_every_delivered_date_of_its_span_again() -> None:
    rerun = ScoreOrder(date(2025, 1, 2), date(2025, 1, 4))
    due = due_dates(rerun, DELIVERED, set(DELIVERED), 1)
    assert due == DueDates((date(2025, 1, 2), date(2025, 1, 3)))


def test_a_night_or_a_span_for_which_nothing_was_delivered_fails() -> None:
    night = ScoreOrder(None, date(2025, 1, 4))
    with pytest.raises(InputError, match="for 2025-01-04; there are 2025-01-01 to 2025-01-05"):
        due_dates(night, DELIVERED, set(), 31)
    rerun = ScoreOrder(date(2025, 2, 1), date(2025, 2, 2))
    with pytest.raises(InputError, match="nothing was delivered for 2025-02-01 to 2025-02-02"):
        due_dates(rerun, DELIVERED, set(), 31)
    with pytest.raises(InputError, match="there are none"):
        due_dates(night, [], set(), 31)


def test_old_inputs_are_allowed_when_the_run_says_so() -> None:
    assert ScoreOrder.from_properties({"batch_date": "2025-01-31"}).allows_stale is False
    properties = {"batch_date": "2025-01-31", "allow_stale_inputs": "true"}
    assert ScoreOrder.from_properties(properties).allows_stale is True
    with pytest.raises(InputError, match="'yes'; set true or false"):
        ScoreOrder.from_properties({**properties, "allow_stale_inputs": "yes"})
