"""The blacklist: entries that mean a customer, in each way to match, and entries that do not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from benchmarks.data.people import customer_table
from benchmarks.data.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.data.plan import DataPlan

Entry = dict[str, Any]
# How an entry is meant, and its share; `stranger` means nobody and makes the rest.
SHARES = {
    "customer_id": 0.10,
    "email": 0.15,
    "phone": 0.15,
    "born": 0.10,
    "born_nearly": 0.10,
    "unborn": 0.05,
    "unborn_nearly": 0.05,
}
_SCHEMA = pa.schema(
    [
        ("blacklist_id", pa.string()),
        ("customer_id", pa.string()),
        ("full_name", pa.string()),
        ("email", pa.string()),
        ("phone", pa.string()),
        ("date_of_birth", pa.date32()),
        ("reason", pa.string()),
        ("source", pa.string()),
        ("listed_at", pa.date32()),
        ("expires_at", pa.date32()),
    ]
)
_INACTIVE_SHARE = 0.05
_TURNED = str.maketrans("aeiou", "eioua")


def blacklist_table(plan: DataPlan, customers: pa.Table | None = None) -> pa.Table:
    """The blacklist of a plan; `customers` is the customers table when it is made already."""
    people = customers or customer_table(plan)
    rng = stream(plan.seed, "blacklist", plan.entries)
    kinds = rng.choice([*SHARES, "stranger"], plan.entries, p=[*SHARES.values(), _rest()])
    meant = people.take(pa.array(rng.integers(0, people.num_rows, plan.entries))).to_pylist()
    chance = rng.random((plan.entries, 2)).tolist()
    entries = [
        {
            "blacklist_id": f"B{at:06d}",
            "reason": "fraud",
            "source": "bench",
            **_MADE[kind](person),
            **_dates(plan.first_scored, luck[0]),
        }
        for at, (kind, person, luck) in enumerate(zip(kinds, meant, chance, strict=True))
    ]
    for entry, luck in zip(entries, chance, strict=True):
        if luck[1] < plan.unborn:
            entry["date_of_birth"] = None
    return pa.Table.from_pylist(entries, schema=_SCHEMA)


def _rest() -> float:
    return 1.0 - sum(SHARES.values())


def _by_customer_id(person: Entry) -> Entry:
    return {"customer_id": person["customer_id"]}


def _by_email(person: Entry) -> Entry:
    return {"email": (person["email"] or "nobody@mail.example").upper()}


def _by_phone(person: Entry) -> Entry:
    return {"phone": (person["phone"] or "+1 555 99999999").replace(" ", "-")}


def _by_name(person: Entry) -> Entry:
    return {
        "full_name": person["full_name"].upper(),
        "date_of_birth": person["date_of_birth"] or date(1970, 1, 1),
    }


def _by_near_name(person: Entry) -> Entry:
    return {**_by_name(person), "full_name": _one_letter_off(person["full_name"])}


def _by_name_alone(person: Entry) -> Entry:
    words = person["full_name"].split()
    return {"full_name": " ".join(reversed(words))}


def _by_near_name_alone(person: Entry) -> Entry:
    return {"full_name": _one_letter_off(person["full_name"])}


def _stranger(person: Entry) -> Entry:
    """A name that no customer has: turned vowels, and a birth date of its own."""
    born = person["date_of_birth"] or date(1980, 5, 17)
    name = person["full_name"].lower().translate(_TURNED).title()
    return {"full_name": f"{name} Q", "date_of_birth": born + timedelta(days=977)}


def _one_letter_off(name: str) -> str:
    return f"{name[:-2]}x{name[-1]}"


def _dates(first_scored: date, luck: float) -> Entry:
    """Few entries are not in force: expired, or listed later."""
    listed = first_scored - timedelta(days=500)
    if luck < _INACTIVE_SHARE / 2:
        return {"listed_at": listed, "expires_at": first_scored - timedelta(days=400)}
    if luck < _INACTIVE_SHARE:
        return {"listed_at": first_scored + timedelta(days=3), "expires_at": None}
    return {"listed_at": listed, "expires_at": None}


_MADE: dict[str, Callable[[Entry], Entry]] = {
    "customer_id": _by_customer_id,
    "email": _by_email,
    "phone": _by_phone,
    "born": _by_name,
    "born_nearly": _by_near_name,
    "unborn": _by_name_alone,
    "unborn_nearly": _by_near_name_alone,
    "stranger": _stranger,
}
