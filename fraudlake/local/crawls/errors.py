"""How a crawl fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_SERVICES = {"s3": "Amazon S3", "glue": "AWSGlue", "logs": "AWSLogs"}


class CrawlFailed(Exception):  # noqa: N818 - the state's own name
    """A crawl that ends FAILED; the message is the one that Glue would show."""


def failure(service: str, error: ClientError) -> CrawlFailed:
    """A crawl's failure in the words of the service that refused it, as Glue quotes them."""
    said, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    message = said.get("Message") or str(error)
    return CrawlFailed(
        f"{message} (Service: {_SERVICES[service]}; Status Code: {status}; "
        f"Error Code: {said['Code']})"
    )
