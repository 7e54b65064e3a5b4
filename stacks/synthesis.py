"""Synthesizes a stage as the CDK's command line does: `app.py`, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
EXAMPLE = PROJECT / "stacks" / "prod_example.json"
# Nothing of the caller's AWS set-up may reach a synth.
_NO_AWS = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}

Templates = dict[str, dict[str, Any]]


def synthesized(stage: str, folder: Path) -> Templates:
    """The templates of a stage by stack, written to a folder with what belongs to them.

    Raises:
        RuntimeError: the synth failed; it has the synth's own words.
    """
    told = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context(stage))}
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        env={**os.environ, **_NO_AWS, **told},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = f"{done.stdout[-20_000:]}{done.stderr[-20_000:]}"
        raise RuntimeError(f"{stage}: the synth failed\n{words}")
    found = sorted(folder.glob("*.template.json"))
    return {path.name.split(".")[0]: json.loads(path.read_text()) for path in found}


def context(stage: str) -> dict[str, Any]:
    """What the CDK's command line would hand to the app: cdk.json, and the stage that is named.

    `prod` uses the database of prod_example.json as long as cdk.json names none for it.
    """
    read: dict[str, Any] = json.loads((PROJECT / "cdk.json").read_text())["context"]
    stages = dict(read["stages"])
    if "source" not in stages["prod"]:
        stages["prod"] = {**stages["prod"], **json.loads(EXAMPLE.read_text())}
    return {**read, "stages": stages, "stage": stage}
