from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.errors import InputError
from lambdas.blacklist_extract.handler import handler
from lambdas.blacklist_extract.request import ExtractRequest
from tests.lambdas.blacklist_extract.deployed import Invocation

if TYPE_CHECKING:
    from tests.lambdas.blacklist_extract.deployed import Deployed

TODAY = date(2025, 1, 31)
NO_DATE = "snapshot_date of the event is missing, or no date"
NO_BOOLEAN = "allow_shrink of the event is neither true nor false"
HOW = 'call with {"snapshot_date": "YYYY-MM-DD"}, and "allow_shrink": true to skip that guard once'


def problems_of(event: dict[str, Any]) -> list[str]:
    with pytest.raises(InputError) as caught:
        ExtractRequest.from_event(event, TODAY)
    return caught.value.problems


def test_a_date_is_enough() -> None:
    request = ExtractRequest.from_event({"snapshot_date": "2025-01-30"}, TODAY)
    assert request == ExtractRequest(date(2025, 1, 30), allow_shrink=False)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_smaller_snapshot_may_be_allowed(*, allowed: bool) -> None:
    event = {"snapshot_date": "2025-01-30", "allow_shrink": allowed, "more": 1}
    assert ExtractRequest.from_event(event, TODAY).allow_shrink is allowed


@pytest.mark.parametrize("soon", ["2025-01-31", "2025-02-01"])
def test_today_and_tomorrow_are_dates_to_extract(soon: str) -> None:
    request = ExtractRequest.from_event({"snapshot_date": soon}, TODAY)
    assert request.snapshot_date == date.fromisoformat(soon)


def test_a_later_date_is_the_future() -> None:
    problem = "snapshot_date 2025-02-02 of the event is in the future"
    assert problems_of({"snapshot_date": "2025-02-02"}) == [problem, HOW]


@pytest.mark.parametrize(
    "day",
    [
        *(
            "",
            "2025-02-30",
            "31/01/2025",
            "20250131",
            "2025-1-31",
            "2025-01-31T00:00",
            "2025-W05-5",
        ),
        *(" 2025-01-31", "2025-01-31\n", "\u0662\u0660\u0662\u0665-01-31", "0000-00-00"),
        *(None, 20250131, ["2025-01-31"], {}),
    ],
)
def test_what_is_no_date_is_refused(day: Any) -> None:  # noqa: ANN401 - whatever a sender puts in
    assert problems_of({"snapshot_date": day}) == [NO_DATE, HOW]


@pytest.mark.parametrize("allowed", [None, 1, 0, "true", "", []])
def test_only_true_and_false_say_whether_it_may_shrink(allowed: Any) -> None:  # noqa: ANN401 - see above
    event = {"snapshot_date": "2025-01-31", "allow_shrink": allowed}
    assert problems_of(event) == [NO_BOOLEAN, HOW]


def test_all_problems_are_told_at_once() -> None:
    assert problems_of({"allow_shrink": "yes"}) == [NO_DATE, NO_BOOLEAN, HOW]


def test_a_refused_request_reads_and_writes_nothing(deployed: Deployed) -> None:
    deployed.insert({"customer_id": "C1"})
    for event in ({}, {"snapshot_date": "2999-12-31"}):
        with pytest.raises(InputError):
            handler(event, Invocation())
    assert deployed.keys() == []


@pytest.mark.parametrize("event", [None, [], "2025-01-31", 7])
def test_an_event_that_is_no_object_is_refused(event: object) -> None:
    with pytest.raises(InputError) as caught:
        ExtractRequest.from_event(event, TODAY)
    assert caught.value.problems == ["the event is no JSON object", HOW]
