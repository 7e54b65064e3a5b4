"""Matching the blacklist: who is on it, in which way, and only once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from fraudlake.blacklist import active_entries, best_matches, cleaned_entries
from fraudlake.input_tables import BLACKLIST
from tests.frames import DAY, SETTINGS, Literal, frame, pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

TABLE = ", ".join(f"{name} string" for name in BLACKLIST.columns)
NAMED = (
    "customer_id string, customer_key string, full_name string, email string, phone string,"
    " date_of_birth string"
)
BORN, OTHER = "1990-05-01", "1990-05-02"
KHWARIZMI = "\u0627\u0644\u062e\u0648\u0627\u0631\u0632\u0645\u064a"
Match = tuple[str, str, float] | None


def entries_of(spark: SparkSession, *rows: Mapping[str, object]) -> DataFrame:
    return cleaned_entries(frame(spark, TABLE, *rows))


# Each case: a customer, the entries made for that customer, and the match. No case's names, mails
# or numbers are near those of another.
CASES: dict[str, tuple[Literal, Sequence[Mapping[str, object]], Match]] = {
    "number without a row": (
        {},
        [{"customer_id": " number without a row\\"}],
        ("customer_id", "0", 1.0),
    ),
    "mail": ({"email": " Ann@X.org"}, [{"email": "ann@x.ORG\u00a0"}], ("email", "0", 1.0)),
    "phone": ({"phone": "+49 30 765-4321"}, [{"phone": "+49307654321"}], ("phone", "0", 1.0)),
    "phone without plus": ({"phone": "49 30 1112223"}, [{"phone": "+49301112223"}], None),
    "short phone": ({"phone": "123456"}, [{"phone": "123456", "email": "short@y.org"}], None),
    "nothing known": ({}, [{"email": "nobody@y.org"}], None),
    "number before mail before phone": (
        {"email": "order@x.org", "phone": "5550101"},
        [
            {"phone": "5550101"},
            {"email": "order@x.org"},
            {"customer_id": "number before mail before phone"},
        ],
        ("customer_id", "2", 1.0),
    ),
    "mail before phone": (
        {"email": "second@x.org", "phone": "5550202"},
        [{"phone": "5550202"}, {"email": "second@x.org"}],
        ("email", "1", 1.0),
    ),
    "phone before name": (
        {"phone": "5550303", "full_name": "Fritz Quandt", "date_of_birth": BORN},
        [{"full_name": "Fritz Quandt", "date_of_birth": BORN}, {"phone": "5550303"}],
        ("phone", "1", 1.0),
    ),
    "one entry in two ways": (
        {"email": "twice@x.org", "phone": "5550404"},
        [{"email": "twice@x.org", "phone": "5550404"}],
        ("email", "0", 1.0),
    ),
    "the smallest id as text": (
        {"email": "tie@x.org"},
        [{"email": "tie@x.org", "blacklist_id": name} for name in ("tie 9", "tie 10")],
        ("email", "tie 10", 1.0),
    ),
    "one of ten letters": (
        {"full_name": "Abcdefghij", "date_of_birth": BORN},
        [{"full_name": "abcdefghiz", "date_of_birth": "01.05.1990"}],
        ("name", "0", 0.9),
    ),
    "one of nine letters": (
        {"full_name": "Klmnopqrs", "date_of_birth": BORN},
        [{"full_name": "klmnopqrz", "date_of_birth": BORN}],
        None,
    ),
    "two of twenty letters": (
        {"full_name": "Qqwweerrtt yyuuiiooo", "date_of_birth": BORN},
        [{"full_name": "Qqwweerrt yyuuiioooz", "date_of_birth": BORN}],
        ("name", "0", 0.9),
    ),
    "another birth date": (
        {"full_name": "Zacharias Ypsilanti", "date_of_birth": BORN},
        [{"full_name": "Zacharias Ypsilanti", "date_of_birth": OTHER}],
        None,
    ),
    "one of twenty, born unknown": (
        {"full_name": "Mmnnbbvvcc xxzzaasda"},
        [{"full_name": "Mmnnbbvvcc xxzzaasdz", "date_of_birth": BORN}],
        ("name", "0", 0.95),
    ),
    "one of nineteen, born unknown": (
        {"full_name": "Ggffddssaa hhjjkkla", "date_of_birth": BORN},
        [{"full_name": "Ggffddssaa hhjjkklz"}],
        None,
    ),
    "two of forty, born unknown": (
        {"full_name": "Pplokimjun hybgtvfrcd exswzaqwer tyuiopl"},
        [{"full_name": "Pplokimjun hybgtvfrcz exswzaqwer tyuiopz"}],
        ("name", "0", 0.95),
    ),
    "an unreadable birth date is unknown": (
        {"full_name": "Sigismund Oberholzer", "date_of_birth": "in May"},
        [{"full_name": "Sigismund Oberholzer", "date_of_birth": BORN}],
        ("name", "0", 1.0),
    ),
    "one word, born unknown": (
        {"full_name": "Rumpelstilzchen"},
        [{"full_name": "rumpelstilzchen"}],
        None,
    ),
    "one word, born alike": (
        {"full_name": "Schneewittchen", "date_of_birth": BORN},
        [{"full_name": "SCHNEEWITTCHEN", "date_of_birth": BORN}],
        ("name", "0", 1.0),
    ),
    "one word on one side, born unknown": (
        {"full_name": "Donaudampfschifffahrtsgesellschaft"},
        [{"full_name": "Donaudampfschifffahrts gesellschaft"}],
        None,
    ),
    "words and marks in any form": (
        {"full_name": "S\u00f8ren \u00c6gidius STRASSE-\u0141ukasz"},
        [{"full_name": "\u0142ukasz, Stra\u00dfe aegidius so\u0301ren"}],
        ("name", "0", 1.0),
    ),
    "Arabic": (
        {"full_name": f"\u0645\u062d\u0645\u0651\u062f {KHWARIZMI}"},
        [{"full_name": f"{KHWARIZMI} \u0645\u062d\u0645\u062f"}],
        ("name", "0", 1.0),
    ),
    "code points beyond the first plane": (
        {"full_name": "\U00010428" * 9 + "\U00010429", "date_of_birth": BORN},
        [{"full_name": "\U00010428" * 9 + "\U0001042a", "date_of_birth": BORN}],
        ("name", "0", 0.9),
    ),
    "the most alike before the smallest id": (
        {"full_name": "Bartholomaeus Wyxenfels", "date_of_birth": BORN},
        [
            {"full_name": "Bartholomaeus Wyxenfelz", "date_of_birth": BORN},
            {"full_name": "Bartholomaeus Wyxenfels", "date_of_birth": BORN},
        ],
        ("name", "1", 1.0),
    ),
    "of equal names the smallest id": (
        {"full_name": "Kunigunde Ottensteiner"},
        [{"full_name": "Ottensteiner Kunigunde", "blacklist_id": name} for name in ("k b", "k a")],
        ("name", "k a", 1.0),
    ),
    "expired": ({"email": "past@x.org"}, [{"email": "past@x.org", "expires_at": DAY}], None),
    "no name left": ({"full_name": "..."}, [{"full_name": "---", "date_of_birth": BORN}], None),
}


@pytest.fixture(scope="module")
def matched(spark: SparkSession) -> dict[str, Any]:
    people = [
        {"customer_id": f"{case}\t", "customer_key": case, **one}
        for case, (one, _, _) in CASES.items()
    ]
    blacklist = [
        {"blacklist_id": f"{case}: {at}", "reason": f"reason {case}", **entry}
        for case, (_, entries, _) in CASES.items()
        for at, entry in enumerate(entries)
    ]
    entries = active_entries(entries_of(spark, *blacklist), DAY)
    matches = best_matches(frame(spark, NAMED, *people), entries, SETTINGS.blacklist)
    return pairs(
        matches, "customer_id", F.struct("match_type", "blacklist_id", "similarity", "reason")
    )


def test_each_customer_keeps_the_best_match(matched: dict[str, Any]) -> None:
    expected = {
        f"{case}\t": (
            kind,
            entry if " " in entry else f"{case}: {entry}",
            pytest.approx(similarity),
        )
        for case, (_, _, match) in CASES.items()
        if match
        for kind, entry, similarity in [match]
    }
    assert {customer: tuple(match)[:3] for customer, match in matched.items()} == expected


def test_a_match_says_why_the_entry_is_listed(matched: dict[str, Any]) -> None:
    reasons = {customer: match["reason"] for customer, match in matched.items()}
    assert reasons == {customer: f"reason {customer.strip()}" for customer in matched}


def test_no_match_gives_two_rows_a_customer(spark: SparkSession) -> None:
    alike = {"full_name": "Ludovica Immerfroh", "email": "l@x.org", "date_of_birth": BORN}
    entries = entries_of(spark, *[alike] * 3, {**alike, "email": "m@x.org"})
    person = {"customer_id": "c1", "customer_key": "c1", **alike}
    matches = best_matches(
        frame(spark, NAMED, person), active_entries(entries, DAY), SETTINGS.blacklist
    )
    assert [tuple(row) for row in matches.collect()] == [("c1", None, "email", 1.0, "unspecified")]
