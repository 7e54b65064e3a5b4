"""The answer to a request of CloudFormation: one PUT to an address that is signed for it."""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from fraudlake.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Mapping

PAUSES = (1, 5, 15)  # seconds before each further attempt
TIMEOUT = 20
_MOST_CHARACTERS = 1000  # CloudFormation takes an answer of 4096 bytes


def send_answer(event: Mapping[str, Any], *, problem: str | None = None) -> None:
    """Tell CloudFormation that a request is fulfilled, or what the problem is.

    Raises RunError when no attempt gets through; the log then holds what the answer was.
    """
    answer = {
        "Status": "SUCCESS" if problem is None else "FAILED",
        "Reason": (problem or "the schema is in place")[:_MOST_CHARACTERS],
        # Always the same: a new one would ask CloudFormation to delete what the old one names.
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    _put(event["ResponseURL"], json.dumps(answer).encode())


def _put(address: str, body: bytes) -> None:
    if not address.startswith("https://"):
        raise RunError("the address for the answer is not https; nothing is sent to it")
    # The address is signed for no type of content; urllib would add one.
    request = Request(address, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310 - https, checked above
    for pause in (*PAUSES, None):
        try:
            with urlopen(request, timeout=TIMEOUT):  # noqa: S310 - https, checked above
                return
        except (OSError, HTTPException) as error:
            if pause is None:
                raise RunError(
                    f"CloudFormation could not be answered ({type(error).__name__}); see that the "
                    "network's endpoint for S3 lets the answer through"
                ) from None
            time.sleep(pause)
