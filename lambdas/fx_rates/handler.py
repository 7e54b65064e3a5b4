"""The Lambda function: takes settings, order, bucket and today's date from AWS and loads rates."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.aws import AWS_CALLS
from lambdas.boundary import with_safe_errors
from lambdas.fx_rates.load import load_rates
from lambdas.fx_rates.settings import Order, Settings
from lambdas.objects import Bucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdas.boundary import Context


@with_safe_errors
def handler(event: Mapping[str, Any], _context: Context) -> dict[str, Any]:
    """Load the ECB's newest day (or its whole history) into `fx_rates/` of the raw bucket.

    The event may say `{"file": "history"}`, and name jumps of a rate and lost rates to let
    pass, as in `"allow_jumps": ["TRY 2021-12-21"]` and `"allow_missing": ["BGN 2026-01-02"]`;
    what else it has is ignored, so that the events of a schedule can start it. Calling twice does
    no harm. The answer is that of `Loaded.answer`.

    Raises:
        SettingsError: the function's environment cannot be used.
        InputError: the event, the ECB's file or a stored object cannot be trusted.
        RunError: the ECB or S3 refused, or could not be reached.
    """
    settings = Settings.from_environment(os.environ)
    order = Order.from_event(event)
    bucket = Bucket(boto3.client("s3", config=AWS_CALLS), settings.raw_bucket)
    return load_rates(order, settings, bucket, datetime.now(UTC).date()).answer()
