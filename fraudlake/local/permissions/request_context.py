"""The condition keys that AWS sends with a request, as far as they are known beforehand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fraudlake.local.intrinsics import ACCOUNT
from fraudlake.local.permissions.iam_conditions import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.permissions.needs import Need
    from fraudlake.local.permissions.policies import Caller, Endpoint
    from fraudlake.local.permissions.resource_facts import ResourceFacts

# Keys that AWS sends with some requests; where nothing is known to send them, they are absent.
_ABSENT = (
    *("aws:multifactorauthage", "aws:multifactorauthpresent", "aws:principalarn"),
    *("aws:principalservicename", "aws:principaltype", "aws:sourceaccount", "aws:sourcearn"),
    *("aws:sourcevpc", "aws:sourcevpce", "cloudwatch:namespace", "kms:encryptioncontextkeys"),
    *("kms:grantisforawsresource", "kms:viaservice", "lambda:sourcefunctionarn", "s3:delimiter"),
    *("s3:if-match", "s3:if-none-match", "s3:max-keys", "s3:prefix", "s3:versionid"),
    *("s3:x-amz-acl", "s3:x-amz-copy-source", "s3:x-amz-server-side-encryption"),
    *("s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-storage-class"),
    "secretsmanager:secretid",
)
# Services whose encryption contexts are known in full, so that other entries are absent.
_KNOWN_CONTEXTS = frozenset({"", "s3", "sns"})
_TLS = "1.2"  # the least that AWS speaks


def context_of_role(
    caller: Caller, endpoint: Endpoint | None, need: Need, facts: ResourceFacts
) -> Context:
    """The keys of a call by a role, through an endpoint if there is one."""
    keys = {
        "aws:principalarn": (caller.arn,) if caller.arn else (),
        "aws:principaltype": ("AssumedRole",),
        "aws:principalisawsservice": ("false",),
        "aws:viaawsservice": ("true" if need.through else "false",),
        **{f"aws:principaltag/{key.lower()}": (value,) for key, value in caller.tags.items()},
    }
    if len(caller.functions) == 1:
        keys["lambda:sourcefunctionarn"] = (caller.functions[0].arn,)
    if endpoint is not None:
        keys |= {"aws:sourcevpc": (endpoint.vpc,), "aws:sourcevpce": (endpoint.name,)}
    return _context(keys, need, facts, families=("aws:principaltag/",))


def context_of_service(service: str, source_arn: str, need: Need, facts: ResourceFacts) -> Context:
    """The keys of a call that a service makes on its own account, for `source_arn` if it says."""
    keys = {
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (service,),
        "aws:viaawsservice": ("false",),
    }
    if source_arn:
        keys |= {"aws:sourcearn": (source_arn,), "aws:sourceaccount": (ACCOUNT,)}
    return _context(keys, need, facts, families=())


def _context(
    keys: Mapping[str, tuple[str, ...]],
    need: Need,
    facts: ResourceFacts,
    *,
    families: tuple[str, ...],
) -> Context:
    absent: dict[str, tuple[str, ...]] = dict.fromkeys(_ABSENT, ())
    known = need.through in _KNOWN_CONTEXTS
    entries = ("kms:encryptioncontext:",) if known else ()
    found = {**absent, **_of_every_request(facts), **_of_keys(need, facts), **keys, **need.keys}
    return Context(found, (*families, *entries))


def _of_every_request(facts: ResourceFacts) -> dict[str, tuple[str, ...]]:
    """Keys that every request has; the traffic is taken to be as it is in AWS, over TLS."""
    now = datetime.now(UTC)
    return {
        "aws:currenttime": (now.isoformat(),),
        "aws:epochtime": (str(int(now.timestamp())),),
        "aws:principalaccount": (ACCOUNT,),
        "aws:requestedregion": (facts.region,),
        "aws:resourceaccount": (ACCOUNT,),
        "aws:securetransport": ("true",),
        "s3:authtype": ("REST-HEADER",),
        "s3:resourceaccount": (ACCOUNT,),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
        "s3:tlsversion": (_TLS,),
    }


def _of_keys(need: Need, facts: ResourceFacts) -> dict[str, tuple[str, ...]]:
    """Keys that KMS knows of a request."""
    found: dict[str, tuple[str, ...]] = {"kms:calleraccount": (ACCOUNT,)}
    if need.through:
        found["kms:viaservice"] = (f"{need.through}.{facts.region}.amazonaws.com",)
    return found
