"""Checks what the CDK app synthesizes, without AWS: cfn-lint, checkov, parliament, twice the same.

Usage: python scripts/check_templates.py [--write] [STAGE...]

Synthesizes each stage (dev and prod without arguments); cdk-nag and CDK's own validation are part
of every synth. Prints every finding that no construct has acknowledged with a reason, and whether
the papers say what the templates say; exit code 1 then.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from parliament import analyze_policy_string

from fraudlake.local.intrinsics import Resolver
from stacks.accepted import reason_for
from stacks.diagram import diagram_text
from stacks.papers import PARTS, acknowledged_findings, acknowledgements_text, with_part
from stacks.synthesis import PROJECT, synthesized

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stacks.synthesis import Templates

OUT = PROJECT / "build" / "templates"
# By its module: its script does not start from a path with a blank.
CHECKOV = (PROJECT / ".venv-checkov" / "bin" / "python", "-m", "checkov.main")
STAGES = ("dev", "prod")
WRITE = "--write"  # bring the papers up to date instead of complaining
POLICIES = ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy")


def main(arguments: list[str]) -> int:
    """Check the stages; 1 when there is a finding."""
    findings: list[str] = []
    made: dict[str, Templates] = {}
    for stage in [one for one in arguments if one != WRITE] or STAGES:
        made[stage] = fresh(stage, "one")
        if fresh(stage, "two") != made[stage]:
            findings.append(f"{stage}: two syntheses of the same sources differ")
        findings += [f"{stage}: {one}" for one in template_findings(stage, made[stage])]
    findings += paper_findings(made, is_to_write=WRITE in arguments)
    print("\n".join(findings) or "the templates have no finding without a reason")
    return 1 if findings else 0


def paper_findings(made: dict[str, Templates], *, is_to_write: bool) -> Iterator[str]:
    """Parts of the papers that the templates contradict, written anew when asked for."""
    for part, text in paper_parts(made).items():
        page = PROJECT / "docs" / PARTS[part]
        current = page.read_text(encoding="utf-8")
        expected = with_part(current, part, text)
        if current != expected and is_to_write:
            page.write_text(expected, encoding="utf-8")
        elif current != expected:
            yield f"docs/{page.name}: its {part} are not those of the templates: run with --write"


def paper_parts(made: dict[str, Templates]) -> dict[str, str]:
    """The parts that the stages at hand make: the diagram `dev`, the findings all of them."""
    parts = {"diagram": diagram_text(made["dev"], region())} if "dev" in made else {}
    if {*STAGES} <= {*made}:
        found = {stage: acknowledged_findings(OUT / f"{stage}-one") for stage in STAGES}
        parts["acknowledgements"] = acknowledgements_text(found)
    return parts


def fresh(stage: str, run: str) -> Templates:
    """The templates of a stage in an empty folder; a synth that fails ends the program."""
    folder = OUT / f"{stage}-{run}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        return synthesized(stage, folder)
    except RuntimeError as error:
        sys.exit(str(error))


def template_findings(stage: str, templates: Templates) -> Iterator[str]:
    """What cfn-lint, checkov and parliament find in templates."""
    found = {
        "cfn-lint": cfn_lint_findings(templates),
        "checkov": checkov_findings(OUT / f"{stage}-one"),
        "parliament": policy_findings(templates),
    }
    for check, findings in found.items():
        yield from (f"{check}: {one}" for one in findings if not reason_for(check, one))


def cfn_lint_findings(templates: Templates) -> Iterator[str]:
    """Findings of cfn-lint; a resource acknowledges one in its metadata."""
    for stack, template in templates.items():
        for one in lint(json.dumps(template), config=ManualArgs(regions=[region()])):
            place = "/".join(map(str, one.path))
            yield f"{stack}: {one.rule.id} {one.message} at {place}"


def checkov_findings(folder: Path) -> Iterator[str]:
    """Findings of checkov; a resource acknowledges one in its metadata, with the reason."""
    options = [
        "--framework",
        "cloudformation",
        "--output",
        "json",
        "--skip-download",
        "--quiet",
        "--compact",
    ]
    done = subprocess.run(  # noqa: S603 - a program of ours
        [*CHECKOV, "--directory", folder, *options], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    if not report.get("summary", {}).get("resource_count"):
        yield f"it found no resource in {folder.name}: it did not read the templates"
    if report.get("summary", {}).get("parsing_errors"):
        yield f"it could not read all of {folder.name}"
    for one in report.get("results", {}).get("failed_checks", []):
        yield f"{one['check_id']} {one['check_name']}: {one['file_path']} {one['resource']}"


def policy_findings(templates: Templates) -> Iterator[str]:
    """Findings of parliament in every policy document, its references resolved."""
    resolver = Resolver(templates, region())
    for stack, template in templates.items():
        for logical_id, resource in template.get("Resources", {}).items():
            for kind, document in _documents(resource.get("Properties", {})):
                policy = json.dumps(_with_texts(resolver.resolve(stack, document)))
                for one in analyze_policy_string(policy).findings:
                    yield f"{stack}: {logical_id}: {kind}: {one.issue} {one.detail}"


def _with_texts(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A policy with its numbers as texts, which IAM takes as well and parliament only."""
    if isinstance(value, dict):
        return {name: _with_texts(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_texts(item) for item in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _documents(properties: object) -> Iterator[tuple[str, object]]:
    if isinstance(properties, dict):
        for name, value in properties.items():
            if name in POLICIES:
                yield name, value
            else:
                yield from _documents(value)
    elif isinstance(properties, list):
        for item in properties:
            yield from _documents(item)


def region() -> str:
    """The region that the stages share."""
    context = json.loads((PROJECT / "cdk.json").read_text())["context"]["stages"]
    return str(context["defaults"]["region"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
