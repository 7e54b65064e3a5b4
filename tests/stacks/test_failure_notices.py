"""The rules, on events as Glue sends them. Each test is named after the defect that it catches."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.stacks.monitored import Resource, resources, templates, topic_ref

if TYPE_CHECKING:
    from aws_cdk.assertions import Template

ACCOUNT = "111122223333"

# One worker makes the templates, once for all tests of monitoring.
pytestmark = pytest.mark.xdist_group("monitoring")


@pytest.fixture(scope="module")
def full() -> Template:
    return templates()["full"]


def rule(template: Template, detail_type: str) -> Resource:
    (found,) = [
        one["Properties"]
        for one in resources(template, "AWS::Events::Rule").values()
        if one["Properties"]["EventPattern"]["detail-type"] == [detail_type]
    ]
    return cast("Resource", found)


def event(detail_type: str, detail: dict[str, str], source: str = "aws.glue") -> dict[str, Any]:
    return {
        "version": "0",
        "id": "f7965b59-470f-2e06-bb89-a8cebaabefac",
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": "2026-11-23T02:47:12Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


def job_event(job: str, state: str) -> dict[str, Any]:
    run = "jr_c60e0ac5bc42a0ba4ea5a5a3cbb4d1f6b0b7b2a7e41a4bc6dd2cf8c7a95bd0cd"
    detail = {
        "jobName": job,
        "severity": "ERROR",
        "state": state,
        "jobRunId": run,
        "message": 'InputError: transactions has no column "amount";\nfound: "amuont"',
    }
    return event("Glue Job State Change", detail)


def crawler_event(crawler: str, state: str) -> dict[str, Any]:
    detail = {
        "crawlerName": crawler,
        "errorMessage": "Internal Service Exception",
        "accountId": ACCOUNT,
        "cloudWatchLogLink": "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1"
        f"#logEventViewer:group=/aws-glue/crawlers;stream={crawler}",
        "state": state,
        "message": f"Crawler {state}",
    }
    return event("Glue Crawler State Change", detail)


def is_matched(pattern: Resource, one: dict[str, Any]) -> bool:
    """EventBridge's rule for patterns of exact texts: each field holds one of those listed."""
    for key, wanted in pattern.items():
        found = one.get(key)
        if isinstance(wanted, dict):
            if not (isinstance(found, dict) and is_matched(wanted, found)):
                return False
        elif found not in wanted:
            return False
        assert isinstance(wanted, dict) or all(isinstance(text, str) for text in wanted)
    return True


def rules_matching(template: Template, one: dict[str, Any]) -> list[str]:
    rules = [found["Properties"] for found in resources(template, "AWS::Events::Rule").values()]
    return [found["Name"] for found in rules if is_matched(found["EventPattern"], one)]


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED", "ERROR"])
@pytest.mark.parametrize("job", ["fraudlake-full-extract", "fraudlake-full-score"])
def test_a_job_that_ends_badly_and_nobody_hears(full: Template, job: str, state: str) -> None:
    assert rules_matching(full, job_event(job, state)) == ["fraudlake-full-job-failed"]


@pytest.mark.parametrize("crawler", ["blacklist", "raw", "curated", "curated-rerun"])
def test_a_crawler_that_fails_and_nobody_hears(full: Template, crawler: str) -> None:
    failed = crawler_event(f"fraudlake-full-{crawler}", "Failed")
    assert rules_matching(full, failed) == ["fraudlake-full-crawler-failed"]


@pytest.mark.parametrize(
    "one",
    [
        job_event("fraudlake-full-score", "SUCCEEDED"),
        job_event("fraudlake-full-score", "RUNNING"),
        job_event("somebody-elses-job", "FAILED"),
        job_event("fraudlake-full-score-copy", "FAILED"),
        crawler_event("fraudlake-full-raw", "Succeeded"),
        crawler_event("fraudlake-full-raw", "Started"),
        crawler_event("fraudlake-dev-raw", "Failed"),
        event("Glue Job Run Status", {"jobName": "fraudlake-full-score", "state": "FAILED"}),
        event(
            "Glue Job State Change",
            {"jobName": "fraudlake-full-score", "state": "FAILED"},
            source="somebody.else",
        ),
    ],
    ids=[
        "a job that succeeded",
        "a job that runs",
        "a job of somebody else",
        "a job with a longer name",
        "a crawler that succeeded",
        "a crawler that started",
        "a crawler of another stage",
        "a job that is late",
        "another source",
    ],
)
def test_a_notice_of_what_is_well_or_not_ours(full: Template, one: dict[str, Any]) -> None:
    assert rules_matching(full, one) == []


def noticed(found: Resource, one: dict[str, Any]) -> dict[str, str]:
    """The notice that a rule makes of an event: bare variables as JSON, quoted ones as text."""
    (target,) = found["Targets"]
    paths, template = target["InputTransformer"].values()
    values: dict[str, str] = {
        name: one["time"] if path == "$.time" else one["detail"][path.removeprefix("$.detail.")]
        for name, path in paths.items()
    }
    bare = re.sub(r"(?<=:)<([\w-]+)>", lambda match: json.dumps(values[match[1]]), template)
    filled = re.sub(r"<([\w-]+)>", lambda match: values[match[1]], bare)
    return cast("dict[str, str]", json.loads(filled))


def test_a_notice_that_quotes_in_a_reason_break(full: Template) -> None:
    sent = job_event("fraudlake-full-score", "TIMEOUT")
    notice = noticed(rule(full, "Glue Job State Change"), sent)
    assert notice["summary"] == "Glue job fraudlake-full-score: TIMEOUT"
    assert notice["reason"] == sent["detail"]["message"]
    assert notice["job_run"] == sent["detail"]["jobRunId"]
    assert notice["time"] == "2026-11-23T02:47:12Z"
    assert notice["what_to_do"] == "docs/operations.md, A job failed"


def test_a_notice_of_a_crawler_without_the_way_to_its_log(full: Template) -> None:
    sent = crawler_event("fraudlake-full-raw", "Failed")
    notice = noticed(rule(full, "Glue Crawler State Change"), sent)
    assert notice["summary"] == "Glue crawler fraudlake-full-raw: Failed"
    assert notice["reason"] == "Internal Service Exception"
    assert notice["log"] == sent["detail"]["cloudWatchLogLink"]
    assert notice["what_to_do"] == "docs/operations.md, A crawler failed"


def test_a_rule_that_goes_nowhere_or_is_off(full: Template) -> None:
    for found in resources(full, "AWS::Events::Rule").values():
        (target,) = found["Properties"]["Targets"]
        assert found["Properties"]["State"] == "ENABLED"
        assert target["Arn"] == topic_ref(full)
        assert "RoleArn" not in target  # with one, delivery to an encrypted topic may fail
