"""What calls of the smaller services need: functions, logs, metrics, messages, keys, secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.permissions.needs import (
    Keys,
    Need,
    encryption_context,
    key_needs,
    named,
    unknown,
)

if TYPE_CHECKING:
    from fraudlake.local.calls import Call
    from fraudlake.local.permissions.resource_facts import ResourceFacts

_FUNCTION_CALLS = frozenset({"GetFunction", "GetFunctionConfiguration"})
_STREAM_CALLS = frozenset({"CreateLogStream", "PutLogEvents", "GetLogEvents"})
_GROUP_CALLS = frozenset(
    {
        *("AssociateKmsKey", "CreateLogGroup", "DescribeLogGroups", "DescribeLogStreams"),
        *("FilterLogEvents", "PutRetentionPolicy"),
    }
)
_METRIC_CALLS = frozenset({"GetMetricData", "GetMetricStatistics", "ListMetrics", "DescribeAlarms"})
_QUEUE_CALLS = frozenset(
    {"SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"}
)
_KEY_CALLS = frozenset(
    {"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey"}
)
# Sending a message to an encrypted topic or queue.
_SENDING = ("GenerateDataKey", "Decrypt")


def function_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call of Lambda needs."""
    function = _function(named(call, "FunctionName"), facts)
    qualifier = call.parameters.get("Qualifier")
    arn = f"{function}:{qualifier}" if qualifier else function
    if call.operation == "Invoke":
        return [Need("lambda:InvokeFunction", arn)]
    if call.operation in _FUNCTION_CALLS:
        return [Need(f"lambda:{call.operation}", arn)]
    raise unknown(call)


def log_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call of CloudWatch Logs needs; it checks groups as if a stream were named."""
    if call.operation not in _STREAM_CALLS | _GROUP_CALLS:
        raise unknown(call)
    names = call.parameters
    group = names.get("logGroupName", names.get("logGroupNamePrefix", ""))
    stream = names.get("logStreamName", "") if call.operation in _STREAM_CALLS else ""
    path = f"log-group:{group}:log-stream:{stream}"
    return [Need(f"logs:{call.operation}", facts.arn("logs", path))]


def cloudwatch_needs(call: Call, facts: ResourceFacts) -> list[Need]:  # noqa: ARG001 - as the others
    """What a call of CloudWatch needs: its metrics are no resources, their namespace is a key."""
    if call.operation == "PutMetricData":
        return [Need(_action(call), "*", {"cloudwatch:namespace": (named(call, "Namespace"),)})]
    if call.operation in _METRIC_CALLS:
        return [Need(_action(call), "*")]
    raise unknown(call)


def topic_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call of SNS needs."""
    if call.operation != "Publish":
        raise unknown(call)
    topic = named(call, "TopicArn", "TargetArn")
    key = facts.topic_key(topic)
    context = encryption_context("aws:sns:topicArn", topic)
    return [Need(_action(call), topic), *(_of_key(key, "sns", context))]


def queue_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call of SQS needs."""
    if call.operation not in _QUEUE_CALLS:
        raise unknown(call)
    name = named(call, "QueueUrl", "QueueName").rsplit("/", 1)[-1]
    arn = facts.arn("sqs", name)
    sends = call.operation == "SendMessage"
    return [Need(_action(call), arn), *_of_key(facts.queue_key(arn) if sends else None, "sqs", {})]


def key_service_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a direct call of KMS needs."""
    if call.operation not in _KEY_CALLS:
        raise unknown(call)
    entries = call.parameters.get("EncryptionContext", {}).items()
    keys = {f"kms:encryptioncontext:{name.lower()}": (str(value),) for name, value in entries}
    return [Need(_action(call), facts.key_arn(named(call, "KeyId")), keys)]


def secret_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call of Secrets Manager needs."""
    if call.operation not in ("GetSecretValue", "DescribeSecret"):
        raise unknown(call)
    arn, key = facts.secret(named(call, "SecretId"))
    need = Need(_action(call), arn, {"secretsmanager:secretid": (arn,)})
    if key is None or call.operation == "DescribeSecret":
        return [need]
    context = encryption_context("SecretARN", arn)
    return [need, *key_needs(key, "secretsmanager", ("Decrypt",), context)]


def event_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call of EventBridge needs."""
    if call.operation != "PutEvents":
        raise unknown(call)
    buses = {str(one.get("EventBusName", "default")) for one in call.parameters["Entries"]}
    return [
        Need("events:PutEvents", facts.arn("events", f"event-bus/{bus.rsplit('/', 1)[-1]}"))
        for bus in sorted(buses)
    ]


def database_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a log-in at a database needs: `connect`, with `DbiResourceId` and `DBUser`."""
    if call.operation != "connect":
        raise unknown(call)
    user = f"{named(call, 'DbiResourceId')}/{named(call, 'DBUser')}"
    return [Need("rds-db:connect", facts.arn("rds-db", f"dbuser:{user}"))]


def _of_key(key: str | None, through: str, context: Keys) -> list[Need]:
    return [] if key is None else key_needs(key, through, _SENDING, context)


def _function(name: str, facts: ResourceFacts) -> str:
    """The ARN of a function that is named by name, by `account:function:name`, or by ARN."""
    if name.startswith("arn:"):
        return name
    return facts.arn("lambda", f"function:{name.rsplit('function:', 1)[-1]}")


def _action(call: Call) -> str:
    return f"{call.service}:{call.operation}"
