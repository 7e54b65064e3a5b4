"""Where a function runs: its unpacked zip, its variables, its limits, the packages around it."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraudlake.errors import SettingsError
from fraudlake.local import runtimes
from fraudlake.local.functions.ends import Limits

if TYPE_CHECKING:
    from fraudlake.local.deployment import Resource

# Where Lambda unpacks a zip; paths below it, in a template's variables, are led to where it is.
TASK_ROOT = "/var/task"
VERSION = "$LATEST"
_PATH = "/usr/local/bin:/usr/bin:/bin"


def unpacked(code: Path, work: Path) -> Path:
    """The folder with what is in a zip, below `work`, named after its content; made once."""
    home = work / f"code-{hashlib.sha256(code.read_bytes()).hexdigest()[:12]}"
    if not home.is_dir():
        # Made aside and moved, for two calls may need it at once, and one may be interrupted.
        aside = Path(tempfile.mkdtemp(prefix=".code-", dir=work))
        with zipfile.ZipFile(code) as archive:
            archive.extractall(aside)
        try:
            aside.rename(home)
        except OSError:  # another was quicker
            shutil.rmtree(aside)
    return home


def packages_of(function: Resource) -> list[str]:
    """What is around a function's zip; SettingsError for a runtime or layer not known here."""
    runtime = function.properties.get("Runtime", "")
    if not runtime.startswith("python"):
        raise SettingsError(
            f"{function.name} runs on {runtime or 'an image'}; only Python is played"
        )
    layers = function.properties.get("Layers", [])
    return [*runtimes.FUNCTION, *(one for arn in layers for one in runtimes.layer_packages(arn))]


def limits_of(function: Resource) -> Limits:
    """Time and memory of a function; without the template's word those that Lambda takes."""
    return Limits(
        seconds=float(function.properties.get("Timeout", 3)),
        memory_mb=int(function.properties.get("MemorySize", 128)),
    )


def variables_of(function: Resource, task: Path) -> dict[str, str]:
    """The environment that Lambda and the template give a function unpacked at `task`."""
    told = function.properties.get("Environment", {}).get("Variables", {})
    return {
        **{name: str(value).replace(TASK_ROOT, str(task)) for name, value in told.items()},
        **_own_variables(function),
        "LAMBDA_TASK_ROOT": str(task),
    }


def _own_variables(function: Resource) -> dict[str, str]:
    properties = function.properties
    logs: dict[str, Any] = properties.get("LoggingConfig", {})
    return {
        "_HANDLER": properties["Handler"],
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{properties['Runtime']}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(limits_of(function).memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": VERSION,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": logs.get("LogFormat", "Text"),
        "AWS_LAMBDA_LOG_GROUP_NAME": logs.get("LogGroup", f"/aws/lambda/{function.name}"),
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{datetime.now(UTC):%Y/%m/%d}/[{VERSION}]local",
        "LANG": "en_US.UTF-8",
        "PATH": _PATH,
        "TZ": ":UTC",
    }
