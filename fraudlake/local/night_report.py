"""What a nightly operator wants to know when a run of a workflow is over."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fraudlake.lake import Lake
from fraudlake.local.actors import OPERATOR
from fraudlake.risks import top_risks
from fraudlake.runs import Manifest
from fraudlake.s3 import S3Folder
from fraudlake.scorer import ScoreResult
from fraudlake.screen import err, out, print_result, print_top_risks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fraudlake.local.cloud import LocalCloud

_FAILED = ("FAILED", "TIMEOUT", "STOPPED", "ERROR", "CANCELLED")


@dataclass(frozen=True, kw_only=True)
class NightReport:
    """The outcome of a run of a workflow, in plain values.

    `manifests` are the lines that its scoring committed, `risks` the riskiest transactions of the
    newest; `failed` each step that failed, with its reason; `notices` what the alarm topic was
    told; `calls` counts calls of AWS by role, `refused` those that its policies do not allow.
    """

    workflow_run: str
    status: str
    manifests: Sequence[str] = ()
    risks: Sequence[Mapping[str, Any]] = ()
    failed: Sequence[str] = ()
    notices: Sequence[str] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    refused: Sequence[str] = ()

    @property
    def is_good(self) -> bool:
        """Whether every step succeeded and no call was refused."""
        return not self.failed and not self.refused


def lake_of(cloud: LocalCloud) -> Lake:
    """The curated bucket, as the operator sees it."""
    bucket = cloud.bucket_of("scored_transactions")
    return Lake(S3Folder(bucket, "", cloud.actors.client("s3", OPERATOR)))


def night_report(cloud: LocalCloud, run_id: str) -> NightReport:
    """Gather what a run that is over has left, and what was told and called since it began."""
    lake = lake_of(cloud)
    runs = sorted(lake.run_log().by_id.values(), key=lambda one: one.committed_at)
    committed = [one for one in runs if one.workflow_run == run_id]
    nodes = cloud.status(run_id)
    calls = cloud.calls_of(run_id)
    return NightReport(
        workflow_run=run_id,
        status=nodes[0].state,
        manifests=[one.to_json() for one in committed],
        risks=[_plain(row) for row in top_risks(lake, committed[-1])] if committed else [],
        failed=[f"{one.name}: {one.message}" for one in nodes if one.state in _FAILED],
        notices=[one.message for one in cloud.notices_of(run_id)],
        calls=dict(Counter(one.role for one in calls)),
        refused=[f"{one.role}: {one.operation}: {one.reason}" for one in calls if not one.allowed],
    )


def print_report(report: NightReport, where: str) -> None:
    """Print a report for a person; `where` says where tables and manifests are."""
    manifests = [Manifest.from_json(text, report.workflow_run) for text in report.manifests]
    console = out()
    if manifests:
        console.print(f"The riskiest of {manifests[-1].batch_date}", style="bold")
        print_top_risks(report.risks)
        print_result(ScoreResult(manifests, []), where, as_json=False)
    else:
        console.print("Nothing was committed.", style="bold")
    for step in report.failed:
        console.print(f"Failed: {step}", soft_wrap=True, highlight=False)
    for notice in report.notices:
        console.print(f"Told the alarm topic: {_summary(notice)}", soft_wrap=True, highlight=False)
    _print_calls(report)


def _print_calls(report: NightReport) -> None:
    console = out() if report.refused else err()
    for call in dict.fromkeys(report.refused):
        console.print(f"Refused by the policies: {call}", soft_wrap=True, highlight=False)
    total = sum(report.calls.values())
    by_role = ", ".join(f"{role} {count:,}" for role, count in sorted(report.calls.items()))
    err().print(
        f"{total:,} calls of AWS judged by the template's policies: {by_role}",
        soft_wrap=True,
        highlight=False,
    )


def _summary(notice: str) -> str:
    """The sentence of a notice: rules of this project write JSON with a summary and a reason."""
    try:
        told = json.loads(notice)
    except ValueError:
        return notice
    if not isinstance(told, dict):
        return notice
    if "AlarmName" in told:
        return f"{told['AlarmName']} is {told['NewStateValue']}: {told['NewStateReason']}"
    return " - ".join(str(told[key]) for key in ("summary", "reason") if key in told) or notice


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON can carry it: exact amounts as numbers with two decimals."""
    return {**row, "amount_usd": float(row["amount_usd"])}
