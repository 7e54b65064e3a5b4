"""Relations in the scoring stack; each test is named after the defect that it catches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.errors import SettingsError
from fraudlake.local.trigger_graph import trigger_problems
from glue_jobs.arguments import EXTRACT_ARGUMENTS, SCORE_ARGUMENTS
from stacks.jobs import job_script
from tests.stacks.scored import STAGE, Deployed, dev, flat, flex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@pytest.fixture(scope="module", name="dev")
def the_stage_dev() -> Deployed:
    return dev()


@pytest.fixture(scope="module", name="flex")
def the_flex_stage() -> Deployed:
    return flex()


def triggers(dev: Deployed, workflow: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    [key] = [
        key for key, one in dev.all("Glue::Workflow").items() if one["Name"].endswith(workflow)
    ]
    found = dev.template.find_resources("AWS::Glue::Trigger")
    return (
        (name, one)
        for name, one in found.items()
        if one["Properties"]["WorkflowName"] == {"Ref": key}
    )


def test_a_night_that_stops_half_way_because_a_trigger_never_fires(dev: Deployed) -> None:
    templates = {
        f"stack{number}": one.to_json() for number, one in enumerate((dev.template, *dev.others))
    }

    assert trigger_problems(templates, lambda_started={"fraudlake-dev-blacklist"}) == []


def test_a_schedule_that_runs_before_data_is_loaded(dev: Deployed, flex: Deployed) -> None:
    states = [
        one["StartOnCreation"]
        for deployed in (dev, flex)
        for one in deployed.all("Glue::Trigger").values()
        if one["Type"] == "SCHEDULED"
    ]

    assert states == [False, True]


def test_the_schedule_is_not_the_stage_s(dev: Deployed) -> None:
    schedules = {one.get("Schedule") for one in dev.all("Glue::Trigger").values()} - {None}

    assert schedules == {STAGE.schedule}


@pytest.mark.parametrize(("workflow", "length"), [("nightly", 3), ("rerun", 2)])
def test_triggers_of_a_workflow_made_at_the_same_time(
    dev: Deployed, workflow: str, length: int
) -> None:
    made = dict(triggers(dev, workflow))
    first, *later = sorted(made, key=lambda name: len(_all_before(name, made)))

    assert len(made) == length
    assert not _all_before(first, made)
    assert [len(_all_before(name, made)) for name in later] == list(range(1, length))


def _all_before(name: str, made: Mapping[str, Mapping[str, Any]]) -> set[str]:
    before = set(made[name].get("DependsOn", ())) & set(made)
    return before.union(*(_all_before(one, made) for one in before))


def test_a_night_scored_on_the_blacklist_or_the_partitions_of_the_day_before(
    dev: Deployed,
) -> None:
    [both] = [
        one["Properties"]["Predicate"]
        for _, one in triggers(dev, "nightly")
        if one["Properties"]["Name"].endswith("-score")
    ]

    assert both["Logical"] == "AND"
    assert {tuple(one) for one in both["Conditions"]} == {
        ("JobName", "LogicalOperator", "State"),
        ("CrawlState", "CrawlerName", "LogicalOperator"),
    }


def test_a_rerun_that_registers_other_tables_than_a_night(dev: Deployed) -> None:
    ours = ("Targets", "Role", "Configuration", "SchemaChangePolicy", "RecrawlPolicy")
    night, rerun = (
        {one: dev.named("Glue::Crawler", f"fraudlake-dev-{name}")[one] for one in ours}
        for name in ("curated", "curated-rerun")
    )

    assert rerun == night


def test_two_runs_of_a_workflow_or_a_job_at_once(dev: Deployed) -> None:
    workflows = [one["MaxConcurrentRuns"] for one in dev.all("Glue::Workflow").values()]
    jobs = [one["ExecutionProperty"] for one in dev.all("Glue::Job").values()]

    assert workflows == [1, 1]
    assert jobs == [{"MaxConcurrentRuns": 1}] * 2


def test_a_job_that_is_tried_again_or_never_ends(dev: Deployed) -> None:
    jobs = {
        one["Name"]: (one["MaxRetries"], one["Timeout"]) for one in dev.all("Glue::Job").values()
    }

    assert jobs == {
        "fraudlake-dev-extract": (0, 60),
        "fraudlake-dev-score": (0, STAGE.workers.timeout_minutes),
    }


def test_a_rerun_that_fails_because_the_night_is_at_work(dev: Deployed, flex: Deployed) -> None:
    queued = [
        one.named("Glue::Job", "fraudlake-dev-score")["JobRunQueuingEnabled"] for one in (dev, flex)
    ]

    assert queued == [True, False]  # Glue queues no Flex jobs


def test_an_argument_that_the_script_does_not_parse_or_the_deployment_does_not_pass(
    dev: Deployed,
) -> None:
    for name, contract in (("extract", EXTRACT_ARGUMENTS), ("score", SCORE_ARGUMENTS)):
        passed = dev.named("Glue::Job", f"fraudlake-dev-{name}")["DefaultArguments"]
        ours = {key for key in passed if "-" not in key.removeprefix("--")}

        assert ours == {f"--{argument.name}" for argument in contract}


def test_the_jobs_are_told_other_places_than_the_lake_s(dev: Deployed) -> None:
    told = dev.named("Glue::Job", "fraudlake-dev-score")["DefaultArguments"]

    assert told["--raw_database"] == "fraudlake_dev_raw"
    assert told["--stage"] == "dev"
    assert "Raw" in told["--raw_bucket"]["Fn::ImportValue"]
    assert "Curated" in told["--curated_bucket"]["Fn::ImportValue"]


def test_a_default_of_glue_or_the_cdk_that_was_not_meant(dev: Deployed) -> None:
    score = dev.named("Glue::Job", "fraudlake-dev-score")
    arguments = score["DefaultArguments"]

    assert score["GlueVersion"] == "5.1"
    assert (score["WorkerType"], score["NumberOfWorkers"]) == ("G.1X", 2)
    assert arguments["--enable-auto-scaling"] == "true"
    assert arguments["--enable-observability-metrics"] == "true"
    assert arguments["--job-bookmark-option"] == "job-bookmark-disable"
    assert flat(arguments["--extra-py-files"]).endswith(".zip")


def test_workers_that_are_not_the_stage_s(flex: Deployed) -> None:
    score = flex.named("Glue::Job", "fraudlake-dev-score")

    assert score["ExecutionClass"] == "FLEX"
    assert (score["WorkerType"], score["NumberOfWorkers"]) == ("G.2X", 12)
    assert score["Timeout"] == 90
    assert score["DefaultArguments"]["--enable-auto-scaling"] == "true"


def test_an_extract_job_of_another_python_or_size(dev: Deployed) -> None:
    extract = dev.named("Glue::Job", "fraudlake-dev-extract")

    assert extract["Command"]["Name"] == "pythonshell"
    assert extract["Command"]["PythonVersion"] == "3.9"
    assert extract["MaxCapacity"] == 0.0625


def test_a_job_or_crawler_that_writes_in_the_clear(dev: Deployed) -> None:
    jobs = {one.get("SecurityConfiguration") for one in dev.all("Glue::Job").values()}
    crawlers = {
        one.get("CrawlerSecurityConfiguration") for one in dev.all("Glue::Crawler").values()
    }

    assert jobs == crawlers == {"fraudlake-dev"}


def test_names_that_monitoring_would_not_find(dev: Deployed) -> None:
    stack = dev.stack
    jobs = {one["Name"] for one in dev.all("Glue::Job").values()}
    crawlers = {one["Name"] for one in dev.all("Glue::Crawler").values()}

    assert jobs == {stack.extract_job, stack.score_job}
    assert crawlers == {stack.raw_crawler, stack.curated_crawler, stack.rerun_crawler}


def test_a_job_without_a_script_is_not_deployed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"score_transactions\.py is not there"):
        job_script(tmp_path / "score_transactions.py")


def test_a_crawler_that_infers_columns_or_makes_tables(dev: Deployed) -> None:
    for crawler in dev.all("Glue::Crawler").values():
        configuration = json.loads(crawler["Configuration"])

        assert crawler["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
        assert [*crawler["Targets"]] == ["CatalogTargets"]
        assert configuration["CrawlerOutput"]["Partitions"] == {
            "AddOrUpdateBehavior": "InheritFromTable"
        }
        assert configuration["Grouping"] == {"TableGroupingPolicy": "CombineCompatibleSchemas"}


def test_a_crawler_with_a_schedule_that_takes_the_night_s_turn(dev: Deployed) -> None:
    assert not [one for one in dev.all("Glue::Crawler").values() if "Schedule" in one]


def test_a_table_of_the_catalog_that_nothing_crawls(dev: Deployed) -> None:
    crawled = {
        (target["DatabaseName"], table)
        for one in dev.all("Glue::Crawler").values()
        for target in one["Targets"]["CatalogTargets"]
        for table in target["Tables"]
    }
    partitioned = {
        (f"fraudlake_dev_{zone}", one["Properties"]["TableInput"]["Name"])
        for template in dev.others
        for one in template.find_resources("AWS::Glue::Table").values()
        if one["Properties"]["TableInput"].get("PartitionKeys")
        for zone in ("raw", "curated")
        if zone in one["Properties"]["DatabaseName"]["Ref"].lower()
    }

    # The blacklist has the ingest's crawler.
    assert partitioned - crawled == {("fraudlake_dev_raw", "blacklist")}
    assert crawled <= partitioned
