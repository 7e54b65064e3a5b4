"""The blacklist: entries that must match, entries that must not, strangers and noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fraudlake.sample_data.cast import Roles, name_customer
from fraudlake.sample_data.customers import Customer, write_text_table
from fraudlake.sample_data.names import GIVEN_NAMES, disguise, draw_names, misspell
from fraudlake.sample_data.plant_people import UNKNOWN_LISTED
from fraudlake.sample_data.streams import open_stream

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from fraudlake.sample_data.plan import SamplePlan

REASONS = ("chargeback fraud", "account takeover", "mule account", "sanctions hit", "", "N/A")
SOURCES = ("internal", "card scheme", "police", "partner bank")
UNUSABLE = ("", "N/A", "-", "unknown", "NULL")
UNUSABLE_SHARE = 0.02
FIRST_FORMER_CUSTOMER = 80_000_000


@dataclass(frozen=True)
class Entry:
    """One row of the blacklist; every value as text, empty when missing."""

    blacklist_id: str = ""
    customer_id: str = ""
    full_name: str = ""
    email: str = ""
    phone: str = ""
    date_of_birth: str = ""
    reason: str = ""
    source: str = ""
    listed_at: str = ""
    expires_at: str = ""


COLUMNS = tuple(Entry.__dataclass_fields__)
MakeEntry = Callable[[Customer, int], Entry]


def make_blacklist(plan: SamplePlan, people: list[Customer], roles: Roles) -> list[Entry]:
    """As many entries as the plan asks for, shuffled, each with an id of its own."""
    rng = open_stream(plan.seed, "blacklist")
    known = [*_listed_customers(plan, people, roles), *_listed_unknown(roles)]
    noise = list(_unusable(plan))
    strangers = _strangers(rng, plan.blacklist_entries - len(known) - len(noise))
    entries = [*(_with_dates(plan, rng, entry) for entry in [*known, *strangers]), *noise]
    order = rng.permutation(len(entries)).tolist()
    return [
        _describe(rng, replace(entries[place], blacklist_id=f"BL{number:06d}"))
        for number, place in enumerate(order, start=1)
    ]


def write_blacklist(entries: list[Entry], path: Path) -> int:
    """Write the table; the number of rows."""
    write_text_table(path, COLUMNS, (tuple(vars(entry).values()) for entry in entries))
    return len(entries)


def _listed_customers(plan: SamplePlan, people: list[Customer], roles: Roles) -> Iterator[Entry]:
    for label, make in _makers(plan).items():
        for turn, number in enumerate(roles.indices[label].tolist()):
            yield make(people[number], turn)
    for number in roles.indices["BLACKLISTED_BY_ID"][::3].tolist():
        person = people[number]
        yield Entry(customer_id=person.customer_id, email=person.email)


def _makers(plan: SamplePlan) -> dict[str, MakeEntry]:
    expired, not_yet = str(plan.first_date), str(plan.last_date + timedelta(days=1))
    return {
        "BLACKLISTED_BY_ID": lambda person, _: Entry(customer_id=person.customer_id),
        "BLACKLISTED_BY_EMAIL": lambda person, _: Entry(email=f" {person.email.upper()}"),
        "BLACKLISTED_BY_PHONE": lambda person, _: Entry(phone=_print_phone(person.phone)),
        "BLACKLIST_NAME_BIRTH_DATE": _list_by_birth_date,
        "BLACKLIST_NAME_ONLY": _list_by_name,
        "BLACKLIST_EXPIRED": lambda person, _: replace(_whole(person), expires_at=expired),
        "BLACKLIST_NOT_YET_LISTED": lambda person, _: replace(_whole(person), listed_at=not_yet),
        "BLACKLIST_OTHER_BIRTH_DATE": _list_namesake,
    }


def _whole(person: Customer) -> Entry:
    return Entry(
        customer_id=person.customer_id,
        full_name=person.full_name,
        email=person.email,
        phone=person.phone,
        date_of_birth=person.date_of_birth,
    )


def _print_phone(phone: str) -> str:
    digits = "".join(letter for letter in phone if letter.isdigit())
    return f"+{digits[:-4]}.{digits[-4:-2]}/{digits[-2:]}"


def _list_by_birth_date(person: Customer, turn: int) -> Entry:
    name = (misspell(person.full_name), disguise(misspell(person.full_name)))[turn % 2]
    return Entry(full_name=name, date_of_birth=_print_date(person.date_of_birth, turn))


def _print_date(text: str, turn: int) -> str:
    forms = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%Y%m%d")
    return date.fromisoformat(text).strftime(forms[turn % len(forms)])


def _list_by_name(person: Customer, turn: int) -> Entry:
    # Every second of these customers has no birth date; there the entry has one.
    name = (disguise(person.full_name), misspell(person.full_name))[turn // 2 % 2]
    return Entry(full_name=name, date_of_birth="1971-03-05" if turn % 2 else "")


def _list_namesake(person: Customer, _: int) -> Entry:
    other = date.fromisoformat(person.date_of_birth) + timedelta(days=1)
    return Entry(full_name=person.full_name, date_of_birth=str(other))


def _listed_unknown(roles: Roles) -> Iterator[Entry]:
    return (Entry(customer_id=name) for name in roles.cast[UNKNOWN_LISTED])


def _unusable(plan: SamplePlan) -> Iterator[Entry]:
    for number in range(max(1, int(plan.blacklist_entries * UNUSABLE_SHARE))):
        text = UNUSABLE[number % len(UNUSABLE)]
        yield Entry(customer_id=text, full_name=text, email=text, phone=text)


def _strangers(rng: np.random.Generator, size: int) -> list[Entry]:
    tables = [list(GIVEN_NAMES)[place] for place in rng.integers(0, len(GIVEN_NAMES), size)]
    births = rng.integers(0, 20_000, size).tolist()
    return [
        Entry(
            customer_id=name_customer(FIRST_FORMER_CUSTOMER + number) if number % 3 == 0 else "",
            full_name=name,
            email=f"stranger{number}@example.net",
            date_of_birth=str(date(1945, 1, 1) + timedelta(days=birth)),
        )
        for number, (name, birth) in enumerate(zip(draw_names(rng, tables), births, strict=True))
    ]


def _with_dates(plan: SamplePlan, rng: np.random.Generator, entry: Entry) -> Entry:
    back, ahead, form = (int(value) for value in rng.integers(0, 1_000, 3))
    listed = _print_date(str(plan.first_date - timedelta(days=back)), form)
    expires = str(plan.last_date + timedelta(days=1 + ahead)) if form % 3 else ""
    return replace(
        entry,
        listed_at=entry.listed_at or ("" if form % 10 == 0 else listed),
        expires_at=entry.expires_at or expires,
    )


def _describe(rng: np.random.Generator, entry: Entry) -> Entry:
    reason, source = rng.integers(0, (len(REASONS), len(SOURCES))).tolist()
    return replace(entry, reason=REASONS[reason], source=SOURCES[source])
