from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.ecb import rates_text
from fraudlake.errors import InputError
from lambdas.fx_rates.store import StoredYear, changed_days, merged, put_year, read_year
from lambdas.objects import PutConflict
from tests.lambdas.fx_rates.ecb_files import rate

if TYPE_CHECKING:
    from lambdas.objects import Bucket

HEADER = "rate_date,currency,usd_per_unit\n"
KEY = "fx_rates/fx_rates_2026.csv"
RATES = [rate("2026-04-10", "EUR", "1.1711"), rate("2026-04-10", "USD", "1")]
NEW_DAY = [rate("2026-04-13", "EUR", "1.1684"), rate("2026-04-13", "USD", "1")]


def test_a_year_is_one_object_of_sorted_csv(bucket: Bucket) -> None:
    assert put_year(bucket, read_year(bucket, 2026), RATES)
    found = bucket.get(KEY)
    assert found
    assert found.body.decode() == (
        HEADER + "2026-04-10,EUR,1.1711000000\n2026-04-10,USD,1.0000000000\n"
    )
    assert bucket.s3.head_object(Bucket="raw-zone", Key=KEY)["ContentType"] == "text/csv"


def test_what_was_put_is_read_back(bucket: Bucket) -> None:
    assert read_year(bucket, 2026) == StoredYear(2026)
    put_year(bucket, StoredYear(2026), RATES)
    year = read_year(bucket, 2026)
    assert (year.year, list(year.rates), bool(year.etag)) == (2026, RATES, True)


def test_an_unchanged_year_is_not_put(bucket: Bucket) -> None:
    put_year(bucket, StoredYear(2026), RATES)
    before = bucket.s3.head_object(Bucket="raw-zone", Key=KEY)["LastModified"]
    bucket.s3.put_bucket_versioning(
        Bucket="raw-zone", VersioningConfiguration={"Status": "Enabled"}
    )
    assert not put_year(bucket, read_year(bucket, 2026), RATES)
    assert bucket.s3.head_object(Bucket="raw-zone", Key=KEY)["LastModified"] == before
    assert len(bucket.s3.list_object_versions(Bucket="raw-zone")["Versions"]) == 1


def test_an_object_that_changed_since_it_was_read_stays(bucket: Bucket) -> None:
    nothing = read_year(bucket, 2026)
    put_year(bucket, nothing, RATES)
    read = read_year(bucket, 2026)
    put_year(bucket, read, [*RATES, *NEW_DAY])
    for stale in (nothing, read):
        with pytest.raises(PutConflict):
            put_year(bucket, stale, NEW_DAY)
    assert list(read_year(bucket, 2026).rates) == [*RATES, *NEW_DAY]


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        HEADER + "2026-04-10,EUR,1.1711000000",
        HEADER + "2026-04-10,EUR,1.1711000000\r\n",
        HEADER + "2026-04-10,EUR,1.1711\n",
        HEADER + "2026-04-10,EUR,0.0000000000\n",
        HEADER + "2026-04-10,EUR,-1.1711000000\n",
        HEADER + "2026-04-10,eur,1.1711000000\n",
        HEADER + "2026-04-31,EUR,1.1711000000\n",
        HEADER + "2025-04-10,EUR,1.1711000000\n",
        HEADER + "2026-04-10,EUR,1.1711000000,\n",
        HEADER + "2026-04-10,EUR,1.1711000000\n\n",
        HEADER + "2026-04-10,EUR,1.1711000000\n" * 2,
        HEADER + "2026-04-10,EUR,1.1711000000\n2026-04-10,EUR,1.1712000000\n",
        HEADER + "2026-04-10,USD,1.0000000000\n2026-04-10,EUR,1.1711000000\n",
        "rate_date,currency,rate\n2026-04-10,EUR,1.1711000000\n",
        "\ufeff" + HEADER + "2026-04-10,EUR,1.1711000000\n",
        HEADER + "2026-04-10,EUR,1.1711000000\n\ud800",
    ],
    ids=range(18),
)
def test_a_stored_object_of_another_form_is_refused(bucket: Bucket, text: str) -> None:
    body = text.encode(errors="surrogatepass")
    bucket.s3.put_object(Bucket="raw-zone", Key=KEY, Body=body)
    with pytest.raises(InputError, match=rf"s3://raw-zone/{KEY} is not as .*Restore.*or delete"):
        read_year(bucket, 2026)
    found = bucket.get(KEY)
    assert found
    assert found.body == body


def test_a_delivered_day_replaces_the_stored_one_whole() -> None:
    stored = StoredYear(2026, (*RATES, rate("2026-04-10", "XXX", "1"), *NEW_DAY))
    delivered = [rate("2026-04-10", "EUR", "1.2"), rate("2026-04-10", "USD", "1")]
    assert merged(stored, reversed(delivered)) == [*delivered, *NEW_DAY]


def test_changed_days_are_stored_days_with_other_rates() -> None:
    stored = StoredYear(2026, tuple(RATES))
    assert changed_days(stored, [*RATES, *NEW_DAY]) == set()
    other = [rate("2026-04-10", "EUR", "1.2"), RATES[1]]
    assert changed_days(stored, other) == {RATES[0].rate_date}
    assert changed_days(stored, RATES[:1]) == {RATES[0].rate_date}
    assert changed_days(stored, [*RATES, rate("2026-04-10", "XXX", "1")]) == {RATES[0].rate_date}


def test_the_text_is_that_of_the_import(bucket: Bucket) -> None:
    put_year(bucket, StoredYear(2026), RATES)
    found = bucket.get(KEY)
    assert found
    assert found.body.decode() == rates_text(RATES)
