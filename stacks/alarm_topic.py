"""The one topic that every notice of a stage goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

if TYPE_CHECKING:
    from stacks.stage import Stage

# As SNS asks of a publisher; the star covers the variant without plaintext.
_USE_OF_KEY = ["kms:Decrypt", "kms:GenerateDataKey*"]

_Conditions = dict[str, dict[str, str]]


class AlarmTopic(Construct):
    """A topic, encrypted, that takes notices over TLS from its named publishers only.

    The key is the topic's own, not the lake's: EventBridge does not say for whom it uses a key,
    so its statement cannot be narrowed, and has no place in the policy of a key that data hangs on.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: Stage) -> None:
        """Make the topic, and the e-mail subscription if the stage names an address."""
        super().__init__(scope, id_)
        self._prefix = stage.prefix
        self.key = kms.Key(
            self,
            "Key",
            alias=f"{stage.prefix}-alarms",
            description=f"Encrypts the alarm topic of fraudlake {stage.name}",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,  # notices are not kept
        )
        self.topic = sns.Topic(
            self,
            "Topic",
            topic_name=f"{stage.prefix}-alarms",
            display_name=f"fraudlake {stage.name}",
            master_key=self.key,
            enforce_ssl=True,
        )
        self._admit_publishers(with_budget=stage.monthly_budget_usd is not None)
        if stage.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(stage.alarm_email))

    def _admit_publishers(self, *, with_budget: bool) -> None:
        # AWS documents that a condition on the source account or ARN is not supported for
        # EventBridge and encrypted topics: with one, notices would be lost without a word.
        self._admit("events.amazonaws.com", {})
        self._admit("cloudwatch.amazonaws.com", self._only_from(self._alarms))
        if with_budget:
            self._admit("budgets.amazonaws.com", self._only_from(self._budgets))

    @property
    def _alarms(self) -> str:
        # The alarms of this stage; they are told the topic, so the topic cannot be told them.
        return self._arn("cloudwatch", f"alarm:{self._prefix}-*")

    @property
    def _budgets(self) -> str:
        return self._arn("budgets", "*", region="")  # the form that AWS documents for budgets

    def _arn(self, service: str, resource: str, region: str | None = None) -> str:
        return cdk.Stack.of(self).format_arn(
            service=service,
            resource=resource,
            region=region,
            arn_format=cdk.ArnFormat.NO_RESOURCE_NAME,
        )

    @staticmethod
    def _only_from(arn: str) -> _Conditions:
        return {
            "StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID},
            "ArnLike": {"aws:SourceArn": arn},
        }

    def _admit(self, service: str, conditions: _Conditions) -> None:
        publisher = iam.ServicePrincipal(service)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                principals=[publisher],
                conditions=conditions,
            )
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=_USE_OF_KEY,
                resources=["*"],  # in the policy of a key: that key
                principals=[publisher],
                conditions=conditions,
            )
        )
