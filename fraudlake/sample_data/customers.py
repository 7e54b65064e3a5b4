"""The customers table: who they are, with the faults that such tables have."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from unicodedata import normalize

from fraudlake.sample_data.cast import Roles, name_customer
from fraudlake.sample_data.names import draw_names, make_listed_name
from fraudlake.sample_data.plant_people import NOT_MATCHED
from fraudlake.sample_data.streams import open_stream
from fraudlake.sample_data.world import COUNTRIES, Country, draw_weighted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy as np

    from fraudlake.sample_data.plan import SamplePlan

LISTED_BY_NAME = ("BLACKLIST_NAME_BIRTH_DATE", "BLACKLIST_NAME_ONLY", *NOT_MATCHED)
DUPLICATE_SHARE = 0.02
WITHOUT_BIRTH_DATE_SHARE = 0.04
BROKEN_NAME_SHARE = 0.006
OLDEST_BIRTH, YOUNGEST_BIRTH = date(1940, 1, 1), date(2006, 12, 31)
# 41 has no factor in common with 20,000: every listed person has a birthday of their own.
LISTED_BIRTH_STEP, LISTED_BIRTH_SPAN = 41, 20_000


@dataclass(frozen=True)
class Customer:
    """One row of the customers table; every value as text, empty when missing."""

    customer_id: str
    full_name: str
    email: str
    phone: str
    date_of_birth: str
    country: str
    created_at: str
    updated_at: str


COLUMNS = tuple(Customer.__dataclass_fields__)


def make_customers(plan: SamplePlan, roles: Roles) -> list[Customer]:
    """One customer a number, in order; people listed by name get names and birthdays of their own.

    Some of the others have no birth date, or a name with a comma or a line break in it.
    """
    rng = open_stream(plan.seed, "customers")
    homes = [COUNTRIES[home] for home in draw_homes(plan).tolist()]
    names = _break_names(rng, draw_names(rng, [home.names for home in homes]))
    births = _draw_births(rng, plan.customers)
    stamps = _draw_stamps(rng, plan)
    people = [
        _make_customer(number, *values)
        for number, values in enumerate(zip(homes, names, births, stamps, strict=True))
    ]
    return _with_listed_people(people, roles)


def draw_homes(plan: SamplePlan) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The home country of every customer, as an index into `COUNTRIES`."""
    rng = open_stream(plan.seed, "homes")
    return draw_weighted(rng, [country.weight for country in COUNTRIES], plan.customers)


def write_customers(plan: SamplePlan, people: list[Customer], path: Path) -> int:
    """Write the table, older duplicates of some customers last; the number of rows."""
    rows = [*people, *_older_duplicates(plan, people)]
    write_text_table(path, COLUMNS, (tuple(vars(person).values()) for person in rows))
    return len(rows)


def write_text_table(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Write UTF-8 CSV with a header, quoting only where it is needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _make_customer(
    number: int, home: Country, name: str, birth: str, stamps: tuple[str, str]
) -> Customer:
    email = f"{_ascii_word(name)}.{number}@example.com"
    return Customer(
        name_customer(number), name, email, _phone(home, number), birth, home.code, *stamps
    )


def _ascii_word(name: str) -> str:
    word = normalize("NFKD", name.split(maxsplit=1)[0]).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in word if letter.isalpha()) or "customer"


def _phone(home: Country, number: int) -> str:
    form = ("+{0} 555 {1}", "+{0}-555-{1}", "+{0} (555) {1}")[number % 3]
    return form.format(home.calling_code, f"{number:07d}")


def _break_names(rng: np.random.Generator, names: list[str]) -> list[str]:
    draws = rng.random(len(names)).tolist()
    return [_break(name, draw) for name, draw in zip(names, draws, strict=True)]


def _break(name: str, draw: float) -> str:
    if draw >= BROKEN_NAME_SHARE:
        return name
    given, _, family = name.partition(" ")
    return f"{family}, {given}" if draw < BROKEN_NAME_SHARE / 2 else f"{given}\n{family}"


def _draw_births(rng: np.random.Generator, size: int) -> list[str]:
    days = rng.integers(0, (YOUNGEST_BIRTH - OLDEST_BIRTH).days, size).tolist()
    missing = (rng.random(size) < WITHOUT_BIRTH_DATE_SHARE).tolist()
    return [
        "" if gone else str(OLDEST_BIRTH + timedelta(days=day))
        for day, gone in zip(days, missing, strict=True)
    ]


def _draw_stamps(rng: np.random.Generator, plan: SamplePlan) -> list[tuple[str, str]]:
    created = rng.integers(400, 3_650, plan.customers)
    updated = rng.integers(1, 400, plan.customers)
    text = [f"{plan.first_date - timedelta(days=back)}T09:30:00Z" for back in range(3_650)]
    return [(text[a], text[b]) for a, b in zip(created.tolist(), updated.tolist(), strict=True)]


def _with_listed_people(people: list[Customer], roles: Roles) -> list[Customer]:
    changed = list(people)
    numbers = [n for label in LISTED_BY_NAME for n in roles.indices[label].tolist()]
    for order, number in enumerate(numbers):
        birth = OLDEST_BIRTH + timedelta(days=order * LISTED_BIRTH_STEP % LISTED_BIRTH_SPAN)
        name = make_listed_name(order)
        changed[number] = replace(people[number], full_name=name, date_of_birth=str(birth))
    for number in roles.indices["BLACKLIST_NAME_ONLY"][1::2].tolist():
        changed[number] = replace(changed[number], date_of_birth="")
    return changed


def _older_duplicates(plan: SamplePlan, people: list[Customer]) -> Iterator[Customer]:
    rng = open_stream(plan.seed, "older duplicates")
    size = max(1, int(len(people) * DUPLICATE_SHARE))
    for step, number in enumerate(rng.choice(len(people), size, replace=False).tolist()):
        person = people[number]
        # Half of them have no updated_at, so that created_at must decide.
        stamp = "" if step % 2 else person.created_at
        yield replace(person, email=f"old.{person.email}", phone="", updated_at=stamp)
