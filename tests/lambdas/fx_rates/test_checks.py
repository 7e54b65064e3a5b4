from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraudlake.ecb import Rate
from fraudlake.errors import InputError
from lambdas.fx_rates.checks import KNOWN_JUMPS, find_jumps, refuse_doubtful, refuse_wrong_days
from lambdas.fx_rates.settings import Order
from tests.lambdas.fx_rates.ecb_files import rate

if TYPE_CHECKING:
    from decimal import Decimal

TODAY = date(2026, 4, 14)
MONDAY, TUESDAY, WEDNESDAY = "2026-04-13", "2026-04-14", "2026-04-15"


def dollars(*days: str) -> list[Rate]:
    return [rate(day, currency, "1.0") for day in days for currency in ("USD", "XXX")]


def jumps_of(*rates: Rate) -> list[str]:
    return [jump.name for jump in find_jumps(rates)]


@pytest.mark.parametrize(
    "days",
    [("2026-04-10", MONDAY, TUESDAY), (TUESDAY, MONDAY, "2026-04-10"), (TUESDAY,)],
    ids=["oldest first", "newest first", "one day"],
)
def test_days_in_either_order_up_to_today_are_right(days: tuple[str, ...]) -> None:
    refuse_wrong_days(dollars(*days), TODAY)


@pytest.mark.parametrize(
    "days",
    [(MONDAY, TUESDAY, "2026-04-10"), (TUESDAY, "2026-04-10", MONDAY)],
)
def test_days_up_and_down_are_refused_with_the_places(days: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=r"in no order: .* follows .*, and .* follows"):
        refuse_wrong_days(dollars(*days), TODAY)


def test_a_day_to_come_is_refused() -> None:
    with pytest.raises(InputError, match="1 days are after today, 2026-04-14: up to 2026-04-15"):
        refuse_wrong_days(dollars(TUESDAY, WEDNESDAY), TODAY)


def test_no_day_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="no day with a rate of the dollar"):
        refuse_wrong_days([], TODAY)


def test_all_that_is_wrong_with_the_days_is_said_at_once() -> None:
    with pytest.raises(InputError) as failure:
        refuse_wrong_days(dollars(MONDAY, WEDNESDAY, TUESDAY), TODAY)
    assert len(failure.value.problems) == 3


@pytest.mark.parametrize(
    ("new", "is_jump"),
    [("1.2000000000", False), ("1.2000000001", True), ("0.8000000000", False),
     ("0.7999999999", True), ("1.0", False)],
)  # fmt: skip
def test_a_move_of_exactly_a_fifth_in_a_day_is_no_jump(new: str, is_jump: bool) -> None:  # noqa: FBT001 - a table's column
    found = jumps_of(rate(MONDAY, "TRY", "1.0"), rate(TUESDAY, "TRY", new))
    assert found == ["TRY 2026-04-14"] * is_jump


@pytest.mark.parametrize(
    ("new", "is_jump"),
    [("1.4400000000", False), ("1.4400000001", True), ("0.6400000000", False),
     ("0.6399999999", True)],
)  # fmt: skip
def test_a_fifth_more_is_let_pass_for_each_publication_day_without_rate(
    new: str,
    is_jump: bool,  # noqa: FBT001 - a table's column
) -> None:
    found = jumps_of(rate(MONDAY, "TRY", "1.0"), rate(WEDNESDAY, "TRY", new))
    assert found == ["TRY 2026-04-15"] * is_jump


def test_weekends_and_holidays_let_nothing_more_pass() -> None:
    # Thursday to Tuesday over Easter is one publication day.
    found = jumps_of(rate("2026-04-02", "TRY", "1.0"), rate("2026-04-07", "TRY", "1.21"))
    assert found == ["TRY 2026-04-07"]


def test_a_day_that_is_no_publication_day_counts_as_one() -> None:
    found = jumps_of(rate("2026-04-10", "TRY", "1.0"), rate("2026-04-11", "TRY", "1.2"))
    assert found == []


def test_currencies_are_compared_with_themselves() -> None:
    rates = [
        rate(MONDAY, "JPY", "0.006"),
        rate(MONDAY, "USD", "1.0"),
        rate(TUESDAY, "JPY", "0.0061"),
        rate(TUESDAY, "USD", "1.0"),
    ]
    assert jumps_of(*rates) == []


@given(
    before=st.decimals("0.0000000001", "10", places=10),
    after=st.decimals("0.0000000001", "10", places=10),
)
def test_a_jump_is_a_ratio_outside_four_and_six_fifths(before: Decimal, after: Decimal) -> None:
    ratio = Fraction(after) / Fraction(before)
    found = jumps_of(Rate(date(2026, 4, 13), "TRY", before), Rate(date(2026, 4, 14), "TRY", after))
    assert bool(found) == (not Fraction(4, 5) <= ratio <= Fraction(6, 5))


def test_every_jump_is_named_with_the_call_that_lets_it_pass() -> None:
    delivered = [
        rate(MONDAY, "BRL", "0.2"),
        rate(MONDAY, "TRY", "0.02"),
        rate(TUESDAY, "BRL", "0.1"),
        rate(TUESDAY, "TRY", "0.03"),
    ]
    with pytest.raises(InputError) as failure:
        refuse_doubtful(delivered, [], Order("history", frozenset({"AUD 2026-01-02"})))
    assert failure.value.problems == [
        "BRL jumps by -50.0 %: 0.2 USD on 2026-04-13, 0.1 USD on 2026-04-14",
        "TRY jumps by +50.0 %: 0.02 USD on 2026-04-13, 0.03 USD on 2026-04-14",
        (
            "Nothing was written. If the file is right, call the function with "
            '{"file": "history", "allow_jumps": '
            '["AUD 2026-01-02", "BRL 2026-04-14", "TRY 2026-04-14"]}'
        ),
    ]


def test_of_thousands_of_jumps_a_hundred_are_named_and_the_rest_counted() -> None:
    names = [f"{a}{b}X" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJK"]
    rates = [rate(day, name, one) for day, one in ((MONDAY, "1"), (TUESDAY, "2")) for name in names]
    with pytest.raises(InputError, match="and 10 more") as failure:
        refuse_doubtful(rates, [], Order())
    assert len(failure.value.problems) == 102


def test_an_allowed_jump_passes_and_no_other() -> None:
    delivered = [rate(MONDAY, "TRY", "1"), rate(TUESDAY, "TRY", "2"), rate(WEDNESDAY, "TRY", "4")]
    refuse_doubtful(
        delivered, [], Order(allow_jumps=frozenset({f"TRY {TUESDAY}", f"TRY {WEDNESDAY}"}))
    )
    with pytest.raises(InputError) as failure:
        refuse_doubtful(delivered, [], Order(allow_jumps=frozenset({f"TRY {TUESDAY}"})))
    assert len(failure.value.problems) == 2


@pytest.mark.parametrize(
    ("before", "jump"),
    [
        (rate("2001-02-21", "TRL", "0.0000014648"), rate("2001-02-22", "TRL", "0.0000008625")),
        (rate("2008-10-03", "ISK", "0.0088605649"), rate("2008-10-06", "ISK", "0.0069917949")),
        (rate("2008-10-07", "ISK", "0.0069197970"), rate("2008-10-08", "ISK", "0.0051815094")),
        (rate("2008-11-05", "ISK", "0.0042196721"), rate("2008-11-06", "ISK", "0.0062292683")),
        (rate("2021-12-20", "TRY", "0.0562429528"), rate("2021-12-21", "TRY", "0.0767678003")),
    ],
)
def test_jumps_that_happened_pass(before: Rate, jump: Rate) -> None:
    assert [found.name for found in find_jumps([before, jump])] == [
        *KNOWN_JUMPS & {f"{jump.currency} {jump.rate_date}"}
    ]
    refuse_doubtful([before, jump], [], Order())


def test_the_krona_may_move_as_it_did_in_nine_years_without_a_rate() -> None:
    gap = [rate("2008-12-09", "ISK", "0.0044268966"), rate("2018-02-01", "ISK", "0.0099664027")]
    assert jumps_of(*gap) == []


def test_the_newest_stored_rate_before_the_file_is_compared_with_its_first() -> None:
    stored = [rate("2026-04-09", "TRY", "1"), rate("2026-04-10", "TRY", "2")]
    refuse_doubtful([rate(MONDAY, "TRY", "2.4")], stored, Order())
    with pytest.raises(InputError, match="2 USD on 2026-04-10, 1 USD on 2026-04-13"):
        refuse_doubtful([rate(MONDAY, "TRY", "1")], stored, Order())


def test_a_stored_rate_of_the_same_day_is_no_predecessor() -> None:
    refuse_doubtful([rate(MONDAY, "TRY", "1")], [rate(MONDAY, "TRY", "2")], Order())


def test_a_jump_that_is_stored_already_passes_until_a_rate_of_it_changes() -> None:
    stored = [rate(MONDAY, "TRY", "1"), rate(TUESDAY, "TRY", "2")]
    refuse_doubtful(stored, stored, Order())
    refuse_doubtful(stored[1:], stored, Order())
    with pytest.raises(InputError, match="TRY jumps"):
        refuse_doubtful([stored[0], rate(TUESDAY, "TRY", "2.1")], stored, Order())
