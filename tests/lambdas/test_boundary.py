from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.errors import FraudlakeError, InputError, RunError
from lambdas.boundary import with_safe_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdas.boundary import Context


PERSON = "Ana Lima"
EVENT = {"customer": PERSON}


class Invocation:
    """What Lambda tells of an invocation."""

    aws_request_id = "request-3"

    def get_remaining_time_in_millis(self) -> int:
        return 1000


@with_safe_errors
def answering(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Answer."""
    return {**event, "left": context.get_remaining_time_in_millis()}


@with_safe_errors
def refusing(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    try:
        return {"customer": int(event["customer"])}
    except ValueError as error:
        raise InputError(["the first problem", "the second"]) from error


@with_safe_errors
def breaking(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    try:
        return {"customer": int(event["customer"])}
    except ValueError as error:
        raise KeyError(event["customer"]) from error


def shown(error: BaseException) -> str:
    """All that Lambda would show of an error."""
    return "".join(traceback.format_exception(error))


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    [text] = capsys.readouterr().err.splitlines()
    found: dict[str, Any] = json.loads(text)
    return found


def test_an_answer_passes_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert answering({"a": 1}, Invocation()) == {"a": 1, "left": 1000}
    assert capsys.readouterr().err == ""
    assert (answering.__name__, answering.__doc__) == ("answering", "Answer.")


def test_an_error_of_ours_goes_out_as_it_is_and_is_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(InputError) as caught:
        refusing(EVENT, Invocation())
    assert caught.value.problems == ["the first problem", "the second"]
    logged = line(capsys)
    assert (logged["level"], logged["event"], logged["error"]) == ("ERROR", "failed", "InputError")
    assert (logged["problems"], logged["request_id"]) == (caught.value.problems, "request-3")


def test_what_an_error_of_ours_came_from_is_not_shown() -> None:
    with pytest.raises(FraudlakeError) as caught:
        refusing(EVENT, Invocation())
    assert PERSON not in shown(caught.value)
    assert "ValueError" not in shown(caught.value)


def test_any_other_error_leaves_as_its_type_and_place_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(RunError) as caught:
        breaking(EVENT, Invocation())
    assert "a fault in the program (KeyError at test_boundary.py:" in str(caught.value)
    assert "The log of request request-3" in str(caught.value)
    logged = line(capsys)
    assert (logged["event"], logged["error"]) == ("fault", "KeyError")
    assert [place.split()[-1] for place in logged["places"]] == ["wrapped", "breaking"]
    assert PERSON not in shown(caught.value) + json.dumps(logged)


def test_the_end_of_the_process_is_not_held_up() -> None:
    @with_safe_errors
    def ending(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        ending({}, Invocation())
