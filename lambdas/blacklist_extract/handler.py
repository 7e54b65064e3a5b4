"""The Lambda function: an event in, the account of a snapshot out. All work is in `extract`.

Event: `{"snapshot_date": "2025-01-31"}`, and `"allow_shrink": true` to let a far smaller snapshot
pass once. Settings: see `settings`. Answer: `manifest`, `crawler`, `previous_crawl_started`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.aws import AWS_CALLS
from lambdas.blacklist_extract.extract import Services, extract_blacklist
from lambdas.blacklist_extract.login import new_login
from lambdas.blacklist_extract.request import ExtractRequest
from lambdas.blacklist_extract.settings import ExtractSettings
from lambdas.boundary import with_safe_errors
from lambdas.objects import Bucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdas.boundary import Context


@with_safe_errors
def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Put the blacklist snapshot of the event's date in force and start its crawl."""
    now = datetime.now(UTC)
    settings = ExtractSettings.from_environment(os.environ)
    request = ExtractRequest.from_event(event, now.date())
    services = Services(
        bucket=Bucket(boto3.client("s3", config=AWS_CALLS), settings.bucket),
        glue=boto3.client("glue", config=AWS_CALLS),
        new_login=new_login,
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    return extract_blacklist(settings, request, services, now)
