"""What goes wrong on a scored day: late rows, rejects, and transactions delivered twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from benchmarks.data.rows import DAY, NAMED_CURRENCIES, NO_TIME, Rows, clean_rows
from benchmarks.data.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from benchmarks.data.people import Customers
    from benchmarks.data.rows import Whole

LATE_SHARE = 0.002
LATE_DAYS = 3
REJECT_SHARE = 0.003
REPEAT_SHARE = 0.001
YESTERDAY_SHARE = 0.0005


def troubled_rows(customers: Customers, day: date, chunk: int) -> Rows:
    """The clean rows of one file of a day with all that goes wrong planted in them.

    Late rows and rejects replace clean rows; repeats come on top.
    """
    rows = clean_rows(customers, day, chunk)
    rng = stream(customers.plan.seed, "trouble", day.toordinal(), chunk)
    places = rng.permutation(len(rows))
    late, rejects = (
        max(at, len(REJECTS)) for at in (_share(rows, LATE_SHARE), _share(rows, REJECT_SHARE))
    )
    _make_late(rng, rows, places[:late])
    _make_rejects(rows, places[late : late + rejects])
    repeated = rows.taken(places[-max(1, _share(rows, REPEAT_SHARE)) :])
    if chunk > 0:
        return rows.with_rows(repeated)
    return rows.with_rows(repeated, _from_yesterday(rng, customers, day))


def _share(rows: Rows, share: float) -> int:
    return int(len(rows) * share)


def _make_late(rng: np.random.Generator, rows: Rows, places: Whole) -> None:
    rows.ts[places] -= rng.integers(1, LATE_DAYS + 1, len(places)) * DAY


def _make_rejects(rows: Rows, places: Whole) -> None:
    for at, spoil in enumerate(REJECTS.values()):
        spoil(rows, places[at :: len(REJECTS)])


def _from_yesterday(rng: np.random.Generator, customers: Customers, day: date) -> Rows:
    """Rows of the day before, delivered again."""
    before = clean_rows(customers, day - timedelta(days=1), 0)
    many = max(1, int(customers.plan.rows_a_day * YESTERDAY_SHARE))
    return before.taken(rng.choice(len(before), min(many, len(before)), replace=False))


def _without_customer(rows: Rows, places: Whole) -> None:
    rows.customer[places] = -1


def _without_time(rows: Rows, places: Whole) -> None:
    rows.ts[places] = NO_TIME


def _in_the_future(rows: Rows, places: Whole) -> None:
    rows.ts[places] += 3 * DAY


def _too_late(rows: Rows, places: Whole) -> None:
    rows.ts[places] -= 9 * DAY


def _negative(rows: Rows, places: Whole) -> None:
    rows.amount[places] *= -1


def _zero(rows: Rows, places: Whole) -> None:
    rows.amount[places] = 0


def _no_currency(rows: Rows, places: Whole) -> None:
    rows.currency[places] = NAMED_CURRENCIES.index("U5D")


def _no_rate(rows: Rows, places: Whole) -> None:
    rows.currency[places] = NAMED_CURRENCIES.index("XAU")


# By the reason for which each is set aside.
REJECTS: dict[str, Callable[[Rows, Whole], None]] = {
    "MISSING_CUSTOMER_ID": _without_customer,
    "INVALID_TIMESTAMP": _without_time,
    "FUTURE_TIMESTAMP": _in_the_future,
    "TOO_LATE": _too_late,
    "REFUND_OR_REVERSAL": _negative,
    "ZERO_AMOUNT": _zero,
    "INVALID_CURRENCY": _no_currency,
    "NO_FX_RATE": _no_rate,
}
