"""The front as boto3 meets it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from fraudlake.local.actors import Actors, access_key_id
from fraudlake.local.api.front import Front
from tests.local.fronted import (
    STARTED,
    crawler,
    recorded,
    refusal,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from fraudlake.local.calls import Handler
    from fraudlake.local.deployment import Deployment


def test_a_role_does_what_its_policy_allows(front_actors: Actors) -> None:
    s3 = front_actors.client("s3", "reader")
    key = "mine/snapshot_date=2025-01-01/ä b+c.csv"

    s3.put_object(Bucket="lake", Key=key, Body=b"rows", ChecksumAlgorithm="SHA256")

    assert s3.get_object(Bucket="lake", Key=key)["Body"].read() == b"rows"
    [found] = s3.list_objects_v2(Bucket="lake", Prefix="mine/")["Contents"]
    assert found["Key"] == key


def test_a_role_is_refused_what_its_policy_does_not_allow_and_nothing_happens(
    front_actors: Actors,
) -> None:
    s3 = front_actors.client("s3", "reader")

    assert refusal(s3, "put_object", Bucket="lake", Key="other", Body=b"x") == ("AccessDenied", 403)
    assert refusal(s3, "list_objects_v2", Bucket="lake") == ("AccessDenied", 403)
    assert front_actors.client("s3").list_objects_v2(Bucket="lake")["KeyCount"] == 0


def test_each_protocol_has_its_own_form_of_refusal(front_actors: Actors) -> None:
    glue, sns = front_actors.client("glue", "reader"), front_actors.client("sns", "reader")
    function = front_actors.client("lambda", "reader")

    assert refusal(glue, "start_crawler", Name="x") == ("AccessDeniedException", 403)
    assert refusal(sns, "publish", TopicArn="t", Message="m") == ("AccessDenied", 403)
    assert refusal(function, "invoke", FunctionName="f") == ("AccessDeniedException", 403)


def test_a_missing_object_is_missing_only_to_whom_may_list_it(
    front: Front, front_actors: Actors
) -> None:
    s3 = front_actors.client("s3", "reader")

    assert refusal(s3, "head_object", Bucket="lake", Key="mine/none") == ("404", 404)
    assert refusal(s3, "get_object", Bucket="lake", Key="mine/none") == ("NoSuchKey", 404)
    assert refusal(s3, "head_object", Bucket="lake", Key="blind/none") == ("403", 403)
    found = recorded(front, "HeadObject")
    assert not found.allowed
    assert "s3:ListBucket" in found.reason
    operator = front_actors.client("s3")
    assert refusal(operator, "head_object", Bucket="lake", Key="none") == ("404", 404)


def test_handlers_answer_in_the_form_of_the_api(front_actors: Actors) -> None:
    glue = front_actors.client("glue")

    answer = glue.get_crawler(Name="raw")["Crawler"]

    assert answer["Name"] == "raw"
    assert answer["LastCrawl"]["StartTime"] == STARTED
    assert refusal(glue, "get_job", JobName="x") == ("EntityNotFoundException", 400)
    assert glue.get_job_run(JobName="x", RunId="1")["JobRun"]["DPUSeconds"] == 1.5
    assert glue.get_databases()["DatabaseList"] == []  # moto's answer


def test_a_fault_of_a_handler_is_a_fault_of_the_service_and_not_the_end(
    front_actors: Actors, caplog: pytest.LogCaptureFixture
) -> None:
    glue = front_actors.client("glue")

    assert refusal(glue, "get_trigger", Name="x") == ("InternalFailure", 500)
    assert "oops" in caplog.text
    assert glue.get_crawler(Name="raw")


def test_what_a_handler_refuses_is_recorded_with_its_status(
    front: Front, front_actors: Actors
) -> None:
    refusal(front_actors.client("glue"), "get_job", JobName="x")

    assert (recorded(front, "GetJob").allowed, recorded(front, "GetJob").status) == (True, 400)


def test_a_function_answers_with_its_payload_and_its_error(front_actors: Actors) -> None:
    function = front_actors.client("lambda")

    good = function.invoke(FunctionName="f", Payload=b'{"a":1}')
    bad = function.invoke(FunctionName="fails")

    assert (good["StatusCode"], good["Payload"].read()) == (200, b'{"a":1}')
    assert "FunctionError" not in good
    assert bad["FunctionError"] == "Unhandled"


def test_handlers_may_be_added_after_the_endpoint_is_known(
    front_deployment: Deployment, tmp_path: Path
) -> None:
    handlers: dict[tuple[str, str], Handler] = {}
    front = Front(front_deployment, handlers, tmp_path / "calls.jsonl")
    handlers["glue", "GetCrawler"] = crawler
    with front:
        glue = Actors(front.endpoint, "us-east-1").client("glue")

        assert glue.get_crawler(Name="raw")["Crawler"]["Name"] == "raw"


def test_every_call_is_recorded_with_what_it_needs_and_without_its_body(
    front: Front, front_actors: Actors, tmp_path: Path
) -> None:
    s3 = front_actors.client("s3", "reader")
    s3.put_object(Bucket="lake", Key="mine/a", Body=b"topsecret", Metadata={"m": "alsosecret"})

    found = recorded(front, "PutObject")

    assert (found.role, found.service, found.status) == ("reader", "s3", 200)
    assert found.needs == ("s3:PutObject on arn:aws:s3:::lake/mine/a",)
    assert (found.allowed, found.reason) == (True, "the policy p")
    assert datetime.fromisoformat(found.time).tzinfo is not None
    text = (tmp_path / "run" / "calls.jsonl").read_text()
    assert "secret" not in text
    assert access_key_id("reader") not in text
    assert all(json.loads(line) for line in text.splitlines())


def test_without_enforcement_a_refusal_is_recorded_only(
    front_deployment: Deployment, tmp_path: Path
) -> None:
    with Front(front_deployment, {}, tmp_path / "calls.jsonl", enforce=False) as front:
        actors = Actors(front.endpoint, "us-east-1")
        actors.client("s3").create_bucket(Bucket="lake")
        s3 = actors.client("s3", "reader")
        s3.put_object(Bucket="lake", Key="other", Body=b"x")
        refusal(s3, "get_object", Bucket="lake", Key="blind/none")

        assert (recorded(front, "PutObject").allowed, recorded(front, "PutObject").status) == (
            False,
            200,
        )
        assert not recorded(front, "GetObject").allowed
        assert recorded(front, "GetObject").status == 404


def test_a_role_that_the_templates_do_not_have_is_nobody(
    front: Front, front_actors: Actors
) -> None:
    stranger = front_actors.client("s3", "stranger")

    assert refusal(stranger, "list_buckets") == ("InvalidAccessKeyId", 403)
    assert front.calls()[-1].role == "unknown"


def test_what_another_server_asks_is_judged_and_recorded_too(front: Front) -> None:
    def connects(role: str, user: str) -> bool:
        asked = {"DbiResourceId": "db-1", "DBUser": user}
        return front.admits(access_key_id(role), "rds-db", "connect", asked)

    assert connects("reader", "loader")
    assert not connects("reader", "admin")
    assert not connects("stranger", "loader")
    assert [(one.allowed, one.status) for one in front.calls()] == [(True, 200), (False, 403)]
