from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from fraudlake.errors import InputError
from lambdas.fx_rates.store import read_days, stored_years
from lambdas.fx_rates.target_days import publication_days
from tests.lambdas.fx_rates.deployment import HISTORY
from tests.lambdas.fx_rates.ecb_files import days

if TYPE_CHECKING:
    from lambdas.objects import Bucket
    from tests.lambdas.fx_rates.deployment import Deployment

MONDAY = "2026-04-13"
HEADER = "rate_date,currency,usd_per_unit\n"


def publication_days_of(first: str, last: str) -> list[date]:
    return publication_days(date.fromisoformat(first), date.fromisoformat(last))


def test_years_without_an_object_are_missing_as_a_whole(deployment: Deployment) -> None:
    every = publication_days_of("2024-01-02", "2024-12-31")
    for file in (days("2022-12-30"), days(*(str(day) for day in every))):
        deployment.load(MONDAY, file, HISTORY)
    loaded = deployment.load(MONDAY, days(MONDAY))
    years = publication_days_of("2023-01-02", "2023-12-29")
    newer = publication_days_of("2025-01-02", "2026-04-10")
    assert loaded.days_missing == [*years, *newer]
    answer = loaded.answer()
    assert len(answer["days_missing"]) == 100
    assert answer["days_missing_count"] == len(years) + len(newer)


def test_a_gap_within_an_old_year_is_found_by_the_daily_call(deployment: Deployment) -> None:
    gap = publication_days_of("2023-12-18", "2026-04-10")
    gap.remove(date(2023, 12, 20))
    stored = [str(day) for day in gap]
    deployment.load(MONDAY, days("2023-12-15", *stored), HISTORY)
    assert deployment.load(MONDAY, days(MONDAY)).answer()["days_missing"] == ["2023-12-20"]


def test_an_object_of_this_year_alone_misses_nothing_before_its_first_day(
    deployment: Deployment,
) -> None:
    assert deployment.load(MONDAY, days("2026-04-10")).days_missing == []


def test_the_newest_stored_year_before_each_of_the_file_is_compared(deployment: Deployment) -> None:
    deployment.load(MONDAY, days("2019-12-31", "2021-12-31", "2023-12-29"), HISTORY)
    no_yen = {"USD": "1.20"}
    with pytest.raises(InputError) as failure:
        deployment.load(MONDAY, {"2020-01-02": no_yen, "2022-01-03": no_yen, MONDAY: no_yen})
    assert failure.value.problems[:-1] == [
        "JPY is missing on 2020-01-02, and is stored on 2019-12-31",
        "JPY is missing on 2022-01-03, and is stored on 2021-12-31",
        "JPY is missing on 2026-04-13, and is stored on 2023-12-29",
    ]


def test_the_newest_rate_stays_the_newest_when_an_old_file_comes(deployment: Deployment) -> None:
    deployment.load(MONDAY, days(MONDAY))
    loaded = deployment.load(MONDAY, days("2023-12-29"))
    assert loaded.answer()["newest_rate_date"] == MONDAY


def test_the_stored_years_are_those_of_the_keys(bucket: Bucket) -> None:
    for key in ("2026.csv", "1999.csv", "2026.csv.old", "26.csv", "x/fx_rates_2001.csv"):
        bucket.s3.put_object(Bucket=bucket.name, Key=f"fx_rates/fx_rates_{key}", Body=b"")
    assert stored_years(bucket) == [1999, 2026]


def test_the_days_of_an_object_are_read_without_its_rates(bucket: Bucket) -> None:
    lines = ("2024-02-29,EUR,1.1", "2024-02-29,USD,1.0", "2024-12-31,USD,x", "2024-02-30,USD,1.0")
    text = HEADER + "\n".join((*lines, "2023-12-29,USD,1.0", "2024-03-01"))
    bucket.s3.put_object(Bucket=bucket.name, Key="fx_rates/fx_rates_2024.csv", Body=text.encode())
    assert read_days(bucket, 2024) == {date(2024, 2, 29), date(2024, 12, 31)}
    assert read_days(bucket, 2025) == set()
