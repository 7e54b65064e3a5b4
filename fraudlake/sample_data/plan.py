"""What a sample shall hold, and what was written of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fraudlake.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = ("csv", "parquet")
MAX_DAYS = 366
MIN_TRANSACTIONS_PER_DAY = 500
MIN_CUSTOMERS = 300
MIN_CUSTOMERS_PER_DAY = 3
MAX_TRANSACTIONS_PER_CUSTOMER_DAY = 100
MIN_BLACKLIST_ENTRIES = 40
FIRST_DATES = (date(2000, 1, 1), date(2100, 1, 1))


@dataclass(frozen=True)
class SamplePlan:
    """Size, days and seed of a sample; the same plan gives byte-identical files.

    `transactions` counts every line of the transaction files but the headers, planted ones
    included (in Parquet, the rows that cannot be typed are missing). `malformed` plants lines
    with too few or too many fields, which only CSV can hold. Raises SettingsError that names
    every value that cannot be used.
    """

    transactions: int = 100_000
    customers: int = 5_000
    days: int = 7
    first_date: date = date(2025, 1, 6)
    seed: int = 7
    blacklist_entries: int = 300
    format: str = "csv"
    malformed: bool = True

    def __post_init__(self) -> None:
        """Refuse a plan whose labels could not all be planted."""
        problems = _plan_problems(self)
        if problems:
            raise SettingsError(problems)

    @property
    def dates(self) -> list[date]:
        """The ingest dates of the sample, in order."""
        return [self.first_date + timedelta(days=step) for step in range(self.days)]

    @property
    def last_date(self) -> date:
        """The last ingest date of the sample."""
        return self.first_date + timedelta(days=self.days - 1)

    @property
    def has_malformed_lines(self) -> bool:
        """Whether lines that do not match the header are planted."""
        return self.malformed and self.format == "csv"


@dataclass(frozen=True)
class SampleSummary:
    """Rows and bytes written per table, and planted rows per label."""

    rows: Mapping[str, int]
    bytes: Mapping[str, int]
    planted: Mapping[str, int]


def _plan_problems(plan: SamplePlan) -> list[str]:
    problems = [*_range_problems(plan), *_kind_problems(plan)]
    return problems or _density_problems(plan)


def _range_problems(plan: SamplePlan) -> list[str]:
    days = plan.days if _is_count(plan.days) and 1 <= plan.days <= MAX_DAYS else 1
    least = {
        "transactions": MIN_TRANSACTIONS_PER_DAY * days,
        "customers": MIN_CUSTOMERS + MIN_CUSTOMERS_PER_DAY * days,
        "days": 1,
        "seed": 0,
        "blacklist_entries": MIN_BLACKLIST_ENTRIES,
    }
    found = {name: getattr(plan, name) for name in least}
    return [
        f"{name}: found {value!r}; give a whole number of at least {least[name]:,}"
        for name, value in found.items()
        if not _is_count(value) or value < least[name]
    ]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind_problems(plan: SamplePlan) -> list[str]:
    problems = []
    if _is_count(plan.days) and plan.days > MAX_DAYS:
        problems.append(f"days: found {plan.days}; give at most {MAX_DAYS}")
    if not _is_usable_date(plan.first_date):
        problems.append(f"first_date: found {plan.first_date!r}; give a date of 2000 to 2099")
    if plan.format not in FORMATS:
        problems.append(f"format: found {plan.format!r}; give one of {', '.join(FORMATS)}")
    if not _is_flag(plan.malformed):
        problems.append(f"malformed: found {plan.malformed!r}; give True or False")
    return problems


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_usable_date(value: object) -> bool:
    # A datetime is a date to isinstance, but would not print as one in folder names.
    return type(value) is date and FIRST_DATES[0] <= value < FIRST_DATES[1]


def _density_problems(plan: SamplePlan) -> list[str]:
    most = MAX_TRANSACTIONS_PER_CUSTOMER_DAY * plan.customers * plan.days
    if plan.transactions <= most:
        return []
    found = f"transactions: found {plan.transactions:,}; {plan.customers:,} customers on"
    return [f"{found} {plan.days} days make at most {most:,}; give more customers or days"]
