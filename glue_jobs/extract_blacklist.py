"""Glue job `extract`: settle the night's date, have the blacklist extracted, await its crawl.

A Python shell job: Python 3.9, one file, nothing but the standard library and boto3 (botocore
1.24.21). Triggers watch this job because they cannot watch the crawler: Glue's conditional triggers
see only what a trigger started, and the crawler is started by the function.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import LastCrawlInfoTypeDef
    from mypy_boto3_lambda import LambdaClient

ARGUMENTS = ("function_arn", "WORKFLOW_NAME", "WORKFLOW_RUN_ID")
BATCH_DATE = "batch_date"  # the property of the workflow run

# The function runs for 15 minutes at most; its answer must not be given up before.
ANSWER_SECONDS = 16 * 60
CRAWL_SECONDS = 30 * 60
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 5.0  # between two looks at a crawl

GLUE_CALLS = Config(
    retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=10, read_timeout=60
)
# One attempt: a second one would extract a second time, beside the first.
ONE_LONG_CALL = Config(
    retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=ANSWER_SECONDS
)

LOG = logging.getLogger("extract")


class ExtractError(Exception):
    """The night has no new blacklist: what happened, and what to do."""


def run(
    argv: Sequence[str],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Extract the blacklist for the batch date of this workflow run, and see it registered."""
    arguments = parse_arguments(argv)
    # arn:partition:lambda:REGION:account:function:name
    session = quiet_line_session(arguments.function_arn.split(":")[3])
    glue = session.client("glue", config=GLUE_CALLS)
    functions = session.client("lambda", config=ONE_LONG_CALL)
    batch_date = settle_batch_date(glue, arguments.WORKFLOW_NAME, arguments.WORKFLOW_RUN_ID)
    LOG.info("extracting the blacklist of %s", batch_date)
    answer = invoke_extract(functions, arguments.function_arn, batch_date)
    LOG.info("snapshot in force: %s", json.dumps(answer, sort_keys=True))
    wait_for_crawl(glue, answer, sleep, clock)
    LOG.info("snapshot registered by the crawler %s", answer["crawler"])


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of this job, Glue's own left aside."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ARGUMENTS:
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_known_args(argv)[0]


def quiet_line_session(region: str) -> boto3.Session:
    """A session whose connections stay open through minutes without a byte.

    botocore 1.24.21 takes `tcp_keepalive` from the profile only, not from a Config.
    """
    session = botocore.session.Session()
    profile = session.profile or "default"
    session.full_config["profiles"].setdefault(profile, {})["tcp_keepalive"] = "true"
    return boto3.Session(botocore_session=session, region_name=region)


def settle_batch_date(glue: GlueClient, workflow: str, run_id: str) -> str:
    """The run's batch date: the one it has, else the UTC day before its start, stored for all.

    Whoever starts a run may set it; a job that runs again in the same run keeps it.
    """
    found = glue.get_workflow_run(Name=workflow, RunId=run_id)["Run"]
    properties = found.get("WorkflowRunProperties", {})
    if BATCH_DATE in properties:
        return checked_date(properties[BATCH_DATE])
    settled = day_before(found["StartedOn"])
    glue.put_workflow_run_properties(
        Name=workflow, RunId=run_id, RunProperties={**properties, BATCH_DATE: settled}
    )
    return settled


def day_before(moment: datetime) -> str:
    """The UTC day before that of an aware moment, as YYYY-MM-DD."""
    return (moment.astimezone(timezone.utc).date() - timedelta(days=1)).isoformat()  # noqa: UP017


def checked_date(text: str) -> str:
    """A date of the form YYYY-MM-DD, unchanged; ExtractError for anything else."""
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ExtractError(
        f"the run property {BATCH_DATE} is {text!r}; start the workflow with a date such as "
        "2025-01-31, or without the property"
    )


def invoke_extract(functions: LambdaClient, arn: str, batch_date: str) -> dict[str, Any]:
    """Have the function put the snapshot of a date in force, and return its answer."""
    try:
        response = functions.invoke(
            FunctionName=arn,
            InvocationType="RequestResponse",
            Payload=json.dumps({"snapshot_date": batch_date}).encode(),
        )
        payload = response["Payload"].read()
    except (BotoCoreError, ClientError) as error:
        raise ExtractError(
            f"no answer from {arn} ({error}); it may have been started all the same: "
            "see its log, and run the workflow again when it has ended"
        ) from error
    if response.get("FunctionError"):
        raise ExtractError(f"{arn} failed: {failure_of(payload)}")
    return checked_answer(arn, payload)


def failure_of(payload: bytes) -> str:
    """The message of a failed function; Lambda wraps it in JSON."""
    try:
        failure = json.loads(payload)
        return f"{failure.get('errorType', 'error')}: {failure['errorMessage']}"
    except (ValueError, KeyError, AttributeError):
        return "it told no reason; see its log"


def checked_answer(arn: str, payload: bytes) -> dict[str, Any]:
    """The answer of the function, in which the crawler is named; ExtractError without it."""
    try:
        answer: dict[str, Any] = json.loads(payload)
        if isinstance(answer["crawler"], str) and "previous_crawl_started" in answer:
            return answer
    except (ValueError, KeyError, TypeError):
        pass
    raise ExtractError(
        f"{arn} answered without `crawler` and `previous_crawl_started`; deploy function and job "
        "of the same version"
    )


def wait_for_crawl(
    glue: GlueClient,
    answer: dict[str, Any],
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> None:
    """Return when the crawl that the function started has succeeded.

    It is over when the crawler is READY and its last crawl began after the one before.
    """
    crawler = answer["crawler"]
    deadline, pause = clock() + CRAWL_SECONDS, FIRST_PAUSE_SECONDS
    while clock() < deadline:
        found = glue.get_crawler(Name=crawler)["Crawler"]
        last = found.get("LastCrawl", {})
        if found["State"] == "READY" and is_newer(last, answer["previous_crawl_started"]):
            check_crawl(crawler, last)
            return
        sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    raise ExtractError(
        f"the crawl of {crawler} did not end within {CRAWL_SECONDS // 60} minutes; the snapshot is "
        "put but not registered: see the crawler's log, then run the workflow again"
    )


def is_newer(crawl: LastCrawlInfoTypeDef, previous: str | None) -> bool:
    """Whether a crawl began after the moment `previous` (ISO 8601; None: there was none)."""
    began = crawl.get("StartTime")
    if began is None:
        return False
    return previous is None or began > datetime.fromisoformat(previous)


def check_crawl(crawler: str, crawl: LastCrawlInfoTypeDef) -> None:
    """ExtractError when an ended crawl registered nothing."""
    if crawl.get("Status") != "SUCCEEDED":
        raise ExtractError(
            f"the crawl of {crawler} ended as {crawl.get('Status')}: "
            f"{crawl.get('ErrorMessage', 'no reason told')}; the snapshot is put but not "
            "registered: see the crawler's log, then run the workflow again"
        )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    run(sys.argv[1:])
