from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fraudlake.local.actors import DEPLOYER, Actors
from fraudlake.local.watch.notices import Notices, Publisher
from fraudlake.local.watch.notices_events import glue_event
from tests.local.glue_world import SECONDS, World, deployment, fail
from tests.local.notice_world import TOPIC, failed, publisher, rule

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.deployment import Deployment
    from fraudlake.local.engine.steps import StateChange


def test_a_failed_night_of_the_real_templates_is_told_to_the_alarm_topic(
    dev_deployment: Deployment, moto_actors: Actors
) -> None:
    published = publisher(moto_actors)
    notices = Notices(dev_deployment, published)
    world = World(dev_deployment, on_change=notices.tell)
    world.jobs["fraudlake-dev-score"] = fail
    world.engine.activate("fraudlake-dev-nightly")
    run_id = world.engine.start_workflow("fraudlake-dev-nightly", {}, by_schedule=True)
    world.engine.wait(run_id, SECONDS)
    (notice,) = published.notices
    assert (notice.topic, notice.rule) == (TOPIC, "fraudlake-dev-job-failed")
    run = world.call("GetJobRuns", JobName="fraudlake-dev-score")["JobRuns"][0]
    told = json.loads(notice.message)
    assert told.pop("time").startswith("2026-11-24T02:30:0")
    assert told == {
        "summary": "Glue job fraudlake-dev-score: FAILED",
        "reason": "ValueError: no",
        "job_run": run["Id"],
        "what_to_do": "docs/operations.md, A job failed",
    }


def test_a_night_that_succeeds_tells_nobody(
    dev_deployment: Deployment, moto_actors: Actors
) -> None:
    published = publisher(moto_actors)
    world = World(dev_deployment, on_change=Notices(dev_deployment, published).tell)
    world.engine.activate("fraudlake-dev-nightly")
    run_id = world.engine.start_workflow("fraudlake-dev-nightly", {}, by_schedule=True)
    world.engine.wait(run_id, SECONDS)
    assert not published.notices
    assert not published.undelivered


def test_a_failed_crawl_of_the_real_templates_is_told_with_its_log(
    dev_deployment: Deployment, moto_actors: Actors
) -> None:
    published = publisher(moto_actors)
    notices = Notices(dev_deployment, published)
    notices.tell(failed("crawler", "fraudlake-dev-raw", 'no table "customers"'))
    told = json.loads(published.notices[0].message)
    assert told["summary"] == "Glue crawler fraudlake-dev-raw: Failed"
    assert told["reason"] == 'no table "customers"'
    assert "group=/aws-glue/crawlers-role/fraudlake-dev-crawl-raw" in told["log"]
    assert told["time"] == "2026-11-24T02:30:07Z"


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED"])
def test_each_bad_end_of_a_job_of_the_real_templates_is_told(
    dev_deployment: Deployment, moto_actors: Actors, state: str
) -> None:
    published = publisher(moto_actors)
    Notices(dev_deployment, published).tell(failed("job", "fraudlake-dev-extract", "", state))
    told = json.loads(published.notices[0].message)
    assert told["summary"] == f"Glue job fraudlake-dev-extract: {state}"
    assert told["reason"].startswith("Job run ")


def test_a_notice_really_reaches_the_topic(tmp_path: Path, moto_actors: Actors) -> None:
    queue = moto_actors.client("sqs", DEPLOYER)
    url = queue.create_queue(QueueName="seen")["QueueUrl"]
    published = publisher(moto_actors)
    arn = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    moto_actors.client("sns", DEPLOYER).subscribe(
        TopicArn=TOPIC,
        Protocol="sqs",
        Endpoint=arn["Attributes"]["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    notices = Notices(deployment(tmp_path, rule({"source": ["aws.glue"]}, {})), published)
    notices.tell(failed("job", "score", "no"))
    body = queue.receive_message(QueueUrl=url)["Messages"][0]["Body"]
    assert json.loads(body)["detail"]["jobName"] == "score"


def test_what_no_policy_lets_out_is_not_published_but_kept(
    dev_deployment: Deployment, moto_actors: Actors
) -> None:
    asked: list[tuple[str, str, str]] = []

    def may_publish(*what: str) -> bool:
        asked.append((what[0], what[1], what[2]))
        return False

    published = Publisher(moto_actors, may_publish)
    Notices(dev_deployment, published).tell(failed("job", "fraudlake-dev-score", "no"))
    assert published.notices == []
    assert "lets events.amazonaws.com publish" in published.undelivered[0].reason
    rule_arn = "arn:aws:events:us-east-1:123456789012:rule/fraudlake-dev-job-failed"
    assert asked == [(TOPIC, "events.amazonaws.com", rule_arn)]


@pytest.mark.parametrize(
    "change",
    [
        failed("job", "score", "", "ERROR"),
        failed("crawler", "raw", "", "ERROR"),
        failed("crawler", "raw", "", "CANCELLED"),
    ],
)
def test_of_errors_and_cancelled_crawls_glue_sends_no_event(change: StateChange) -> None:
    assert glue_event(change, "us-east-1") is None


@pytest.mark.parametrize(
    ("state", "severity", "message"),
    [
        ("SUCCEEDED", "INFO", "Job run succeeded"),
        ("FAILED", "ERROR", "Job run failed"),
        ("TIMEOUT", "WARN", "Job run timed out"),
        ("STOPPED", "INFO", "Job run stopped"),
    ],
)
def test_the_event_of_a_job_has_the_fields_of_glue(state: str, severity: str, message: str) -> None:
    event = glue_event(failed("job", "score", "", state), "us-east-1")
    assert event is not None
    assert event["detail"] == {
        "jobName": "score",
        "severity": severity,
        "state": state,
        "jobRunId": "jr_1",
        "message": message,
    }
    assert (event["detail-type"], event["source"]) == ("Glue Job State Change", "aws.glue")
    assert (event["time"], event["region"]) == ("2026-11-24T02:30:07Z", "us-east-1")


@pytest.mark.parametrize(
    ("state", "fields"),
    [
        ("STARTED", {"state": "Started", "message": "Crawler Started"}),
        ("SUCCEEDED", {"state": "Succeeded", "runningTime (sec)": "7", "partitionsCreated": "0"}),
        ("FAILED", {"state": "Failed", "message": "Crawler Failed", "errorMessage": "why"}),
    ],
)
def test_the_event_of_a_crawler_has_the_fields_of_glue(state: str, fields: dict[str, str]) -> None:
    event = glue_event(failed("crawler", "raw", "why", state), "us-east-1")
    assert event is not None
    assert fields.items() <= event["detail"].items()
    assert event["detail"]["crawlerName"] == "raw"
