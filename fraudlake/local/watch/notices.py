"""Who is told when a night fails: events of Glue, the rules that match them, the topics.

Nothing is published that AWS would not publish: the policies of the topic and of its key must
let the service that publishes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fraudlake.errors import SettingsError
from fraudlake.local.actors import DEPLOYER
from fraudlake.local.watch.notices_events import glue_event
from fraudlake.local.watch.notices_rules import check_pattern, matches, message_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment, Resource
    from fraudlake.local.engine.steps import StateChange

EVENTS, CLOUDWATCH = "events.amazonaws.com", "cloudwatch.amazonaws.com"
# Whether a service may publish to a topic: the topic's ARN, the service, the ARN of the rule or
# alarm in whose name it does.
MayPublish = Callable[[str, str, str], bool]
_SUBJECT_LENGTH = 100


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message that was published to a topic, and the rule or alarm that sent it."""

    topic: str
    message: str
    at: datetime
    rule: str


@dataclass(frozen=True, kw_only=True)
class Undelivered:
    """A message that a rule or alarm had, and that did not reach its target: why."""

    target: str
    message: str
    at: datetime
    rule: str
    reason: str


class Publisher:
    """Publishes to topics in the name of a service, and keeps what was published."""

    def __init__(self, actors: Actors, may_publish: MayPublish) -> None:
        """Publish through the local cloud, where `may_publish` lets the service."""
        self._topics = actors.client("sns", DEPLOYER)
        self._may_publish = may_publish
        self._lock = threading.Lock()
        self.notices: list[Notice] = []
        self.undelivered: list[Undelivered] = []

    def publish(  # noqa: PLR0913 - by keyword
        self,
        topic: str,
        message: str,
        *,
        service: str,
        source: Resource | str,
        at: datetime,
        rule: str,
        subject: str | None = None,
    ) -> None:
        """Publish a message as a service does for a rule or alarm, whose ARN is `source`."""
        arn = source if isinstance(source, str) else source.arn
        if not self._may_publish(topic, service, arn):
            reason = f"no policy of {topic} (or of its key) lets {service} publish for {arn}"
            self.fail(topic, message, at=at, rule=rule, reason=reason)
            return
        titled = {"Subject": subject[:_SUBJECT_LENGTH]} if subject else {}
        self._topics.publish(TopicArn=topic, Message=message, **titled)
        with self._lock:
            self.notices.append(Notice(topic=topic, message=message, at=at, rule=rule))

    def fail(self, target: str, message: str, *, at: datetime, rule: str, reason: str) -> None:
        """Keep a message that cannot be delivered."""
        lost = Undelivered(target=target, message=message, at=at, rule=rule, reason=reason)
        with self._lock:
            self.undelivered.append(lost)


class Notices:
    """The rules of a deployment that match events."""

    def __init__(self, deployment: Deployment, publisher: Publisher) -> None:
        """Read the enabled rules; SettingsError for a pattern that cannot be matched here."""
        self._deployment, self._publisher = deployment, publisher
        self._rules = [
            rule
            for rule in deployment.resources("AWS::Events::Rule")
            if "EventPattern" in rule.properties and rule.properties.get("State") != "DISABLED"
        ]
        for rule in self._rules:
            check_pattern(rule)

    def tell(self, change: StateChange) -> None:
        """Send the event of a change of Glue's to the targets of the rules that match it."""
        crawlers = self._deployment.resources("AWS::Glue::Crawler")
        crawler = next((one.properties for one in crawlers if one.name == change.name), None)
        event = glue_event(change, self._deployment.region, crawler)
        if event is not None:
            self.send(event, change.at)

    def send(self, event: Mapping[str, Any], at: datetime) -> None:
        """Send any event to the targets of the rules that match it."""
        for rule, target in self._targets(event):
            self._deliver(rule, target, event, at)

    def _targets(self, event: Mapping[str, Any]) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
        for rule in self._rules:
            if matches(rule.properties["EventPattern"], event):
                for target in rule.properties.get("Targets", ()):
                    yield rule, target

    def _deliver(
        self, rule: Resource, target: Mapping[str, Any], event: Mapping[str, Any], at: datetime
    ) -> None:
        arn, message = str(target["Arn"]), ""
        try:
            message = message_of(target, event, rule)
            _check_is_topic(arn)
        except SettingsError as error:
            self._publisher.fail(arn, message, at=at, rule=rule.name, reason=str(error))
            return
        self._publisher.publish(arn, message, service=EVENTS, source=rule, at=at, rule=rule.name)


def _check_is_topic(arn: str) -> None:
    if arn.split(":")[2] != "sns":
        raise SettingsError(f"{arn} is no topic; other targets of events are not played here")
