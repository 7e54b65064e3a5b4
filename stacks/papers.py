"""What the papers in docs/ take from the synthesized templates, so that they cannot drift.

Two parts: the findings that were acknowledged, with their reasons; and the diagram of the system.
Each stands in a page between a line that begins it and one that ends it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stacks.accepted import ACCEPTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PARTS = {"acknowledgements": "security.md", "diagram": "deploy.md"}


@dataclass(frozen=True, order=True)
class Acknowledged:
    """A finding of a check that is accepted at a construct, and why."""

    where: str
    rule: str
    reason: str


def acknowledged_findings(folder: Path) -> list[Acknowledged]:
    """All findings acknowledged in a synthesized app, whatever the check."""
    nag = (one for path in folder.glob("*.metadata.json") for one in _of_nag(_json(path)))
    others = (one for path in folder.glob("*.template.json") for one in _of_metadata(path))
    checks = (
        Acknowledged("everywhere", f"{one.check} {one.pattern}", one.reason) for one in ACCEPTED
    )
    return sorted({*nag, *others, *checks})


def acknowledgements_text(by_stage: Mapping[str, Sequence[Acknowledged]]) -> str:
    """The findings of some stages as a table; those that differ in the place only share a row."""
    stages: dict[Acknowledged, list[str]] = {}
    for stage, findings in by_stage.items():
        for one in findings:
            stages.setdefault(_of_any_stage(one, stage), []).append(stage)
    places: dict[tuple[str, str, str], list[str]] = {}
    for one, among in sorted(stages.items()):
        places.setdefault((one.rule, one.reason, ", ".join(among)), []).append(one.where)
    rows = [
        # A bar would end the cell, in a code span too.
        f"| `{rule.replace('|', chr(92) + '|')}` | {'<br>'.join(where)} | {among} | {why} |"
        for (rule, why, among), where in sorted(places.items())
    ]
    head = ["| Finding | Where | Stages | Why it is accepted |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def with_part(page: str, part: str, text: str) -> str:
    """A page with the text of a part in place of what stood between its lines."""
    begin, end = f"<!-- {part}: from the templates -->", f"<!-- end of {part} -->"
    before, found, rest = page.partition(begin)
    if not found or end not in rest:
        raise ValueError(f"the page has no lines {begin} and {end}")
    return f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"


def _of_nag(metadata: Mapping[str, Any]) -> Iterator[Acknowledged]:
    for path, entries in metadata.items():
        for entry in entries:
            if entry["type"] == "aws:cdk:acknowledged-rules":
                for rule, reason in entry["data"].items():
                    name = rule.removeprefix("Annotation::").removeprefix("AwsSolutions::")
                    yield Acknowledged(path.strip("/"), f"cdk-nag {_without_tokens(name)}", reason)


def _of_metadata(path: Path) -> Iterator[Acknowledged]:
    stack = path.name.split(".")[0]
    for logical_id, resource in _json(path).get("Resources", {}).items():
        for one in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            yield Acknowledged(f"{stack}/{logical_id}", f"checkov {one['id']}", one["comment"])


def _of_any_stage(finding: Acknowledged, stage: str) -> Acknowledged:
    """A finding as every stage would have it: the same for the same resource."""
    where = finding.where.removeprefix(f"fraudlake-{stage}-")
    rule = re.sub(rf"fraudlake([-_]){stage}", r"fraudlake\1<stage>", finding.rule)
    return Acknowledged(where, rule, finding.reason)


def _without_tokens(rule: str) -> str:
    """The finding with a bucket's name in place of the export that its ARN goes by."""
    return re.sub(r"[\w-]+:ExportsOutputFnGetAtt([A-Z][a-z]+)\w{8}Arn\w{8}", r"<\1>", rule)


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
