from __future__ import annotations

import pytest

from fraudlake.errors import RunError
from lambdas.demo_source import answer
from lambdas.demo_source.answer import send_answer
from tests.lambdas.demo_source.fakes import ADDRESS, CloudFormation, request


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


def cloudformation(monkeypatch: pytest.MonkeyPatch, failures: int = 0) -> CloudFormation:
    fake = CloudFormation(failures)
    monkeypatch.setattr(answer, "urlopen", fake.urlopen)
    return fake


def test_success_names_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = cloudformation(monkeypatch)
    send_answer(request())
    (sent,) = fake.requests
    assert (sent.method, sent.full_url) == ("PUT", ADDRESS)
    assert fake.answer == {
        "Status": "SUCCESS",
        "Reason": "the schema is in place",
        "PhysicalResourceId": "Schema",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Schema",
    }


def test_an_answer_has_no_type_of_content_for_the_signature_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = cloudformation(monkeypatch)
    send_answer(request())
    assert fake.requests[0].get_header("Content-type") == ""


def test_an_update_keeps_the_physical_name(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = cloudformation(monkeypatch)
    send_answer(request("Update", PhysicalResourceId="named-before"))
    assert fake.answer["PhysicalResourceId"] == "named-before"


def test_a_long_problem_is_cut_to_what_cloudformation_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = cloudformation(monkeypatch)
    send_answer(request(), problem="x" * 10_000)
    assert fake.answer["Status"] == "FAILED"
    assert len(str(fake.requests[0].data)) < 4096


def test_an_answer_that_breaks_off_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    fake = cloudformation(monkeypatch, failures=2)
    send_answer(request())
    assert len(fake.requests) == 3
    assert pauses == [1, 5]


def test_an_answer_that_never_gets_through_is_an_error(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    fake = cloudformation(monkeypatch, failures=99)
    with pytest.raises(RunError, match=r"could not be answered \(ConnectionResetError\)") as error:
        send_answer(request())
    assert len(fake.requests) == 4
    assert "signature" not in str(error.value)


def test_nothing_is_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = cloudformation(monkeypatch)
    with pytest.raises(RunError, match="not https"):
        send_answer(request(ResponseURL="http://answers.test/one"))
    assert fake.requests == []
