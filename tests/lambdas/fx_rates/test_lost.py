from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import InputError
from lambdas.fx_rates.checks import find_lost, refuse_doubtful
from lambdas.fx_rates.settings import Order
from tests.lambdas.fx_rates.deployment import HISTORY
from tests.lambdas.fx_rates.ecb_files import days, ecb_rates, rate

if TYPE_CHECKING:
    from fraudlake.ecb import Rate
    from tests.lambdas.fx_rates.deployment import Deployment

FRIDAY, MONDAY, TUESDAY = "2026-04-10", "2026-04-13", "2026-04-14"
NO_YEN = {"USD": "1.20"}


def sorted_rates(*rows: tuple[str, str]) -> list[Rate]:
    """Rates of 1 USD: a day, and its currencies in a text."""
    return sorted(rate(day, currency, "1") for day, names in rows for currency in names.split())


def lost(delivered: list[Rate], stored: list[Rate]) -> list[str]:
    return [str(one) for one in find_lost(delivered, stored)]


def test_a_currency_of_the_same_stored_day_is_lost() -> None:
    stored = sorted_rates((FRIDAY, "JPY TRY USD"), (MONDAY, "JPY USD"))
    assert lost(sorted_rates((MONDAY, "USD")), stored) == [
        "JPY is missing on 2026-04-13, and is stored on 2026-04-13"
    ]


def test_a_currency_of_the_newest_stored_day_before_is_lost() -> None:
    stored = sorted_rates(("2026-04-09", "JPY TRY USD"), (FRIDAY, "JPY USD"))
    assert lost(sorted_rates((MONDAY, "USD")), stored) == [
        "JPY is missing on 2026-04-13, and is stored on 2026-04-10"
    ]


def test_a_currency_that_is_gone_for_longer_is_not_lost() -> None:
    stored = sorted_rates(("2026-04-09", "JPY USD"), (FRIDAY, "USD"))
    assert lost(sorted_rates((FRIDAY, "USD"), (MONDAY, "USD")), stored) == []


def test_a_currency_may_end_within_a_file() -> None:
    file = sorted_rates((FRIDAY, "JPY USD"), (MONDAY, "JPY USD"), (TUESDAY, "USD"))
    assert lost(file, []) == []
    assert lost(file, sorted_rates((FRIDAY, "JPY USD"))) == []
    assert lost(file, file) == []


def test_a_currency_that_ends_after_the_newest_stored_day_is_told() -> None:
    file = sorted_rates((FRIDAY, "JPY USD"), (MONDAY, "USD"), (TUESDAY, "USD"))
    assert lost(file, file[:2]) == ["JPY is missing on 2026-04-13, and is stored on 2026-04-10"]


def test_days_before_all_stored_ones_and_new_currencies_are_right() -> None:
    stored = sorted_rates((MONDAY, "JPY USD"))
    assert lost(sorted_rates((FRIDAY, "USD"), (TUESDAY, "JPY TRY USD")), stored) == []


def test_lost_rates_and_jumps_are_named_at_once_with_the_call_that_lets_them_pass() -> None:
    stored = ecb_rates({FRIDAY: {"USD": "1", "JPY": "180", "TRY": "40", "ISK": "140"}})
    delivered = sorted(ecb_rates({MONDAY: {"USD": "1", "JPY": "90"}}))
    with pytest.raises(InputError) as failure:
        refuse_doubtful(
            delivered, sorted(stored), Order(allow_missing=frozenset({"ISK 2026-04-13"}))
        )
    assert [problem[:22] for problem in failure.value.problems[:-1]] == [
        "JPY jumps by +100.0 %:",
        "TRY is missing on 2026",
    ]
    assert failure.value.problems[-1].endswith(
        'call the function with {"file": "daily", "allow_jumps": ["JPY 2026-04-13"], '
        '"allow_missing": ["ISK 2026-04-13", "TRY 2026-04-13"]}'
    )


def test_of_many_lost_rates_a_hundred_are_named_and_the_rest_counted() -> None:
    names = " ".join(f"{a}{b}X" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJK")
    stored = sorted_rates((FRIDAY, f"{names} USD"))
    with pytest.raises(InputError, match="and 10 more") as failure:
        refuse_doubtful(sorted_rates((MONDAY, "USD")), stored, Order())
    assert len(failure.value.problems) == 102


@pytest.mark.parametrize("order", [Order(), HISTORY])
def test_a_truncated_file_writes_nothing_until_it_is_allowed(
    deployment: Deployment, order: Order
) -> None:
    deployment.load(MONDAY, days("2025-12-31", FRIDAY), order)
    before = deployment.objects()
    truncated = {FRIDAY: NO_YEN, MONDAY: NO_YEN}
    with pytest.raises(InputError, match="JPY is missing on 2026-04-10") as failure:
        deployment.load(MONDAY, truncated, order)
    assert len(failure.value.problems) == 3
    assert deployment.objects() == before
    allowed = frozenset({f"JPY {FRIDAY}", f"JPY {MONDAY}"})
    loaded = deployment.load(MONDAY, truncated, Order(order.file, allow_missing=allowed))
    assert loaded.answer()["days_changed"] == [FRIDAY]
    assert deployment.load(TUESDAY, {TUESDAY: NO_YEN}, order).objects_written == 1
