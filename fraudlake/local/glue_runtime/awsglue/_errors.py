"""Failures of Glue's own calls, as a script in Glue sees them: errors of the JVM."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from py4j.protocol import Py4JJavaError

if TYPE_CHECKING:
    from collections.abc import Iterator


class CatalogCallError(Py4JJavaError):  # type: ignore[misc] # py4j publishes no types
    """A call that the catalog refused.

    In Glue the call is made in the JVM, so a script sees a Py4JJavaError and finds the error's
    code in its text; `except Py4JJavaError` catches this one, too.
    """

    def __init__(self, error: ClientError) -> None:
        """Take boto3's error of the same call."""
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        self.java_exception = None
        self.text = (
            "An error occurred while calling getCatalogSource.\n"
            f": com.amazonaws.services.glue.model.{code}: {message} "
            f"(Service: AWSGlue; Operation: {error.operation_name}; Error Code: {code})"
        )
        # Py4JJavaError's own constructor asks a JVM.
        Exception.__init__(self, self.text)

    def __str__(self) -> str:
        """The text, without asking a JVM for its stack."""
        return self.text


@contextlib.contextmanager
def as_seen_in_glue() -> Iterator[None]:
    """Turn errors of boto3 into those that a script sees in Glue."""
    try:
        yield
    except ClientError as error:
        raise CatalogCallError(error) from error
