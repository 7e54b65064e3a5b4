"""What a run of a job is told, and how long it may take, by Glue's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.engine.steps import Origin

# Minutes, of jobs that name none: Glue 5.0 and later, and before.
_DEFAULT_TIMEOUT, _OLD_DEFAULT_TIMEOUT = 480, 2880
_FIRST_OF_THE_NEW = 5


def merged_arguments(
    properties: Mapping[str, Any], given: Mapping[str, str], origin: Origin
) -> dict[str, str]:
    """The arguments of a run: the job's own, those given, the workflow's, those nobody changes."""
    of_workflow = {"--WORKFLOW_NAME": origin.workflow, "--WORKFLOW_RUN_ID": origin.run_id}
    merged = {
        **properties.get("DefaultArguments", {}),
        **given,
        **(of_workflow if origin.run_id else {}),
        **properties.get("NonOverridableArguments", {}),
    }
    return {name: str(value) for name, value in merged.items()}


def default_timeout(properties: Mapping[str, Any]) -> int:
    """The time limit, in minutes, of a job that names none."""
    version = float(properties.get("GlueVersion", 0))
    is_new = properties["Command"]["Name"] == "glueetl" and version >= _FIRST_OF_THE_NEW
    return _DEFAULT_TIMEOUT if is_new else _OLD_DEFAULT_TIMEOUT
