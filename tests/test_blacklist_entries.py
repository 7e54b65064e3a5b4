"""Entries of the blacklist: from when to when they are active, and what is wrong with them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.blacklist import active_entries, cleaned_entries
from fraudlake.input_tables import BLACKLIST
from tests.frames import DAY, frame, pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

TABLE = ", ".join(f"{name} string" for name in BLACKLIST.columns)


def entries_of(spark: SparkSession, *rows: Mapping[str, object]) -> DataFrame:
    return cleaned_entries(frame(spark, TABLE, *rows))


def offset(days: int) -> date:
    return DAY + timedelta(days)


# id: listed_at, expires_at, active on the batch date
ACTIVITY: dict[str, tuple[object, object, bool]] = {
    "always": (None, None, True),
    "listed on the batch date": (DAY, None, True),
    "listed the day after": (offset(1), None, False),
    "expires on the batch date": (None, DAY, False),
    "expires the day after": (None, offset(1), True),
    "expired": (offset(-9), offset(-1), False),
    "listed and expiring around": (DAY, offset(1), True),
    "listed and expiring at once": (DAY, DAY, False),
    "day first": ("11.03.2025", None, False),
    "listed by its offset": (f"{offset(1)}T00:30:00+01:00", None, True),
    "expires late that day": (None, f"{DAY}T23:59:59Z", False),
    "unreadable dates": ("someday", "never", True),
    "zero dates": ("0000-00-00", "0000-00-00 00:00:00", True),
}


def test_an_entry_is_active_from_its_listing_until_its_expiry(spark: SparkSession) -> None:
    literals = [
        {"blacklist_id": name, "email": f"{at}@x.org", "listed_at": listed, "expires_at": expires}
        for at, (name, (listed, expires, _)) in enumerate(ACTIVITY.items())
    ]
    active = active_entries(entries_of(spark, *literals), DAY)
    found = {row[0] for row in active.select("blacklist_id").collect()}
    assert found == {name for name, (_, _, is_active) in ACTIVITY.items() if is_active}


def test_an_entry_is_cleaned_and_what_is_wrong_with_it_counted(spark: SparkSession) -> None:
    entries = entries_of(
        spark,
        {"blacklist_id": " b1 ", "customer_id": "c\\1", "email": "A@X.org", "reason": "n/a"},
        {"blacklist_id": "b2", "full_name": "Jos\u00e9 \u00d8", "phone": "+1 555 0100"}
        | {"date_of_birth": "01/05/1990", "listed_at": "someday", "expires_at": "31.02.2025"},
        {"blacklist_id": "b3", "full_name": "N/A", "email": "-", "phone": "123"}
        | {"date_of_birth": "0000-00-00", "reason": "fraud"},
        {"blacklist_id": "b4", "full_name": "..."},
    )
    facts = ["customer_key", "email", "phone", "birth_date", "name_key", "reason"]
    facts += ["dates_unparsed", "is_usable"]
    found = {
        key: tuple(row) for key, row in pairs(entries, "blacklist_id", F.struct(*facts)).items()
    }
    born = date(1990, 5, 1)
    assert found == {
        "b1": ("c 1", "a@x.org", None, None, None, "unspecified", 0, True),
        "b2": (None, None, "+15550100", born, "jose o", "unspecified", 2, True),
        "b3": (None, None, None, None, None, "fraud", 1, False),
        "b4": (None, None, None, None, None, "unspecified", 0, True),
    }
    assert active_entries(entries, DAY).where("blacklist_id = 'b3'").isEmpty()
