"""A few resources, and what calls about them need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.calls import Call
from fraudlake.local.permissions.calls_need import needs_of
from fraudlake.local.permissions.resource_facts import ResourceFacts
from tests.local.tiny_templates import KEY, bucket, deployment_of

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.permissions.needs import Need


def facts_of(tmp_path: Path) -> ResourceFacts:
    return ResourceFacts(
        deployment_of(
            tmp_path,
            Lake=bucket(key=KEY),
            Plain=bucket("plain"),
            Alias=("AWS::KMS::Alias", {"AliasName": "alias/lake", "TargetKeyId": KEY}),
            Topic=("AWS::SNS::Topic", {"TopicName": "alarms", "KmsMasterKeyId": KEY}),
            Group=("AWS::Athena::WorkGroup", {"Name": "analysts"}),
            Secret=("AWS::SecretsManager::Secret", {"Name": "db", "KmsKeyId": "alias/lake"}),
        )
    )


def needs(facts: ResourceFacts, service: str, operation: str, **parameters: object) -> list[Need]:
    call = Call(role="reader", service=service, operation=operation, parameters=parameters)
    return needs_of(call, facts)


def named(found: list[Need]) -> list[str]:
    return [str(one) for one in found]
