"""Nights played from the synthesized template: what is deployed is what was run."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from fraudlake.local.night_report import lake_of
from tests.local.nights import (
    DAYS,
    EMPTY_DAY,
    EXTRACT,
    ITS_NIGHT,
    OLD_LIST_DAY,
    RAW_CRAWLER,
    SCORE_JOB,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fraudlake.local.deployment import Deployment
    from tests.local.nights import Chapter, Story

TOPIC = "arn:aws:sns:us-east-1:123456789012:fraudlake-dev-alarms"
FIRST, SECOND, THIRD, FOURTH = DAYS
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def story(dev_deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    told = tell(dev_deployment, tmp_path_factory.mktemp("nights"))
    yield told
    told.cloud.__exit__()


def notices(chapter: Chapter) -> list[str]:
    """What the alarm topic was told by the rules on Glue's events: the summaries."""
    told = [json.loads(one) for one in chapter.report.notices]
    return [one["summary"] for one in told if "summary" in one]


def committed(chapter: Chapter) -> list[str]:
    return [f"{one.batch_date}" for one in chapter.manifests]


def test_a_night_commits_its_date_and_an_earlier_one_without_rows(story: Story) -> None:
    chapter = story.chapters["first night"]
    assert committed(chapter) == [f"{EMPTY_DAY}", f"{FIRST}"]
    empty, full = chapter.manifests
    assert (empty.rows["read"], empty.rows["scored"]) == (0, 0)
    assert full.rows["read"] == full.rows["scored"] + full.rows["quarantined"] > 0
    assert full.rows["by_category"]["High"] > 0
    assert chapter.report.failed == []
    assert chapter.report.notices == []


def test_a_manifest_names_the_run_of_the_workflow_and_its_objects_by_etag(story: Story) -> None:
    chapter = story.chapters["first night"]
    for manifest in chapter.manifests:
        assert manifest.workflow_run == chapter.report.workflow_run
        assert all(len(one["etag"]) == 32 for one in manifest.inputs)
        assert manifest.input_roots["transactions"].startswith("s3://")


def test_the_last_line_of_the_scoring_log_is_the_manifest(story: Story) -> None:
    newest = story.chapters["first night"].manifests[-1]
    logs = sorted((story.cloud.folder / "jobs").glob(f"{SCORE_JOB}-*/log"))
    last = [one.read_text(encoding="utf-8").splitlines()[-1] for one in logs]
    assert newest.to_json() in last


@pytest.mark.parametrize(
    ("name", "failed", "summary"),
    [
        ("function fails", "fraudlake-dev-extract", "Glue job fraudlake-dev-extract: FAILED"),
        ("crawler fails", RAW_CRAWLER, f"Glue crawler {RAW_CRAWLER}: Failed"),
        ("job fails", SCORE_JOB, f"Glue job {SCORE_JOB}: FAILED"),
    ],
)
def test_a_step_that_fails_tells_the_alarm_topic_and_commits_nothing(
    story: Story, name: str, failed: str, summary: str
) -> None:
    chapter = story.chapters[name]
    assert chapter.nodes[failed].state == "FAILED"
    assert chapter.nodes["fraudlake-dev-curated"].state == "NEVER"
    assert chapter.manifests == []
    assert notices(chapter) == [summary]
    assert {one.topic for one in story.cloud.notices} == {TOPIC}


def test_a_function_that_fails_raises_its_own_alarm(story: Story) -> None:
    told = [json.loads(one) for one in story.chapters["function fails"].report.notices]
    alarms = [(one["AlarmName"], one["NewStateValue"]) for one in told if "AlarmName" in one]
    assert alarms == [("fraudlake-dev-extract-errors", "ALARM")]
    assert EXTRACT in story.chapters["function fails"].report.failed[0]


def test_the_next_night_catches_up_with_those_that_failed(story: Story) -> None:
    assert committed(story.chapters["third night"]) == [f"{SECOND}", f"{THIRD}"]
    assert story.chapters["third night"].report.failed == []


def test_the_rows_are_those_of_the_command_line_on_the_same_objects(story: Story) -> None:
    assert sorted(story.played) == sorted(story.by_command) == [EMPTY_DAY, FIRST]
    for day, found in story.played.items():
        assert found == story.by_command[day]
    assert len(story.played[FIRST]["scored_transactions"]) > 400


def test_a_malformed_line_is_set_aside_whatever_glue_makes_of_it(story: Story) -> None:
    manifest = story.chapters["third night"].manifests[0]
    assert manifest.batch_date == SECOND
    assert manifest.rows["quarantined_by_reason"]["MALFORMED_ROW"] == 1


def test_a_rerun_brings_late_files_in_and_names_what_is_stale_now(story: Story) -> None:
    (manifest,) = story.chapters["rerun"].manifests
    before = story.chapters["first night"].manifests[-1]
    assert manifest.supersedes == before.run_id
    assert manifest.rows["read"] == before.rows["read"] + 1
    stale = [one["batch_date"] for one in manifest.stale_successors]
    assert stale == [f"{SECOND}", f"{THIRD}"]


def test_a_partition_that_no_crawler_has_registered_fails_by_its_name(story: Story) -> None:
    chapter = story.chapters["unregistered"]
    assert chapter.manifests == []
    (failed,) = chapter.report.failed
    assert f"ingest_date={FOURTH}, which the catalog does not know" in failed
    assert notices(chapter) == [f"Glue job {SCORE_JOB}: FAILED"]


def test_a_file_with_its_columns_in_another_order_is_refused(story: Story) -> None:
    chapter = story.chapters["reordered"]
    assert chapter.manifests == []
    (failed,) = chapter.report.failed
    assert "by position, as transaction_id, customer_id" in failed
    assert "found the columns customer_id, transaction_id" in failed
    assert "deliver it with this header" in failed


def test_a_date_whose_list_is_too_old_holds_up_the_later_ones_and_says_what_to_type(
    story: Story,
) -> None:
    chapter = story.chapters["old list"]
    assert chapter.manifests == []
    (failed,) = chapter.report.failed
    assert f"the newest snapshot for batch {OLD_LIST_DAY} is of {THIRD}" in failed
    assert failed.endswith(
        f"aws glue start-workflow-run --name {story.cloud.rerun} "
        f"--run-properties from={OLD_LIST_DAY},to={ITS_NIGHT},allow_stale_inputs=true"
    )
    assert notices(chapter) == [f"Glue job {SCORE_JOB}: FAILED"]


def test_every_call_was_one_that_the_policies_allow(story: Story) -> None:
    calls = story.cloud.front.calls()
    assert [one for one in calls if not one.allowed] == []
    roles = {one.role for one in calls}
    assert {one for one in roles if "score" in one or "xtract" in one or "crawl" in one} == {
        "fraudlake-dev-score-us-east-1",
        "fraudlake-dev-extract-us-east-1",
        "fraudlake-dev-crawl-raw-us-east-1",
        "fraudlake-dev-crawl-blacklist-us-east-1",
        "fraudlake-dev-crawl-curated-us-east-1",
        *(one for one in roles if "ExtractRole" in one),
    }


def test_metrics_of_each_committed_run_reach_cloudwatch(story: Story) -> None:
    metrics = story.cloud.actors.client("cloudwatch")
    found = metrics.list_metrics(Namespace="fraudlake")["Metrics"]
    stage = [{"Name": "Stage", "Value": "dev"}]
    assert {one["MetricName"] for one in found if one["Dimensions"] == stage} == {
        "CommittedRuns",
        "RowsRead",
        "RowsScored",
        "RowsQuarantined",
        "HighRisk",
        "MediumRisk",
        "LowRisk",
        "RunSeconds",
    }


def asked(story: Story, sql: str, *parameters: str) -> list[list[str | None]]:
    """What an analyst is answered, who has the analyst policy and nothing else."""
    athena = story.cloud.actors.client("athena", "fraudlake-dev-analyst")
    started = athena.start_query_execution(
        QueryString=sql,
        WorkGroup="fraudlake-dev",
        QueryExecutionContext={"Database": "fraudlake_dev_curated"},
        **({"ExecutionParameters": list(parameters)} if parameters else {}),
    )
    query = {"QueryExecutionId": started["QueryExecutionId"]}
    until = time.monotonic() + 60
    while True:
        status = athena.get_query_execution(**query)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
        assert time.monotonic() < until
        time.sleep(0.05)
    assert status["State"] == "SUCCEEDED", status.get("StateChangeReason")
    pages = athena.get_paginator("get_query_results").paginate(**query)
    rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
    return [[cell.get("VarCharValue") for cell in row] for row in rows[1:]]


def test_an_analyst_sees_the_runs_in_force_as_their_manifests_tell(story: Story) -> None:
    in_force = lake_of(story.cloud).run_log().in_force
    told = asked(story, "SELECT batch_date, run_id, rows_scored, commits FROM committed_runs")
    assert sorted(told, key=str) == [
        [f"{day}", one.run_id, f"{one.rows['scored']}", "2" if day == FIRST else "1"]
        for day, one in sorted(in_force.items())
    ]
    scored = asked(story, "SELECT batch_date, count(*) FROM current_scored_transactions GROUP BY 1")
    rows = [[f"{day}", f"{one.rows['scored']}"] for day, one in sorted(in_force.items())]
    assert sorted(scored, key=str) == [one for one in rows if one[1] != "0"]


def test_every_saved_query_runs_on_what_the_nights_wrote(story: Story) -> None:
    saved = {
        one.properties["Name"]: one.properties["QueryString"]
        for one in story.cloud.deployment.resources("AWS::Athena::NamedQuery")
    }
    customer = "'C00000001'"  # of the queries that ask for one
    found = {name: asked(story, sql, *[customer] * sql.count("?")) for name, sql in saved.items()}
    assert len(found) == 8
    stale = [row for name, rows in found.items() if "stale" in name.lower() for row in rows]
    assert {row[0] for row in stale if row[3] == "true"} == {f"{SECOND}", f"{THIRD}"}
