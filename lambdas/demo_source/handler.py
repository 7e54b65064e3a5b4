"""The function behind a custom resource of CloudFormation: a request in, an answer out, always.

A request that nobody answers holds the deployment up until it times out; so whatever happens is
an answer. Creating and updating run the schema, deleting leaves the database as it is. Settings:
see `schema`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3

from fraudlake.errors import FraudlakeError
from lambdas.aws import AWS_CALLS
from lambdas.boundary import with_safe_errors
from lambdas.demo_source.answer import send_answer
from lambdas.demo_source.schema import MasterSettings, run_schema
from lambdas.json_logs import log_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdas.boundary import Context


def handler(event: Mapping[str, Any], context: Context) -> None:
    """Fulfil a request of CloudFormation, and answer it."""
    try:
        _fulfil(event, context)
    except FraudlakeError as error:
        send_answer(event, problem=str(error))
    else:
        send_answer(event)


@with_safe_errors
def _fulfil(event: Mapping[str, Any], context: Context) -> dict[str, Any]:  # noqa: ARG001 - for the log
    if event["RequestType"] == "Delete":
        return {}
    settings = MasterSettings.from_environment(os.environ)
    secrets = boto3.client("secretsmanager", region_name=settings.region, config=AWS_CALLS)
    statements = run_schema(settings, secrets, event["ResourceProperties"]["Schema"])
    log_event("schema_run", database=settings.database, statements=statements)
    return {"statements": statements}
