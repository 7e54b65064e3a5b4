from __future__ import annotations

import pytest

from fraudlake.errors import InputError, SettingsError
from lambdas.fx_rates.settings import Order, Settings


def test_the_addresses_are_the_ecbs_unless_set() -> None:
    settings = Settings.from_environment({"RAW_BUCKET": "raw-zone"})
    assert settings.raw_bucket == "raw-zone"
    ecb = "https://www.ecb.europa.eu/stats/eurofxref"
    assert settings.address_of("daily") == f"{ecb}/eurofxref.zip"
    assert settings.address_of("history") == f"{ecb}/eurofxref-hist.zip"


def test_addresses_can_be_set() -> None:
    variables = {
        "RAW_BUCKET": "raw-zone",
        "ECB_DAILY_URL": "https://127.0.0.1:8443/d.zip",
        "ECB_HISTORY_URL": "https://mirror.example/h.zip",
    }
    settings = Settings.from_environment(variables)
    assert settings.address_of("daily") == "https://127.0.0.1:8443/d.zip"
    assert settings.address_of("history") == "https://mirror.example/h.zip"


def test_every_wrong_variable_is_named_and_no_value_is_told() -> None:
    variables = {
        "RAW_BUCKET": "Raw Zone",
        "ECB_DAILY_URL": "http://www.ecb.europa.eu/eurofxref.zip",
        "ECB_HISTORY_URL": "https://user:secret@www.ecb.europa.eu/eurofxref-hist.zip",
    }
    with pytest.raises(SettingsError) as failure:
        Settings.from_environment(variables)
    assert [problem.split()[0] for problem in failure.value.problems[:3]] == [*variables]
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    "url",
    ["ftp://ecb.example/a", "https://", "https:///a", "https://ecb.example/a?key=1", "file:///a",
     "https://token@ecb.example/a", "https://ecb.example/a#b", "https://ecb.example:443:1/a",
     "https://ecb.example\\@other.example/a", "https://ecb.example/a b"],
)  # fmt: skip
def test_only_plain_https_addresses_are_accepted(url: str) -> None:
    with pytest.raises(SettingsError, match="ECB_DAILY_URL is not an https address"):
        Settings.from_environment({"RAW_BUCKET": "raw-zone", "ECB_DAILY_URL": url})


def test_a_missing_bucket_is_said() -> None:
    with pytest.raises(SettingsError, match="RAW_BUCKET is not set"):
        Settings.from_environment({})


def test_an_event_of_a_schedule_asks_for_the_newest_day() -> None:
    event = {"version": "0", "detail-type": "Scheduled Event", "detail": {}, "resources": []}
    assert Order.from_event(event) == Order("daily", frozenset())


def test_an_event_can_ask_for_the_history_and_allow_jumps() -> None:
    event = {"file": "history", "allow_jumps": ["TRY 2021-12-21"]}
    assert Order.from_event(event) == Order("history", frozenset({"TRY 2021-12-21"}))


def test_an_event_can_allow_lost_rates() -> None:
    order = Order.from_event({"allow_missing": ["BGN 2026-01-02"]})
    assert order == Order(allow_missing=frozenset({"BGN 2026-01-02"}))


def test_every_wrong_value_of_an_event_is_named() -> None:
    event = {"file": "weekly", "allow_jumps": "TRY 2021-12-21", "allow_missing": "BGN"}
    with pytest.raises(InputError) as failure:
        Order.from_event(event)
    assert len(failure.value.problems) == 3
    assert failure.match("allow_missing in the event is no list of texts such as")
    assert failure.match("file is 'weekly' in the event; call with daily or history")
    assert failure.match("allow_jumps in the event is no list of texts")


@pytest.mark.parametrize("file", [None, "", 1, ["daily"], {"a": 1}, "DAILY"])
def test_a_file_that_is_none_is_refused(file: object) -> None:
    with pytest.raises(InputError, match="call with daily or history"):
        Order.from_event({"file": file})


@pytest.mark.parametrize("key", ["allow_jumps", "allow_missing"])
@pytest.mark.parametrize(
    "rate", ["TRY", "TRY 2021-02-30", "try 2021-12-21", "TRY  2021-12-21", "TRY 20211221", 5, None]
)
def test_what_to_allow_without_currency_and_day_is_refused(key: str, rate: object) -> None:
    with pytest.raises(InputError, match=f"{key} in the event"):
        Order.from_event({key: [rate]})


@pytest.mark.parametrize("event", [None, [], "history"])
def test_an_event_that_is_no_object_is_refused(event: object) -> None:
    with pytest.raises(InputError, match="no JSON object"):
        Order.from_event(event)
