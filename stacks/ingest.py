"""What brings data into the raw bucket: the blacklist extract with its crawler, and the rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from fraudlake.input_tables import BLACKLIST, FX_RATES
from fraudlake.rules.file import read_rule_file
from stacks.accepted import accept_findings
from stacks.assets import function_zip
from stacks.crawlers import catalog_crawler, crawler_role
from stacks.endpoints import blacklist_crawler
from stacks.functions import ShippedFunction, allow_key
from stacks.glue_roles import glue_arn
from stacks.rights import allow, objects_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from stacks.lake import LakeStack
    from stacks.network import NetworkStack
    from stacks.source import Source, SourceStack
    from stacks.stage import Stage

CA_FILE = "/var/task/lambdas/blacklist_extract/rds-ca.pem"
CONTROL = "control/blacklist"


class IngestStack(cdk.Stack):
    """The functions that feed the lake.

    Attributes:
        extract: puts a blacklist snapshot in force and starts `blacklist_crawler`; called by
            the night's first job, which waits for its answer.
        rates: fetches the ECB's rates, on a schedule; what it could not do twice again lies
            in `rates_dead_letters`.
        blacklist_crawler: name of the crawler that registers a snapshot.
    """

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        *,
        lake: LakeStack,
        network: NetworkStack,
        source: SourceStack,
    ) -> None:
        """Make what feeds the lake of a stage."""
        super().__init__(
            scope,
            f"{stage.prefix}-ingest",
            env=cdk.Environment(region=stage.region),
            description="fraudlake: the blacklist extract, its crawler, and the currency rates",
        )
        self._stage, self._lake = stage, lake
        self.blacklist_crawler = self._crawler()
        self.extract = self._extract(network, source)
        self.rates_dead_letters = self._dead_letters()
        self.rates = self._rates()
        self._schedule_rates()

    def _crawler(self) -> str:
        lake, name = self._lake, blacklist_crawler(self._stage)
        role = crawler_role(
            self,
            "CrawlerRole",
            stage=self._stage,
            part="crawl-blacklist",
            bucket=lake.raw,
            key=lake.key,
            database=lake.raw_database,
            tables=[BLACKLIST.name],
            security_configuration=lake.security_configuration,
        )
        catalog_crawler(
            self,
            "Crawler",
            name=name,
            role=role,
            database=lake.raw_database,
            tables=[BLACKLIST.name],
            security_configuration=lake.security_configuration,
        )
        return name

    def _extract(self, network: NetworkStack, source: SourceStack) -> lambda_.Function:
        shipped = ShippedFunction(
            self,
            "Extract",
            stage=self._stage,
            folder="blacklist_extract",
            description="Puts the blacklist of the MySQL database in force as one snapshot",
            code=function_zip(
                "blacklist_extract",
                core=["errors", "identity", "input_tables"],
                packages=["pymysql"],
            ),
            key=self._lake.key,
            network=network,
            accepts={"CKV_AWS_116": "called synchronously: the caller hears of a failure itself"},
            layers=[self._pandas_layer()],
            memory_size=1024,
            timeout=cdk.Duration.minutes(15),
            ephemeral_storage_size=cdk.Size.gibibytes(2),  # the snapshot is built in /tmp
            reserved_concurrent_executions=self._stage.reserved_concurrency,
            environment={
                **_database_variables(source.source),
                "RAW_BUCKET": self._lake.raw.bucket_name,
                "CRAWLER_NAME": self.blacklist_crawler,
                "MAX_SHRINK": str(read_rule_file().settings.blacklist.max_shrink),
            },
        )
        source.grant_connect(shipped.role)
        self._allow_files(shipped.role, read=BLACKLIST.name, write=[BLACKLIST.name, CONTROL])
        crawler = glue_arn(self, f"crawler/{self.blacklist_crawler}")
        allow(shipped.role, "glue:GetCrawler", "glue:StartCrawler", on=[crawler])
        return shipped.function

    def _pandas_layer(self) -> lambda_.ILayerVersion:
        arn = self._stage.pandas_layer_arn
        return lambda_.LayerVersion.from_layer_version_arn(self, "PandasLayer", arn)

    def _rates(self) -> lambda_.Function:
        """The function runs outside the network: the ECB is on the internet."""
        shipped = ShippedFunction(
            self,
            "Rates",
            stage=self._stage,
            folder="fx_rates",
            description="Keeps the euro reference rates of the ECB, in US dollars",
            code=function_zip("fx_rates", core=["errors", "ecb"]),
            key=self._lake.key,
            accepts={"CKV_AWS_117": "the ECB is on the internet, where the network leads not"},
            memory_size=512,
            timeout=cdk.Duration.minutes(5),
            reserved_concurrent_executions=self._stage.reserved_concurrency,
            # Three attempts of the function, an hour's worth of Lambda's own: then a dead letter.
            retry_attempts=2,
            max_event_age=cdk.Duration.hours(1),
            dead_letter_queue=self.rates_dead_letters,
            environment={"RAW_BUCKET": self._lake.raw.bucket_name},
        )
        self._allow_files(shipped.role, read=FX_RATES.name, write=[FX_RATES.name])
        return shipped.function

    def _dead_letters(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "RatesDeadLetters",
            queue_name=f"{self._stage.prefix}-rates-dead-letters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        accepted = {
            "AwsSolutions-SQS3": "it is a dead-letter queue itself",
            "CKV_AWS_27": "encrypted with SQS's own key; a letter is the schedule's event",
        }
        accept_findings(queue, accepted)
        return queue

    def _schedule_rates(self) -> None:
        """Off until the stage is: what is missed is made up for by one call for the history."""
        events.Rule(
            self,
            "RatesSchedule",
            rule_name=f"{self._stage.prefix}-rates",
            description="Fetches the day's rates after the ECB has published them",
            enabled=self._stage.is_scheduled,
            schedule=events.Schedule.expression(self._stage.rates_schedule),
            targets=[
                targets.LambdaFunction(
                    self.rates,
                    event=events.RuleTargetInput.from_object({}),
                    retry_attempts=10,
                    max_event_age=cdk.Duration.hours(1),
                    dead_letter_queue=self.rates_dead_letters,
                )
            ],
        )

    def _allow_files(self, role: iam.Role, *, read: str, write: Sequence[str]) -> None:
        """Let a role list and read one folder of the raw bucket, and put objects into some."""
        raw, key = self._lake.raw, self._lake.key
        because = "objects are named after days and extracts, which are still to come"
        # S3 asks for the second, too, to tell of an object that it is not there.
        allow(role, "s3:GetObject", on=[objects_of(role, raw, f"{read}/*")], because=because)
        only = {"StringLike": {"s3:prefix": [f"{read}/*"]}}
        allow(role, "s3:ListBucket", on=[raw.bucket_arn], only=only)
        put = [objects_of(role, raw, f"{folder}/*") for folder in write]
        allow(role, "s3:PutObject", on=put, because=because)
        allow_key(role, key, "s3", "Decrypt", "GenerateDataKey")


def _database_variables(source: Source) -> dict[str, str]:
    login = (
        {"DB_USER": source.user} if source.auth == "iam" else {"DB_SECRET_ID": source.secret_arn}
    )
    return {
        **login,
        "DB_AUTH": source.auth,
        "DB_HOST": source.host,
        "DB_PORT": str(source.port),
        "DB_NAME": source.database,
        "DB_CA_FILE": CA_FILE,
    }
