"""CloudWatch's alarms: evaluated over the metrics that were put, told to topics when they change.

Metrics are read back from the local cloud, so an alarm sees what was really put there: under the
right name, for the right dimensions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fraudlake.errors import SettingsError
from fraudlake.local.actors import DEPLOYER
from fraudlake.local.intrinsics import ACCOUNT, PARTITION
from fraudlake.local.watch.alarms_rules import ALARM, NO_DATA, OK, Verdict, verdict_on, window_end
from fraudlake.local.watch.notices import CLOUDWATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment, Resource
    from fraudlake.local.watch.notices import Publisher

_STATISTICS = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
_ACTIONS = {ALARM: "AlarmActions", OK: "OKActions", NO_DATA: "InsufficientDataActions"}


@dataclass(frozen=True, kw_only=True)
class AlarmState:
    """What an alarm is in after an evaluation, and whether it came to that by it."""

    name: str
    state: str
    reason: str
    is_new: bool


class Alarms:
    """The alarms of a deployment; each begins in INSUFFICIENT_DATA, as one just made."""

    def __init__(self, deployment: Deployment, actors: Actors, publisher: Publisher) -> None:
        """Read the alarms; SettingsError for one that cannot be evaluated here."""
        self._region = deployment.region
        self._alarms = deployment.resources("AWS::CloudWatch::Alarm")
        self._metrics = actors.client("cloudwatch", DEPLOYER)
        self._publisher = publisher
        self._states = {alarm.name: NO_DATA for alarm in self._alarms}
        for alarm in self._alarms:
            _check(alarm)

    def evaluate(self, at: datetime) -> list[AlarmState]:
        """Evaluate every alarm at a moment, and tell the topics of those that changed."""
        return [self._evaluate(alarm, at) for alarm in self._alarms]

    def _evaluate(self, alarm: Resource, at: datetime) -> AlarmState:
        before = self._states[alarm.name]
        verdict = verdict_on(alarm.properties, self._datapoints(alarm.properties, at), before)
        is_new = verdict.state != before
        if is_new:
            self._states[alarm.name] = verdict.state
            self._tell(alarm, before, verdict, at)
        return AlarmState(
            name=alarm.name, state=verdict.state, reason=verdict.reason, is_new=is_new
        )

    def _datapoints(self, written: Mapping[str, Any], at: datetime) -> list[float | None]:
        """The value of each evaluated period, the oldest first; None where there is no data."""
        period, periods = int(written["Period"]), int(written["EvaluationPeriods"])
        end = window_end(at, period * periods)
        begin = end - timedelta(seconds=period * periods)
        by_start = self._values(written, begin, end)
        return [by_start.get(begin + timedelta(seconds=period * one)) for one in range(periods)]

    def _values(
        self, written: Mapping[str, Any], begin: datetime, end: datetime
    ) -> dict[datetime, float]:
        """The values of a metric by the beginnings of their periods.

        The local cloud does not look at the namespace of a metric that has dimensions, so that is
        asked for first.
        """
        named = {"Namespace": written["Namespace"], "MetricName": written["MetricName"]}
        if not self._metrics.list_metrics(**named)["Metrics"]:
            return {}
        found = self._metrics.get_metric_data(
            MetricDataQueries=[_query(written)], StartTime=begin, EndTime=end
        )["MetricDataResults"][0]
        return dict(zip(map(_utc, found["Timestamps"]), found["Values"], strict=True))

    def _tell(self, alarm: Resource, before: str, verdict: Verdict, at: datetime) -> None:
        if not alarm.properties.get("ActionsEnabled", True):
            return
        message = json.dumps(self._message(alarm, before, verdict, at))
        for topic in alarm.properties.get(_ACTIONS[verdict.state], ()):
            self._publisher.publish(
                topic,
                message,
                service=CLOUDWATCH,
                source=self._arn(alarm.name),
                at=at,
                rule=alarm.name,
                subject=f'{verdict.state}: "{alarm.name}" in {self._region}',
            )

    def _message(
        self, alarm: Resource, before: str, verdict: Verdict, at: datetime
    ) -> dict[str, Any]:
        written = alarm.properties
        return {
            "AlarmName": alarm.name,
            "AlarmDescription": written.get("AlarmDescription"),
            "AWSAccountId": ACCOUNT,
            "NewStateValue": verdict.state,
            "NewStateReason": verdict.reason,
            "StateChangeTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000+0000}",
            "Region": self._region,
            "AlarmArn": self._arn(alarm.name),
            "OldStateValue": before,
            **{name: list(written.get(name, ())) for name in _ACTIONS.values()},
            "Trigger": _trigger(written),
        }

    def _arn(self, name: str) -> str:
        return f"arn:{PARTITION}:cloudwatch:{self._region}:{ACCOUNT}:alarm:{name}"


def put_invocation(
    actors: Actors, function: str, at: datetime, *, failed: bool = False, throttled: bool = False
) -> None:
    """Put the metrics that Lambda puts for one invocation of a function.

    A throttled call counts as neither invocation nor error.
    """
    counts = {"Throttles": int(throttled)}
    if not throttled:
        counts |= {"Invocations": 1, "Errors": int(failed)}
    dimensions = [{"Name": "FunctionName", "Value": function}]
    data = [
        {
            "MetricName": name,
            "Dimensions": dimensions,
            "Timestamp": at,
            "Value": value,
            "Unit": "Count",
        }
        for name, value in counts.items()
    ]
    actors.client("cloudwatch", DEPLOYER).put_metric_data(Namespace="AWS/Lambda", MetricData=data)


def _check(alarm: Resource) -> None:
    """Only alarms on one metric and one of the plain statistics are evaluated here."""
    written = alarm.properties
    if "MetricName" not in written or written.get("Statistic") not in _STATISTICS:
        raise SettingsError(
            f"the alarm {alarm.name} is on no single metric with one of "
            f"{', '.join(_STATISTICS)}; others are not evaluated here"
        )


def _query(written: Mapping[str, Any]) -> dict[str, Any]:
    metric = {
        "Namespace": written["Namespace"],
        "MetricName": written["MetricName"],
        "Dimensions": list(written.get("Dimensions", ())),
    }
    stat = {"Metric": metric, "Period": int(written["Period"]), "Stat": written["Statistic"]}
    unit = {"Unit": written["Unit"]} if "Unit" in written else {}
    return {"Id": "watched", "MetricStat": {**stat, **unit}}


def _trigger(written: Mapping[str, Any]) -> dict[str, Any]:
    """The metric and the threshold, as the message of an alarm names them."""
    dimensions = [
        {"value": one["Value"], "name": one["Name"]} for one in written.get("Dimensions", ())
    ]
    return {
        "MetricName": written["MetricName"],
        "Namespace": written["Namespace"],
        "StatisticType": "Statistic",
        "Statistic": str(written["Statistic"]).upper(),
        "Unit": written.get("Unit"),
        "Dimensions": dimensions,
        "Period": int(written["Period"]),
        "EvaluationPeriods": int(written["EvaluationPeriods"]),
        "DatapointsToAlarm": int(written.get("DatapointsToAlarm", written["EvaluationPeriods"])),
        "ComparisonOperator": written["ComparisonOperator"],
        "Threshold": float(written["Threshold"]),
        "TreatMissingData": written.get("TreatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": "",
    }


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
