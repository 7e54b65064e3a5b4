"""Findings of the checks that are accepted: at a construct, or everywhere, each with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import IConstruct


@dataclass(frozen=True)
class Accepted:
    """Findings of a check whose text fits a pattern, and why they are no fault."""

    check: str
    pattern: str
    reason: str


ACCEPTED = (
    Accepted(
        "cfn-lint",
        r"W3005 '\w+Role\w+' dependency already enforced",
        "The CDK writes the dependency of a function on its role twice; it does no harm.",
    ),
    Accepted(
        "parliament",
        r"AssumeRolePolicyDocument: MALFORMED Statement contains neither Resource nor",
        "A trust policy has no resource: it belongs to its role.",
    ),
    Accepted(
        "parliament",
        r"KeyPolicy: RESOURCE_STAR",
        "In the policy of a key the star is that key.",
    ),
    Accepted(
        "parliament",
        r"MISMATCHED_TYPE .*s3:TlsVersion requires a value of type Numeric but given \['1\.2'\]",
        "parliament takes whole numbers only; 1.2 is the least version of TLS that is let in.",
    ),
    Accepted(
        "parliament",
        r"KeyPolicy: (UNKNOWN_CONDITION_FOR_ACTION .*aws:logs:arn|MISMATCHED_TYPE .*ArnLike)",
        "CloudWatch Logs documents this very condition for the policy of a key.",
    ),
    Accepted(
        "parliament",
        r"UNKNOWN_CONDITION_FOR_ACTION Unknown condition lambda:SourceFunctionArn",
        "Lambda documents it to keep a function's own code from rights that only Lambda needs.",
    ),
    Accepted(
        "parliament",
        r"UNKNOWN_CONDITION_FOR_ACTION Unknown condition s3:TlsVersion for action s3:(Init|PutAcc)",
        "All of S3 is denied to old TLS; two of its actions do not know the version.",
    ),
    Accepted(
        "parliament",
        r"RESOURCE_MISMATCH \[\{'action': 'ec2:AssignPrivateIpAddresses'",
        "AWS documents the resource */* of the region and account for a function's interfaces.",
    ),
)


def accept_findings(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings of cdk-nag and checkov at a construct, each by its name and with a reason."""
    skipped = [
        {"id": rule, "comment": why} for rule, why in reasons.items() if rule.startswith("CKV")
    ]
    made = construct.node.default_child
    if skipped and isinstance(made, cdk.CfnResource):
        made.add_metadata("checkov", {"skip": skipped})
    for rule, why in reasons.items():
        if not rule.startswith("CKV"):
            finding = cdk.Acknowledgment(id=rule, reason=why)
            cdk.Validations.of(construct).acknowledge(finding)


def reason_for(check: str, finding: str) -> str | None:
    """Why a finding is accepted, None if it is not."""
    fitting = (one for one in ACCEPTED if one.check == check and re.search(one.pattern, finding))
    return next((one.reason for one in fitting), None)
