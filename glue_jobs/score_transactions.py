"""The Glue job that scores the batches that are due: what it is told, and which dates those are.

The step that scores from the catalog and writes to the lake in S3 is not part of this version: the
job reads its order, says what it would score, and fails. Nothing is written; `fraudlake score`
does the same work on folders.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fraudlake.errors import InputError, RunError
from glue_jobs.arguments import SCORE_ARGUMENTS, WORKFLOW_ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class ScoreOrder:
    """The batch dates to score: a night's date with what is due before it, or a span anew."""

    first: date | None
    last: date

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> ScoreOrder:
        """Read the properties of a workflow run: `batch_date`, or `from` and `to`.

        Raises InputError when neither is there whole, or a date cannot be read.
        """
        if "batch_date" in properties:
            return cls(None, _date("batch_date", properties))
        first, last = _date("from", properties), _date("to", properties)
        if first > last:
            raise InputError(f"from {first} is after to {last}; start the workflow with both right")
        return cls(first, last)


def _date(name: str, properties: Mapping[str, str]) -> date:
    try:
        return date.fromisoformat(properties[name])
    except (KeyError, ValueError) as error:
        raise InputError(
            f"the workflow run has no property {name} that is a date; set batch_date, or from and "
            "to, as YYYY-MM-DD"
        ) from error


def main(arguments: list[str]) -> None:
    """Read the order of this run of the job."""
    import boto3  # noqa: PLC0415 - Glue has it, and nothing above needs it
    from awsglue.utils import getResolvedOptions  # noqa: PLC0415 - there in Glue only

    names = [one.name for one in (*SCORE_ARGUMENTS, *WORKFLOW_ARGUMENTS)]
    options = getResolvedOptions(arguments, names)
    run = boto3.client("glue").get_workflow_run_properties(
        Name=options["WORKFLOW_NAME"], RunId=options["WORKFLOW_RUN_ID"]
    )
    order = ScoreOrder.from_properties(run["RunProperties"])
    raise RunError(f"scoring {order} from the catalog is not part of this version; nothing written")


if __name__ == "__main__":
    main(sys.argv)
