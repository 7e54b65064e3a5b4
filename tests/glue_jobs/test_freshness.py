"""Inputs that are too old: what is scored all the same, and what a person is told to type."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from fraudlake.errors import InputError
from fraudlake.files import TableFiles
from fraudlake.fx import FxRates, Rate
from glue_jobs.freshness import Freshness, MaxAge
from glue_jobs.order import ScoreOrder
from glue_jobs.score_transactions import ScoreJob, dates_to_score

if TYPE_CHECKING:
    from fraudlake.sources import Sources

FRESHNESS = Freshness(MaxAge(blacklist=2, rates=7), "fraudlake-dev")
# The lists of the 9th to the 11th never came.
LISTS = (6, 7, 8, 12)


def days(*numbers: int) -> tuple[date, ...]:
    return tuple(date(2025, 1, number) for number in numbers)


def lists(*numbers: int) -> TableFiles:
    return TableFiles("s3://raw/blacklist", {day: [] for day in days(*numbers)})


def rates(*numbers: int) -> Sources:
    """Sources of which only the dates of the rates are looked at."""
    found = [Rate(day, "EUR", Decimal(1)) for day in days(*numbers)]
    return cast("Sources", SimpleNamespace(fx_rates=SimpleNamespace(rates=FxRates(found, ()))))


def night(due: tuple[date, ...], freshness: Freshness | None = FRESHNESS) -> tuple[date, ...]:
    return dates_to_score(ScoreOrder(None, due[-1]), due, lists(*LISTS), freshness)


def span(first: int, last: int, *, allows_stale: bool = False) -> ScoreOrder:
    return ScoreOrder(date(2025, 1, first), date(2025, 1, last), allows_stale)


def test_a_list_of_two_days_before_is_fresh_and_one_of_three_is_not() -> None:
    assert FRESHNESS.fresh_until(lists(8), days(10)) == days(10)
    assert FRESHNESS.fresh_until(lists(8), days(11)) == ()


def test_a_list_that_is_newer_than_the_batch_is_no_old_one() -> None:
    assert FRESHNESS.fresh_until(lists(8), days(5)) == days(5)


def test_a_night_scores_up_to_the_first_date_whose_list_is_too_old_and_none_after_it() -> None:
    assert night(days(8, 10, 11, 12)) == days(8, 10)
    assert night(days(8, 10)) == days(8, 10)


def test_a_night_that_cannot_score_its_first_date_scores_nothing() -> None:
    with pytest.raises(
        InputError, match="the newest snapshot for batch 2025-01-11 is of 2025-01-08"
    ):
        night(days(11, 12))


def test_a_rerun_of_a_span_with_an_old_list_scores_nothing() -> None:
    rerun = span(10, 12)
    with pytest.raises(InputError, match="more than 2 days before"):
        dates_to_score(rerun, days(10, 11, 12), lists(*LISTS), FRESHNESS)


def test_a_run_that_is_allowed_old_lists_scores_all_that_is_due() -> None:
    assert night(days(11, 12), freshness=None) == days(11, 12)


def test_who_reads_the_failure_can_type_what_it_says() -> None:
    with pytest.raises(InputError) as raised:
        FRESHNESS.check_blacklist(lists(*LISTS), days(8, 11, 12))
    old, advice = raised.value.problems
    assert "batch 2025-01-11" in old
    assert advice.endswith(
        "aws glue start-workflow-run --name fraudlake-dev-rerun "
        "--run-properties from=2025-01-11,to=2025-01-12,allow_stale_inputs=true"
    )
    FRESHNESS.check_blacklist(lists(*LISTS), days(8, 10))


def test_what_is_typed_is_an_order_that_is_scored() -> None:
    with pytest.raises(InputError) as raised:
        FRESHNESS.check_blacklist(lists(*LISTS), days(11, 12))
    typed = raised.value.problems[-1].rpartition(" ")[2]
    order = ScoreOrder.from_properties(dict(one.split("=") for one in typed.split(",")))
    assert order == span(11, 12, allows_stale=True)


def test_rates_of_seven_days_before_are_fresh_and_those_of_eight_are_not() -> None:
    FRESHNESS.check_rates(rates(1), days(8))
    with pytest.raises(InputError) as raised:
        FRESHNESS.check_rates(rates(1), days(8, 9))
    old, advice = raised.value.problems
    assert old.startswith("fx_rates: the newest rate for batch 2025-01-09 is of 2025-01-01")
    assert "--function-name fraudlake-dev-fx-rates" in advice
    assert "from=2025-01-08,to=2025-01-09,allow_stale_inputs=true" in advice


def test_a_batch_without_any_rate_is_told() -> None:
    with pytest.raises(InputError, match="batch 2025-01-09 is none of the last weeks"):
        FRESHNESS.check_rates(rates(10), days(9))


@pytest.mark.parametrize("workflow", ["fraudlake-dev-nightly", "fraudlake-dev-rerun"])
def test_names_begin_with_the_prefix_of_the_workflow_that_runs(workflow: str) -> None:
    options: dict[str, Any] = {
        **dict.fromkeys(("raw_bucket", "raw_database", "curated_bucket", "stage"), "x"),
        **dict.fromkeys(("blacklist_max_age_days", "rates_max_age_days", "catch_up_batches"), "2"),
        "WORKFLOW_NAME": workflow,
        "WORKFLOW_RUN_ID": "wr_1",
    }
    assert ScoreJob.from_options(options).freshness.prefix == "fraudlake-dev"
