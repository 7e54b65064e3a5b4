"""Who is told when a night fails, or does not happen: failure rules, alarms, budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

from glue_jobs.metrics import COMMITTED_RUNS
from stacks.alarm_topic import AlarmTopic
from stacks.dashboard import Watched, run_metric, show_dashboard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from stacks.ingest import IngestStack
    from stacks.lake import LakeStack
    from stacks.scoring import ScoringStack
    from stacks.stage import Stage

# A day, and two hours that a night may be later than the one before.
HOURS_WITHOUT_RUN = 26
# A long weekend; after seven days without rates transactions are set aside.
HOURS_WITHOUT_RATES = 96
# Shares of the monthly budget, in percent: spent, and expected to be spent.
BUDGET_SPENT, BUDGET_FORECAST = 80, 100

_FIVE_MINUTES = cdk.Duration.minutes(5)
_GUIDE = "docs/operations.md"


class MonitoringStack(cdk.Stack):
    """Everything that tells a person; it watches the other stacks, and none depends on it."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        *,
        lake: LakeStack,
        ingest: IngestStack,
        scoring: ScoringStack,
    ) -> None:
        """Watch the jobs, crawlers, functions and runs of a stage."""
        super().__init__(
            scope,
            f"{stage.prefix}-monitoring",
            env=cdk.Environment(region=stage.region),
            description=f"fraudlake {stage.name}: failure notices, alarms, dashboard, budget",
        )
        self._stage = stage
        self.topic = AlarmTopic(self, "Alarms", stage=stage).topic
        jobs = [scoring.extract_job, scoring.score_job]
        crawlers = [
            ingest.blacklist_crawler,
            scoring.raw_crawler,
            scoring.curated_crawler,
            scoring.rerun_crawler,
        ]
        watched = Watched(
            alarms=tuple(self._alarms(ingest)),
            functions=(ingest.extract, ingest.rates),
            score_job=scoring.score_job,
            buckets=(lake.raw, lake.curated),
            rules=(self._tell_failed_jobs(jobs), self._tell_failed_crawlers(crawlers)),
            topic=self.topic,
        )
        show_dashboard(self, stage, watched)
        self._limit_cost()
        cdk.CfnOutput(self, "AlarmTopic", value=self.topic.topic_arn)

    def _tell_failed_jobs(self, jobs: Sequence[str]) -> events.Rule:
        state = events.EventField.from_path("$.detail.state")
        notice = {
            "summary": f"Glue job {events.EventField.from_path('$.detail.jobName')}: {state}",
            "reason": events.EventField.from_path("$.detail.message"),
            "job_run": events.EventField.from_path("$.detail.jobRunId"),
            "time": events.EventField.time,
            "what_to_do": f"{_GUIDE}, A job failed",
        }
        # STOPPED is told too: who stops a job by hand has stopped the night.
        detail = {"jobName": jobs, "state": ["FAILED", "TIMEOUT", "STOPPED", "ERROR"]}
        return self._tell("job-failed", "Glue Job State Change", detail, notice)

    def _tell_failed_crawlers(self, crawlers: Sequence[str]) -> events.Rule:
        name = events.EventField.from_path("$.detail.crawlerName")
        notice = {
            "summary": f"Glue crawler {name}: Failed",
            "reason": events.EventField.from_path("$.detail.errorMessage"),
            "log": events.EventField.from_path("$.detail.cloudWatchLogLink"),
            "time": events.EventField.time,
            "what_to_do": f"{_GUIDE}, A crawler failed",
        }
        detail = {"crawlerName": crawlers, "state": ["Failed"]}
        return self._tell("crawler-failed", "Glue Crawler State Change", detail, notice)

    def _tell(
        self,
        name: str,
        detail_type: str,
        detail: Mapping[str, Sequence[str]],
        notice: Mapping[str, str],
    ) -> events.Rule:
        """Publish a notice of each event; as an object, so that quotes in a reason do no harm."""
        message = events.RuleTargetInput.from_object(dict(notice))
        return events.Rule(
            self,
            name,
            rule_name=f"{self._stage.prefix}-{name}",
            event_pattern=events.EventPattern(
                source=["aws.glue"], detail_type=[detail_type], detail=dict(detail)
            ),
            targets=[targets.SnsTopic(self.topic, message=message)],
        )

    def _alarms(self, ingest: IngestStack) -> list[cloudwatch.Alarm]:
        return [
            self._silence(
                "no-committed-run",
                run_metric(self._stage, COMMITTED_RUNS),
                hours=HOURS_WITHOUT_RUN,
                meaning="No run was committed",
            ),
            self._silence(
                "rates-not-called",
                ingest.rates.metric_invocations(),
                hours=HOURS_WITHOUT_RATES,
                meaning="The rates function was not called",
            ),
            *self._function_alarms("extract", ingest.extract),
            *self._function_alarms("rates", ingest.rates),
            self._alarm(
                "rates-given-up",
                ingest.rates_dead_letters.metric_approximate_number_of_messages_visible(
                    period=_FIVE_MINUTES, statistic="Maximum"
                ),
                "The rates function failed at every attempt of a scheduled call.",
            ),
        ]

    def _function_alarms(self, name: str, function: lambda_.IFunction) -> list[cloudwatch.Alarm]:
        errors = function.metric_errors(period=_FIVE_MINUTES, statistic="Sum")
        throttles = function.metric_throttles(period=_FIVE_MINUTES, statistic="Sum")
        return [
            self._alarm(f"{name}-errors", errors, f"A call of the {name} function failed."),
            self._alarm(
                f"{name}-throttled",
                throttles,
                f"A call of the {name} function was refused for want of concurrency.",
            ),
        ]

    def _alarm(self, name: str, metric: cloudwatch.Metric, meaning: str) -> cloudwatch.Alarm:
        """Alarm on one or more of what should never happen."""
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self._stage.prefix}-{name}",
            alarm_description=f"{meaning} See {_GUIDE}, {name}.",
            metric=metric,
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        return alarm

    def _silence(
        self, name: str, metric: cloudwatch.Metric, *, hours: int, meaning: str
    ) -> cloudwatch.Alarm:
        """Alarm when hours pass without what should happen; nobody is told before the schedule.

        The alarm has another name while nothing is scheduled. So switching the schedule on makes a
        new alarm, which tells at once if there is nothing; the old one would be in alarm already,
        and what does not change is not told, not even the night that never comes.
        """
        full_name = name if self._stage.is_scheduled else f"{name}-unscheduled"
        alarm = cloudwatch.Alarm(
            self,
            full_name,
            alarm_name=f"{self._stage.prefix}-{full_name}",
            alarm_description=f"{meaning} for {hours} hours. See {_GUIDE}, {name}.",
            # With periods of an hour an alarm may look back seven days; with shorter ones, one.
            metric=metric.with_(period=cdk.Duration.hours(1), statistic="Sum"),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=hours,
            datapoints_to_alarm=hours,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
            actions_enabled=self._stage.is_scheduled,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))
        return alarm

    def _limit_cost(self) -> None:
        """Budget the whole account: one for a tag counts nothing until billing knows the tag."""
        if self._stage.monthly_budget_usd is None:
            return
        spent = self._budget_notice("ACTUAL", BUDGET_SPENT)
        forecast = self._budget_notice("FORECASTED", BUDGET_FORECAST)
        budget = budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"{self._stage.prefix}-monthly",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(
                    amount=self._stage.monthly_budget_usd, unit="USD"
                ),
            ),
            notifications_with_subscribers=[spent, forecast],
        )
        # Its subscription is refused while the topic does not let it publish.
        budget.node.add_dependency(self.topic.node.find_child("Policy"))

    def _budget_notice(
        self, kind: str, percent: int
    ) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
        return budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[
                budgets.CfnBudget.SubscriberProperty(
                    subscription_type="SNS", address=self.topic.topic_arn
                )
            ],
        )
