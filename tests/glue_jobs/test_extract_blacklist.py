"""The job extract: one date for the night, one call of the function, and its crawl awaited."""

from __future__ import annotations

import ast
import json
import socket
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from glue_jobs import extract_blacklist as job
from glue_jobs.arguments import EXTRACT_ARGUMENTS, RUN_PROPERTIES, WORKFLOW_ARGUMENTS
from tests.glue_jobs.crawls import ANSWER, LATER, ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_glue import GlueClient
    from mypy_boto3_lambda import LambdaClient

SOURCE = Path(job.__file__).read_text(encoding="utf-8")
ARN = "arn:aws:lambda:eu-west-1:111122223333:function:extract"


class FakeFunction:
    """A Lambda client whose one function gives an answer, or an error, and counts its calls."""

    def __init__(self, payload: bytes, error: str | None = None) -> None:
        self.response: dict[str, Any] = {"StatusCode": 200, "Payload": BytesIO(payload)}
        if error:
            self.response["FunctionError"] = error
        self.calls: list[dict[str, Any]] = []

    def invoke(self, **call: Any) -> dict[str, Any]:  # noqa: ANN401 - what boto3 takes
        self.calls.append(call)
        return self.response

    @property
    def client(self) -> LambdaClient:
        return cast("LambdaClient", self)


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[GlueClient]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("glue", region_name="eu-west-1")
        client.create_workflow(Name="night")
        yield client


def started_run(glue: GlueClient, **properties: str) -> str:
    return glue.start_workflow_run(Name="night", RunProperties=properties)["RunId"]


def properties_of(glue: GlueClient, run_id: str) -> dict[str, str]:
    return glue.get_workflow_run_properties(Name="night", RunId=run_id)["RunProperties"]


def test_the_batch_date_is_the_utc_day_before_the_start_and_is_stored(glue: GlueClient) -> None:
    run_id = started_run(glue)

    settled = job.settle_batch_date(glue, "night", run_id)

    assert properties_of(glue, run_id) == {"batch_date": settled}
    started = glue.get_workflow_run(Name="night", RunId=run_id)["Run"]["StartedOn"]
    assert settled == str((started - timedelta(days=1)).astimezone(UTC).date())


@pytest.mark.parametrize(
    ("start", "settled"),
    [
        ("2025-02-01T00:00:00+00:00", "2025-01-31"),
        ("2025-01-31T23:59:59+00:00", "2025-01-30"),
        ("2025-02-01T01:30:00+05:45", "2025-01-30"),
        ("2024-03-01T00:10:00+00:00", "2024-02-29"),
    ],
)
def test_the_day_before_is_counted_in_utc(start: str, settled: str) -> None:
    assert job.day_before(datetime.fromisoformat(start)) == settled


def test_a_batch_date_that_is_there_already_is_kept(glue: GlueClient) -> None:
    run_id = started_run(glue, batch_date="2025-01-15", asked_by="somebody")

    assert job.settle_batch_date(glue, "night", run_id) == "2025-01-15"
    assert properties_of(glue, run_id)["asked_by"] == "somebody"


def test_storing_the_date_leaves_other_properties_of_the_run(glue: GlueClient) -> None:
    run_id = started_run(glue, asked_by="somebody")

    settled = job.settle_batch_date(glue, "night", run_id)

    assert properties_of(glue, run_id) == {"asked_by": "somebody", "batch_date": settled}


@pytest.mark.parametrize("text", ["", "20250115", "2025-02-30", "yesterday"])
def test_a_batch_date_that_is_none_stops_the_night(glue: GlueClient, text: str) -> None:
    with pytest.raises(job.ExtractError, match="start the workflow with a date such as"):
        job.settle_batch_date(glue, "night", started_run(glue, batch_date=text))


def test_the_function_is_called_once_with_the_date() -> None:
    function = FakeFunction(json.dumps(ANSWER).encode())

    assert job.invoke_extract(function.client, ARN, "2025-01-31") == ANSWER
    (call,) = function.calls
    assert json.loads(call["Payload"]) == {"snapshot_date": "2025-01-31"}
    assert (call["FunctionName"], call["InvocationType"]) == (ARN, "RequestResponse")


def test_a_failed_function_fails_the_job_with_its_own_message() -> None:
    failure = {"errorType": "InputError", "errorMessage": "src_blacklist is empty"}
    function = FakeFunction(json.dumps(failure).encode(), "Unhandled")

    with pytest.raises(job.ExtractError, match="failed: InputError: src_blacklist is empty"):
        job.invoke_extract(function.client, ARN, "2025-01-31")


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"not json", b"{}"])
def test_a_failure_without_a_message_is_a_failure(payload: bytes) -> None:
    function = FakeFunction(payload, "Unhandled")

    with pytest.raises(job.ExtractError, match="told no reason; see its log"):
        job.invoke_extract(function.client, ARN, "2025-01-31")


@pytest.mark.parametrize("payload", [b"null", b"{}", b'{"crawler": "blacklist"}', b"oops"])
def test_an_answer_that_names_no_crawl_is_not_taken_for_a_success(payload: bytes) -> None:
    with pytest.raises(job.ExtractError, match="of the same version"):
        job.invoke_extract(FakeFunction(payload).client, ARN, "2025-01-31")


def test_a_lost_answer_fails_the_job_without_a_second_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    function = FakeFunction(b"")
    calls: list[str] = []

    def lost(**call: str) -> None:
        calls.append(call["FunctionName"])
        raise ReadTimeoutError(endpoint_url="https://lambda")

    monkeypatch.setattr(function, "invoke", lost)
    with pytest.raises(job.ExtractError, match="may have been started all the same"):
        job.invoke_extract(function.client, ARN, "2025-01-31")
    assert len(calls) == 1


def test_botocore_itself_makes_no_second_call_and_outwaits_the_function() -> None:
    client = job.quiet_line_session("eu-west-1").client("lambda", config=job.ONE_LONG_CALL)
    config: Any = client.meta.config

    assert config.retries["total_max_attempts"] == 1
    assert config.read_timeout > 15 * 60


def test_connections_are_kept_alive_through_the_wait() -> None:
    client = job.quiet_line_session("eu-west-1").client("lambda", config=job.ONE_LONG_CALL)

    options = client._endpoint.http_session._socket_options  # type: ignore[attr-defined]
    assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) in options


def test_the_arguments_are_those_that_the_deployment_passes() -> None:
    assert {*job.ARGUMENTS} == {one.name for one in (*EXTRACT_ARGUMENTS, *WORKFLOW_ARGUMENTS)}
    assert job.BATCH_DATE in {one.name for one in RUN_PROPERTIES}


def test_arguments_of_glue_s_own_are_left_aside() -> None:
    argv = ["--function_arn", ARN, "--WORKFLOW_NAME", "night", "--WORKFLOW_RUN_ID", "wr_1"]
    extra = ["--job-bookmark-option", "job-bookmark-disable", "--library-set", "analytics"]

    assert job.parse_arguments([*extra, *argv]).WORKFLOW_RUN_ID == "wr_1"


def test_a_job_outside_a_workflow_is_refused() -> None:
    with pytest.raises(SystemExit):
        job.parse_arguments(["--function_arn", ARN])


def test_the_whole_job_extracts_for_the_settled_date(
    glue: GlueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    glue.create_crawler(Name="blacklist", Role="r", DatabaseName="d", Targets={})
    function = FakeFunction(json.dumps({**ANSWER, "previous_crawl_started": None}).encode())
    session = FakeSession(glue, function)
    monkeypatch.setattr(job, "quiet_line_session", session.of_region)
    monkeypatch.setattr(glue, "get_crawler", lambda **_: {"Crawler": ready(LATER)})
    run_id = started_run(glue, batch_date="2025-01-31")

    job.run(["--function_arn", ARN, "--WORKFLOW_NAME", "night", "--WORKFLOW_RUN_ID", run_id])

    assert session.region == "eu-west-1"
    assert json.loads(function.calls[0]["Payload"]) == {"snapshot_date": "2025-01-31"}


class FakeSession:
    """A boto3 session of two clients."""

    def __init__(self, glue: GlueClient, function: FakeFunction) -> None:
        self.clients = {"glue": glue, "lambda": function}
        self.region = ""

    def of_region(self, region: str) -> FakeSession:
        self.region = region
        return self

    def client(self, name: str, **_: object) -> object:
        return self.clients[name]


def test_the_script_is_python_3_9() -> None:
    ast.parse(SOURCE, feature_version=(3, 9))

    names = {node.id for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Name)}
    assert "UTC" not in names  # datetime.UTC came with 3.11


def test_the_script_imports_nothing_that_a_python_shell_job_has_not() -> None:
    statements = [one for one in ast.parse(SOURCE).body if not isinstance(one, ast.If)]
    modules = {
        name.split(".")[0]
        for one in statements
        for name in (
            [alias.name for alias in one.names]
            if isinstance(one, ast.Import)
            else [str(one.module)]
            if isinstance(one, ast.ImportFrom)
            else []
        )
    }

    assert modules - sys.stdlib_module_names == {"boto3", "botocore"}
