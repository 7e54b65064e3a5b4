"""What each Glue job is told: the arguments its script parses and its deployment passes.

A night's date is not among them: it is a property of the workflow run (`RUN_PROPERTIES`), which
one deployment serves anew each night.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Argument:
    """One argument of a job, passed as `--name value`, and what its value means."""

    name: str
    meaning: str


# Glue itself adds these to a job that a trigger of a workflow starts.
WORKFLOW_ARGUMENTS = (
    Argument("WORKFLOW_NAME", "the workflow that the run of this job belongs to"),
    Argument("WORKFLOW_RUN_ID", "the run of that workflow"),
)

EXTRACT_ARGUMENTS = (Argument("function_arn", "the ARN of the Lambda function blacklist_extract"),)

SCORE_ARGUMENTS = (
    Argument("raw_bucket", "the bucket that the inputs lie in, a folder a table"),
    Argument("raw_database", "the catalog database of the inputs"),
    Argument("curated_bucket", "the bucket of earlier runs' results and of this run's"),
    Argument("stage", "the deployment, as its metrics in CloudWatch name it"),
    Argument("blacklist_max_age_days", "days that a batch's blacklist may be older than it"),
    Argument("rates_max_age_days", "days that a batch's newest rate may be older than it"),
    Argument("catch_up_batches", "batches that one night scores at most"),
)

RUN_PROPERTIES = (
    Argument("batch_date", "the night's batch date (YYYY-MM-DD), set by the job extract"),
    Argument("from", "the first batch date to score again, of a rerun"),
    Argument("to", "the last batch date to score again, of a rerun"),
    Argument("allow_stale_inputs", "true to score with a blacklist or rates of any age"),
)
