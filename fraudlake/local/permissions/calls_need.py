"""What each call of AWS's APIs needs in IAM, service by service.

The tables know the calls that the pipeline and those who look after it make. A call that no table
knows is refused by its name rather than let through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.permissions.data import athena_needs, glue_needs
from fraudlake.local.permissions.needs import Need, Rule, unknown
from fraudlake.local.permissions.s3 import s3_needs
from fraudlake.local.permissions.services import (
    cloudwatch_needs,
    database_needs,
    event_needs,
    function_needs,
    key_service_needs,
    log_needs,
    queue_needs,
    secret_needs,
    topic_needs,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.calls import Call
    from fraudlake.local.permissions.resource_facts import ResourceFacts

_EVERYBODYS = frozenset({("sts", "GetCallerIdentity")})
_RULES: Mapping[str, Rule] = {
    "athena": athena_needs,
    "cloudwatch": cloudwatch_needs,
    "events": event_needs,
    "glue": glue_needs,
    "kms": key_service_needs,
    "lambda": function_needs,
    "logs": log_needs,
    "rds-db": database_needs,
    "s3": s3_needs,
    "secretsmanager": secret_needs,
    "sns": topic_needs,
    "sqs": queue_needs,
}


def needs_of(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call needs; nothing for the few calls that everybody may make.

    Raises:
        PolicyProblem: a call that no table knows, or one that does not name its resource.
    """
    if (call.service, call.operation) in _EVERYBODYS:
        return []
    rule = _RULES.get(call.service)
    if rule is None:
        raise unknown(call)
    return rule(call, facts)
