"""Makes what watches a deployment and tells of it: logs, topics, queues, rules, alarms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fraudlake.local.provisioning.site import only

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.deployment import Resource
    from fraudlake.local.provisioning.site import Site


def make_log_group(resource: Resource, site: Site) -> None:
    """Make a log group, its key and how long it keeps what it gets."""
    properties = only(resource, {"KmsKeyId", "LogGroupName", "RetentionInDays", "Tags"})
    logs = site.client("logs")
    key = {"kmsKeyId": properties["KmsKeyId"]} if "KmsKeyId" in properties else {}
    logs.create_log_group(logGroupName=resource.name, tags=_tags(properties), **key)
    if days := properties.get("RetentionInDays"):
        logs.put_retention_policy(logGroupName=resource.name, retentionInDays=days)


def make_topic(resource: Resource, site: Site) -> None:
    """Make an SNS topic."""
    properties = only(resource, {"DisplayName", "KmsMasterKeyId", "Tags", "TopicName"})
    attributes = {
        name: properties[name] for name in ("DisplayName", "KmsMasterKeyId") if name in properties
    }
    site.client("sns").create_topic(
        Name=resource.name, Attributes=attributes, Tags=properties.get("Tags", [])
    )


def make_topic_policy(resource: Resource, site: Site) -> None:
    """Put the policy of SNS topics."""
    properties = only(resource, {"PolicyDocument", "Topics"})
    for topic in properties["Topics"]:
        site.client("sns").set_topic_attributes(
            TopicArn=topic,
            AttributeName="Policy",
            AttributeValue=json.dumps(properties["PolicyDocument"]),
        )


def make_subscription(resource: Resource, site: Site) -> None:
    """Subscribe an address to a topic; nothing is sent to it."""
    site.client("sns").subscribe(**only(resource, {"Endpoint", "Protocol", "TopicArn"}))


def make_queue(resource: Resource, site: Site) -> None:
    """Make an SQS queue."""
    attributes = {
        name: _as_text(value)
        for name, value in resource.properties.items()
        if name not in {"QueueName", "Tags"}
    }
    site.client("sqs").create_queue(
        QueueName=resource.name, Attributes=attributes, tags=_tags(resource.properties)
    )


def make_queue_policy(resource: Resource, site: Site) -> None:
    """Put the policy of SQS queues."""
    properties = only(resource, {"PolicyDocument", "Queues"})
    policy = {"Policy": json.dumps(properties["PolicyDocument"])}
    sqs = site.client("sqs")
    for queue in properties["Queues"]:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)


def make_rule(resource: Resource, site: Site) -> None:
    """Make an EventBridge rule with its targets."""
    written = {**resource.properties, "Name": resource.name}
    targets = written.pop("Targets", [])
    if "EventPattern" in written:
        written["EventPattern"] = json.dumps(written["EventPattern"])
    events = site.client("events")
    events.put_rule(**written)
    if targets:
        events.put_targets(Rule=resource.name, Targets=targets)


def make_alarm(resource: Resource, site: Site) -> None:
    """Make a CloudWatch alarm."""
    site.client("cloudwatch").put_metric_alarm(**resource.properties)


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a resource as some services take them."""
    return {one["Key"]: one["Value"] for one in properties.get("Tags", ())}


def _as_text(value: Any) -> str:  # noqa: ANN401 - any attribute of a queue
    return value if isinstance(value, str) else json.dumps(value)
