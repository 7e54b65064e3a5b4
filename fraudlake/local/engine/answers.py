"""Job runs and crawlers as Glue's API shows them; moments as seconds since 1970."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fraudlake.local.engine.steps import SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fraudlake.local.deployment import Resource
    from fraudlake.local.engine.steps import Crawl, JobRun

_OF_JOBS = (
    *("GlueVersion", "MaxCapacity", "WorkerType", "NumberOfWorkers"),
    *("SecurityConfiguration", "JobRunQueuingEnabled", "ExecutionClass"),
)
_OF_CRAWLERS = (
    *("Name", "Role", "Targets", "DatabaseName", "Description", "RecrawlPolicy"),
    *("SchemaChangePolicy", "TablePrefix", "Configuration", "CrawlerSecurityConfiguration"),
)


def job_run_answer(run: JobRun, job: Resource | None) -> dict[str, Any]:
    """A JobRun of the API; `job` is None when it is no more, as for a run in ERROR."""
    properties = job.properties if job else {}
    return _without_gaps(
        {
            "Id": run.id,
            "Attempt": run.attempt,
            "PreviousRunId": run.previous,
            "TriggerName": run.origin.trigger,
            "JobName": run.name,
            "StartedOn": seconds(run.started),
            "LastModifiedOn": seconds(run.ended or run.started),
            "CompletedOn": seconds(run.ended),
            "JobRunState": run.state,
            "Arguments": dict(run.given),
            "ErrorMessage": run.message,
            "PredecessorRuns": [],
            "ExecutionTime": _duration(run),
            "Timeout": int(run.timeout),
            "LogGroupName": job_log_group(properties),
            **{name: properties[name] for name in _OF_JOBS if name in properties},
        }
    )


def crawler_answer(crawler: Resource, state: str, last: Crawl | None) -> dict[str, Any]:
    """A Crawler of the API."""
    written = crawler.properties
    schedule = written.get("Schedule", {}).get("ScheduleExpression")
    return _without_gaps(
        {
            **{name: written[name] for name in _OF_CRAWLERS if name in written},
            "Role": role_name(written),
            "Classifiers": written.get("Classifiers", []),
            "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
            "LakeFormationConfiguration": {"UseLakeFormationCredentials": False, "AccountId": ""},
            "Schedule": schedule and {"ScheduleExpression": schedule, "State": "SCHEDULED"},
            "State": state,
            "CrawlElapsedTime": 0,
            "LastCrawl": last and _last_crawl(crawler, last),
            "Version": 1,
        }
    )


def crawl_answer(crawl: Crawl, crawler: Resource | None) -> dict[str, Any]:
    """A Crawl of a workflow's graph."""
    group = crawler_log_group(crawler.properties) if crawler else None
    return _without_gaps(
        {
            "State": crawl.state,
            "StartedOn": seconds(crawl.started),
            "CompletedOn": seconds(crawl.ended),
            "ErrorMessage": crawl.message,
            "LogGroup": group,
            "LogStream": crawl.name,
        }
    )


def seconds(moment: datetime | None) -> float | None:
    """A moment as the API's JSON has it."""
    return moment.timestamp() if moment else None


def role_name(properties: Mapping[str, Any]) -> str:
    """The name of the role of a job or crawler, which a template gives as an ARN."""
    return str(properties.get("Role", "")).rsplit("/", 1)[-1]


def crawler_log_group(properties: Mapping[str, Any]) -> str:
    """Where a crawler logs: a group of its own role when it is encrypted."""
    configuration = properties.get("CrawlerSecurityConfiguration")
    if not configuration:
        return "/aws-glue/crawlers"
    return f"/aws-glue/crawlers-role/{role_name(properties)}-{configuration}"


def job_log_group(properties: Mapping[str, Any]) -> str:
    """Where a job logs: the parent of the groups `output` and `error`."""
    is_shell = properties.get("Command", {}).get("Name") == "pythonshell"
    base = "/aws-glue/python-jobs" if is_shell else "/aws-glue/jobs"
    configuration = properties.get("SecurityConfiguration")
    return f"{base}/{configuration}-role/{role_name(properties)}" if configuration else base


def _last_crawl(crawler: Resource, last: Crawl) -> dict[str, Any]:
    return _without_gaps(
        {
            "Status": last.state,
            "ErrorMessage": None if last.state == SUCCEEDED else last.message,
            "LogGroup": crawler_log_group(crawler.properties),
            "LogStream": crawler.name,
            "MessagePrefix": f"{last.started:%Y%m%dT%H%M%S}",
            "StartTime": seconds(last.started),
        }
    )


def _duration(run: JobRun) -> int:
    return round((run.ended - run.started).total_seconds()) if run.ended else 0


def _without_gaps(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the API leaves out when there is nothing to say."""
    return {name: value for name, value in values.items() if value is not None and value != ""}
