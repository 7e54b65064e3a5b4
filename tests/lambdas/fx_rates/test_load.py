from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fraudlake import ecb as ecb_format
from fraudlake.ecb import import_rates
from fraudlake.errors import FraudlakeError, InputError, RunError
from lambdas.fx_rates.settings import Order
from tests.lambdas.fx_rates.deployment import HISTORY, IMPATIENT, Deployment, facts_of
from tests.lambdas.fx_rates.ecb_files import days, ecb_zip, zipped
from tests.lambdas.fx_rates.https_server import (
    fails,
    hangs_up,
    never_answers,
    redirects,
    sends,
)

if TYPE_CHECKING:
    from tests.lambdas.fx_rates.https_server import Answer

# Twelve unchanged days of the ECB's euro foreign exchange reference rates.
TWELVE_DAYS = Path(__file__).parents[2] / "fixtures" / "ecb" / "eurofxref-hist.csv"
YEARS = (1999, 2004, 2005, 2012, 2022, 2025, 2026)
FRIDAY, MONDAY, TUESDAY, WEDNESDAY = "2026-04-10", "2026-04-13", "2026-04-14", "2026-04-15"
KEY_2025, KEY_2026 = "fx_rates/fx_rates_2025.csv", "fx_rates/fx_rates_2026.csv"


def test_the_newest_day_is_added_to_its_year(deployment: Deployment) -> None:
    deployment.load(FRIDAY, days(FRIDAY))
    loaded = deployment.load(MONDAY, days(MONDAY))
    assert loaded.answer() == {
        "file": "daily",
        "first": MONDAY,
        "last": MONDAY,
        "days": 1,
        "currencies": 3,
        "rates": 3,
        "objects_written": 1,
        "objects_unchanged": 0,
        "days_changed": [],
        "days_changed_count": 0,
        "days_missing": [],
        "days_missing_count": 0,
        "newest_rate_date": MONDAY,
    }
    assert [line[:14] for line in deployment.texts()[KEY_2026].splitlines()[1:]] == [
        f"{day},{currency}" for day in (FRIDAY, MONDAY) for currency in ("EUR", "JPY", "USD")
    ]


def test_the_history_gives_the_files_of_the_import(deployment: Deployment, tmp_path: Path) -> None:
    summary = import_rates(TWELVE_DAYS, tmp_path)
    loaded = deployment.load_answer(MONDAY, sends(TWELVE_DAYS.read_bytes()), HISTORY)
    assert deployment.texts() == {
        f"fx_rates/{file.name}": file.read_text("utf-8") for file in summary.files
    }
    assert (loaded.days, loaded.rates, loaded.objects_written) == (12, summary.rates, len(YEARS))


@pytest.mark.parametrize("order", [Order(), HISTORY])
def test_a_second_call_writes_nothing(deployment: Deployment, order: Order) -> None:
    file = {**days("2025-12-31"), **days(FRIDAY, MONDAY)}
    deployment.load(MONDAY, file, order)
    before = deployment.objects()
    loaded = deployment.load(MONDAY, file, order)
    assert deployment.objects() == before
    assert (loaded.objects_written, loaded.objects_unchanged) == (0, 2)


def test_days_one_by_one_in_any_order_give_the_history(deployment: Deployment) -> None:
    every = ("2025-12-31", "2026-01-02", FRIDAY, MONDAY)
    deployment.load(MONDAY, days(*every), HISTORY)
    whole = deployment.texts()
    for key in whole:
        deployment.bucket.s3.delete_object(Bucket=deployment.bucket.name, Key=key)
    for day in (FRIDAY, "2025-12-31", MONDAY, "2026-01-02"):
        deployment.load(MONDAY, days(day))
    assert deployment.texts() == whole


def test_a_corrected_day_is_replaced_and_reported(
    deployment: Deployment, log: pytest.LogCaptureFixture
) -> None:
    deployment.load(MONDAY, days(FRIDAY, MONDAY))
    loaded = deployment.load(MONDAY, {FRIDAY: {"USD": "1.2", "JPY": "181"}, **days(MONDAY)})
    assert loaded.answer()["days_changed"] == [FRIDAY]
    assert "2026-04-10,JPY,0.0066298343" in deployment.texts()[KEY_2026]
    (line,) = facts_of(log, "days_changed")
    assert (line["level"], line["days"]) == ("WARNING", [FRIDAY])


def test_missed_days_are_reported_with_what_to_do(
    deployment: Deployment, log: pytest.LogCaptureFixture
) -> None:
    # Wednesday before Easter, then the Wednesday after it: Thursday and Tuesday were missed.
    deployment.load("2026-04-01", days("2026-04-01"))
    loaded = deployment.load("2026-04-08", days("2026-04-08"))
    assert loaded.answer()["days_missing"] == ["2026-04-02", "2026-04-07"]
    (line,) = facts_of(log, "days_missing")
    assert line == {
        "level": "WARNING",
        "days": ["2026-04-02", "2026-04-07"],
        "advice": 'call the function with {"file": "history"}',
    }
    every = days("2026-04-01", "2026-04-02", "2026-04-07", "2026-04-08")
    assert deployment.load("2026-04-08", every, HISTORY).days_missing == []


def test_a_day_of_the_year_before_is_missed_too(deployment: Deployment) -> None:
    deployment.load("2025-12-29", days("2025-12-29"))
    loaded = deployment.load("2026-01-02", days("2026-01-02"))
    assert loaded.answer()["days_missing"] == ["2025-12-30", "2025-12-31"]


def test_a_file_that_stands_still_is_reported(deployment: Deployment) -> None:
    assert deployment.load(MONDAY, days(FRIDAY)).days_missing == []
    late = deployment.load(WEDNESDAY, days(FRIDAY))
    assert late.answer()["days_missing"] == [MONDAY, TUESDAY]
    assert late.answer()["newest_rate_date"] == FRIDAY


def test_a_long_list_of_days_is_cut_and_counted(deployment: Deployment) -> None:
    deployment.load("2025-01-02", days("2025-01-02"))
    answer = deployment.load(MONDAY, days(MONDAY)).answer()
    assert len(answer["days_missing"]) == 100
    assert answer["days_missing"][0] == "2025-01-03"
    assert answer["days_missing_count"] > 300


def test_the_answer_is_the_last_line_of_the_log(
    deployment: Deployment, log: pytest.LogCaptureFixture
) -> None:
    answer = deployment.load(MONDAY, days(MONDAY)).answer()
    assert log.records[-1].getMessage() == "loaded"
    assert facts_of(log, "loaded") == [{"level": "INFO", **answer}]


def test_a_jump_from_the_stored_year_before_is_refused(deployment: Deployment) -> None:
    deployment.load("2025-12-31", days("2025-12-31"))
    with pytest.raises(InputError, match=r"JPY jumps by \+50.0 %"):
        deployment.load("2026-01-02", days("2026-01-02", jpy="120"))
    assert [*deployment.objects()] == [KEY_2025]
    deployment.load(
        "2026-01-02",
        days("2026-01-02", jpy="120"),
        Order(allow_jumps=frozenset({"JPY 2026-01-02"})),
    )
    assert [*deployment.objects()] == [KEY_2025, KEY_2026]
    deployment.load("2026-01-02", days("2026-01-02", jpy="120"))


REFUSED = {
    "404": (fails(404), RunError, "answered 404"),
    "503": (fails(503), RunError, "did not answer in 3 attempts"),
    "hangs up": (hangs_up, RunError, "did not answer in 3 attempts"),
    "redirect": (redirects("http://ecb.example/"), RunError, "redirects to 'http://ecb.example/'"),
    "html": (sends(b"<!DOCTYPE html>\n<p>"), InputError, "found '<!DOCTYPE html>'"),
    "broken zip": (sends(ecb_zip(days(MONDAY))[:-9]), InputError, "broken, or not UTF-8"),
    "two files": (sends(zipped(a="Date,USD", b="x")), InputError, "2 files in the zip"),
    "empty": (sends(b""), InputError, "expected the header"),
    "header only": (sends(zipped(a="Date,USD,")), InputError, "no day with a rate"),
    "jumbled": (
        sends(ecb_zip(days("2026-04-09", MONDAY, FRIDAY))),
        InputError,
        "in no order",
    ),
    "future": (sends(ecb_zip(days(TUESDAY))), InputError, "after today"),
    "zero": (sends(ecb_zip(days(MONDAY, jpy="0"))), InputError, "no positive number"),
    "jump": (sends(ecb_zip(days(MONDAY, jpy="90"))), InputError, "JPY jumps by"),
}


@pytest.mark.parametrize(("answer", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_a_refused_file_leaves_everything_as_it_was(
    deployment: Deployment, answer: Answer, kind: type[FraudlakeError], said: str
) -> None:
    deployment.load(FRIDAY, days("2025-12-31", "2026-01-02", FRIDAY))
    before = deployment.objects()
    with pytest.raises(kind, match=said) as failure:
        deployment.load_answer(MONDAY, answer)
    assert failure.match("othing was written")
    assert failure.match("[Cc]all|set th")
    assert deployment.objects() == before


def test_a_server_that_never_answers_leaves_everything_as_it_was(deployment: Deployment) -> None:
    deployment.load(FRIDAY, days(FRIDAY))
    before = deployment.objects()
    with pytest.raises(RunError, match="did not answer in 3 attempts"):
        replace(deployment, patience=IMPATIENT).load_answer(MONDAY, never_answers)
    assert deployment.objects() == before


def test_a_file_that_unpacks_to_too_much_is_refused(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped(a="Date,USD,\n" + " " * 10_000_000)
    monkeypatch.setattr(ecb_format, "UNPACKED_MOST", 1_000_000)
    with pytest.raises(InputError, match="more than 1000000 bytes unpacked"):
        deployment.load_answer(MONDAY, sends(bomb))
    assert deployment.objects() == {}


def test_a_broken_stored_object_is_not_written_over(deployment: Deployment) -> None:
    deployment.store(KEY_2025, "rate_date,currency,usd_per_unit\nbroken\n")
    before = deployment.objects()
    with pytest.raises(InputError, match=f"{KEY_2025} is not as this function writes it"):
        deployment.load(MONDAY, days("2025-12-31", MONDAY))
    assert deployment.objects() == before
