from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.json_logs import log_event, places, start_logging

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    logging.getLogger("fraudlake.lambdas").handlers = []


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_one_line_of_json_with_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("request-7")
    log_event("rows_read", entries=2, day=date(2025, 1, 31), text="a\nb\u2028")
    [line] = logged(capsys)
    written = datetime.fromisoformat(line.pop("time"))
    assert written.tzinfo == UTC
    assert abs((datetime.now(UTC) - written).total_seconds()) < 60
    assert line == {
        "level": "INFO",
        "event": "rows_read",
        "request_id": "request-7",
        "entries": 2,
        "day": "2025-01-31",
        "text": "a\nb\u2028",
    }


def test_a_line_holds_ascii_only(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("request-7")
    log_event("x", text="\u2028\x85\u00e9")
    assert capsys.readouterr().err.isascii()


def test_errors_have_their_level(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("request-7")
    log_event("failed", level=logging.ERROR)
    log_event("detail", level=logging.DEBUG)
    assert [line["level"] for line in logged(capsys)] == ["ERROR"]


def test_an_event_with_percent_signs_is_taken_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("request-7")
    log_event("50% gone %s")
    assert [line["event"] for line in logged(capsys)] == ["50% gone %s"]


def test_each_invocation_logs_once_and_under_its_own_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logging("request-7")
    start_logging("request-8")
    log_event("x")
    assert [line["request_id"] for line in logged(capsys)] == ["request-8"]


def test_nothing_reaches_the_root_logger_whose_handler_is_that_of_lambda(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start_logging("request-7")
    printed = StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(printed)])
    log_event("x")
    assert printed.getvalue() == ""


def test_places_tell_the_lines_of_code_and_not_the_message() -> None:
    with pytest.raises(ValueError, match="Ana") as caught:
        int("Ana Lima")
    [place] = places(caught.tb)
    assert place.startswith("test_json_logs.py:")
    assert place.endswith(" test_places_tell_the_lines_of_code_and_not_the_message")
    assert places(None) == []
