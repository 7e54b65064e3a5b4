from __future__ import annotations

from datetime import date

import pytest

from fraudlake.errors import InputError
from glue_jobs.score_transactions import ScoreOrder


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
