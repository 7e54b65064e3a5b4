"""Customers with names, birth dates, e-mail and phone; few of them share a name by chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.data.columns import chosen, nullable, numbered
from benchmarks.data.rates import CURRENCIES
from benchmarks.data.streams import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.data.plan import DataPlan

UNKNOWN_CUSTOMERS = 2_000  # numbers that transactions name and the customers table does not
COUNTRIES = ("US", "DE", "GB", "JP", "CH", "CA", "AU", "SE", "MX", "IN", "BR")
_USD_SHARE = 0.6
_NO_EMAIL, _NO_PHONE, _NO_BIRTH_DATE = 0.02, 0.03, 0.02
_SECOND_NAME = 0.4
_FIRST_BIRTH, _LAST_BIRTH = np.datetime64("1940-01-01"), np.datetime64("2006-12-31")
_GIVEN = ("Ada", "Élodie", "José", "Jürgen", "Søren", "Łucja", "Ines", "Tomáš", "Mary-Jane", "Omar")
_START = ("bar", "cul", "dos", "fen", "gim", "hov", "jak", "kep", "lun", "mir", "nod", "pyt")
_MIDDLE = ("al", "ed", "in", "or", "um", "ay", "est", "ong", "ür", "ø")
_END = ("son", "ski", "ley", "man", "ez", "ova", "berg", "wood", "-lee", "'d", "ić", "el")


@dataclass(frozen=True)
class Customers:
    """How the customers of a plan spend, by place in the customers table."""

    plan: DataPlan

    @cached_property
    def ids(self) -> pa.Array:
        """Every customer number that transactions name: the known ones, then the unknown."""
        known = numbered("C", np.arange(self.plan.customers), 8)
        return pa.concat_arrays([known, numbered("U", np.arange(UNKNOWN_CUSTOMERS), 8)])

    @cached_property
    def busyness(self) -> NDArray[np.float64]:
        """Running share of the transactions: some customers pay daily, some once a month."""
        weight = stream(self.plan.seed, "busyness").lognormal(0.0, 1.0, self.plan.customers)
        running = np.cumsum(weight)
        shares: NDArray[np.float64] = running / running[-1]
        return shares

    @cached_property
    def log_amount(self) -> NDArray[np.float64]:
        """The logarithm of the usual amount in USD."""
        return stream(self.plan.seed, "amounts").normal(3.2, 0.8, self._all)

    @cached_property
    def currency(self) -> NDArray[np.int64]:
        """The place of the own currency in `CURRENCIES`; most pay in USD."""
        others = len(CURRENCIES) - 1
        weights = [_USD_SHARE, *[(1 - _USD_SHARE) / others] * others]
        return stream(self.plan.seed, "currency").choice(len(CURRENCIES), self._all, p=weights)

    @property
    def _all(self) -> int:
        return self.plan.customers + UNKNOWN_CUSTOMERS


def customer_table(plan: DataPlan) -> pa.Table:
    """The customers table: one row a customer, some values missing as in life."""
    rng, rows = stream(plan.seed, "people"), plan.customers
    places = np.arange(rows)
    born = _FIRST_BIRTH + rng.integers(0, int((_LAST_BIRTH - _FIRST_BIRTH).astype(int)), rows)
    mail = pc.binary_join_element_wise(numbered("c", places, 8), pa.scalar("Mail.Example"), "@")
    phone = pc.binary_join_element_wise(
        pa.scalar("+1"), pa.scalar("(555)"), numbered("", places, 8), " "
    )
    day = np.datetime64("2023-01-01T00:00:00", "us")
    created = day + rng.integers(0, 365, rows).astype("timedelta64[D]")
    return pa.table(
        {
            "customer_id": numbered("C", places, 8),
            "full_name": _names(rng, rows),
            "email": nullable(mail, rng.random(rows) < _NO_EMAIL),
            "phone": nullable(phone, rng.random(rows) < _NO_PHONE),
            "date_of_birth": nullable(born, rng.random(rows) < _NO_BIRTH_DATE),
            "country": chosen(COUNTRIES, Customers(plan).currency[:rows]),
            "created_at": pa.array(created, pa.timestamp("us", "UTC")),
            "updated_at": pa.array(created, pa.timestamp("us", "UTC")),
        }
    )


def _names(rng: np.random.Generator, rows: int) -> pa.Array:
    """Given name, often a second one, family name."""
    given = [*_GIVEN, *(f"{a.title()}{b}" for a in _START for b in _MIDDLE)]
    family = [
        f"{a}{b}{c}{d}".title() for a in _START for b in _MIDDLE for c in _START for d in _END
    ]
    second = np.where(rng.random(rows) < _SECOND_NAME, rng.integers(0, len(given), rows), -1)
    parts = [
        chosen(given, rng.integers(0, len(given), rows)),
        chosen(given, second),
        chosen(family, rng.integers(0, len(family), rows)),
    ]
    return pc.binary_join_element_wise(*parts, " ", null_handling="skip")
