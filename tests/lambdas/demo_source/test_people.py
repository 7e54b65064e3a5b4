"""The made-up people of the demo database: what an extract finds there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.identity import clean_date, clean_email, clean_phone
from fraudlake.input_tables import BLACKLIST
from fraudlake.names import name_key
from fraudlake.sample_data import SamplePlan
from fraudlake.sample_data.cast import assign_roles
from fraudlake.sample_data.customers import make_customers
from lambdas import blacklist_extract, demo_source
from lambdas.blacklist_extract.clean import DATES, NO_IDENTITY, CleanedRows, cleaned_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fraudlake.local.mysql.server import PrivateMariaDB

SCHEMA = Path(blacklist_extract.__file__).with_name("schema.sql").read_text(encoding="utf-8")
PEOPLE = Path(demo_source.__file__).with_name("people.sql").read_text(encoding="utf-8")


@pytest.fixture
def filled(mysql: PrivateMariaDB, database: str) -> Iterator[str]:
    """A database as the function makes it; its name."""
    run(mysql, database)
    yield database
    mysql.run("DROP USER fraudlake_extract")


def run(mysql: PrivateMariaDB, database: str) -> None:
    parts = f"{SCHEMA}\n{PEOPLE}".split(";\n")
    mysql.run(*(part for part in parts if part.strip()), database=database)


def rows_of(mysql: PrivateMariaDB, database: str) -> list[tuple[str | None, ...]]:
    with mysql.root(database) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(BLACKLIST.columns)} FROM src_blacklist ORDER BY id")  # noqa: S608
        return list(cursor.fetchall())


def cleaned(mysql: PrivateMariaDB, database: str) -> CleanedRows:
    return cleaned_rows(rows_of(mysql, database))


def test_the_first_extract_finds_people_and_one_row_that_names_nobody(
    mysql: PrivateMariaDB, filled: str
) -> None:
    found = cleaned(mysql, filled)
    assert len(found.entries) == 11
    assert list(found.rejects["reject_reason"]) == [NO_IDENTITY]
    assert found.dates_unparsed == {"date_of_birth": 0, "listed_at": 1, "expires_at": 0}


def test_dates_come_in_every_form_that_is_read(mysql: PrivateMariaDB, filled: str) -> None:
    dates = [BLACKLIST.columns.index(name) for name in DATES]
    texts = [row[place] or "" for row in rows_of(mysql, filled) for place in dates]
    read = {re.sub("[0-9]+", "9", text) for text in texts if clean_date(text)}
    assert {"9-9-9", "9/9/9", "9.9.9", "9", "9 Sep 9", "9-9-9 9:9:9", "9-9-9T9:9:9+9:9"} <= read


def test_what_somebody_has_changed_stays_so(mysql: PrivateMariaDB, filled: str) -> None:
    mysql.run(
        "DELETE FROM src_blacklist WHERE blacklist_id = 'DEMO-03'",
        "UPDATE src_blacklist SET reason = 'mine' WHERE blacklist_id = 'DEMO-01'",
        database=filled,
    )
    before = rows_of(mysql, filled)
    run(mysql, filled)
    assert rows_of(mysql, filled) == before
    assert len(before) == 11


def test_a_table_that_was_emptied_is_filled_again(mysql: PrivateMariaDB, filled: str) -> None:
    before = rows_of(mysql, filled)
    mysql.run("DELETE FROM src_blacklist", database=filled)
    run(mysql, filled)
    assert rows_of(mysql, filled) == before


def test_all_but_a_stranger_are_customers_of_the_sample(mysql: PrivateMariaDB, filled: str) -> None:
    plan = SamplePlan()
    customers = [vars(one) for one in make_customers(plan, assign_roles(plan))]
    ageless = [{**one, "date_of_birth": ""} for one in customers]
    known = {key for one in [*customers, *ageless] for key in keys_of(one)}
    entries = cleaned(mysql, filled).entries.to_dict("records")
    matched = {
        one["blacklist_id"]: sorted(how for how, _ in keys_of(one) & known) for one in entries
    }
    assert matched == {
        "DEMO-01": ["customer_id"],
        "DEMO-02": ["customer_id", "email"],
        "DEMO-03": ["email"],
        "DEMO-04": ["email"],
        "DEMO-05": ["phone"],
        "DEMO-06": ["phone"],
        "DEMO-07": ["name"],
        "DEMO-08": ["name"],
        "DEMO-09": ["name"],
        "DEMO-10": ["customer_id"],  # expired
        "DEMO-11": [],
    }


def keys_of(person: Mapping[Any, Any]) -> set[tuple[str, object]]:
    """What a person is matched by, of a customer or of an entry: how, and what is compared."""
    found = {
        "customer_id": person["customer_id"],
        "email": clean_email(person["email"]),
        "phone": clean_phone(person["phone"]),
    }
    keys: set[tuple[str, object]] = {(how, value) for how, value in found.items() if value}
    if person["full_name"]:
        keys.add(("name", (name_key(person["full_name"]), person["date_of_birth"] or "")))
    return keys
