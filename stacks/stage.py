"""The settings of a stage, typed and checked, from `stages` in cdk.json.

`dev` and `prod` are there; a stage of one's own is one more entry. What an entry leaves out is
taken from `stages.defaults`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fraudlake.errors import SettingsError
from fraudlake.rules.form import Form
from stacks.existing import ExistingNetwork, ExistingSource
from stacks.limits import NightLimits
from stacks.schedules import eventbridge_schedule_problems, glue_schedule_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Node

WORKER_TYPES = ("G.1X", "G.2X", "G.4X", "G.8X", "R.1X", "R.2X", "R.4X", "R.8X")
FLEX_TYPES = ("G.1X", "G.2X")
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
EXAMPLE = "stacks/prod_example.json"
DEMO = "demo"  # the source of a stage that is to have the database for demonstrations
_NAME = r"[a-z][a-z0-9]{0,11}"
_LAYER = r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+"


@dataclass(frozen=True, kw_only=True)
class Workers:
    """The scoring job's workers: type, most of them, Flex or not, and its time-out."""

    type: str
    count: int
    is_flex: bool
    timeout_minutes: int


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Days that logs, replaced object versions and query results are kept."""

    log_days: int
    noncurrent_days: int
    results_days: int


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One deployment of the system.

    `network` None makes a VPC; `source` None makes a demo database, which a stage that keeps its
    data has to ask for by the word. `keeps_data` says whether buckets, keys and databases survive
    the deletion of their stack.
    """

    name: str
    region: str
    pandas_layer_arn: str
    schedule: str
    rates_schedule: str
    is_scheduled: bool
    network: ExistingNetwork | None
    source: ExistingSource | None
    workers: Workers
    night: NightLimits
    retention: Retention
    alarm_email: str | None
    athena_scan_limit_gb: int
    reserved_concurrency: int | None
    monthly_budget_usd: int | None
    keeps_data: bool

    @property
    def prefix(self) -> str:
        """What the names of this stage's resources begin with."""
        return f"fraudlake-{self.name}"

    @classmethod
    def from_context(cls, node: Node) -> Stage:
        """The stage that `-c stage=NAME` names, `dev` without; SettingsError tells all problems."""
        name = node.try_get_context("stage") or "dev"
        return cls.read(str(name), node.try_get_context("stages") or {})

    @classmethod
    def read(cls, name: str, stages: Mapping[str, Mapping[str, object]]) -> Stage:
        """The stage of a name among all; SettingsError tells every problem at once."""
        known = sorted(set(stages) - {"defaults"})
        if name not in known:
            raise SettingsError(
                f"there is no stage {name!r} in cdk.json; known are {', '.join(known)}. "
                "Choose one with -c stage=NAME, or add it under context.stages"
            )
        form = Form(stages[name], ("stages", name), defaults=stages.get("defaults", {}))
        stage = _stage(name, form)
        if form.problems:
            raise SettingsError([f"cdk.json: {problem}" for problem in form.problems])
        return stage


def _stage(name: str, form: Form) -> Stage:
    region = form.text("region")
    stage = Stage(
        name=name,
        region=region,
        pandas_layer_arn=form.text("pandas_layer_arn"),
        schedule=form.text("schedule"),
        rates_schedule=form.text("rates_schedule"),
        is_scheduled=form.flag("schedule_enabled"),
        network=_network(form, region),
        source=_source(form, region),
        workers=_workers(form.child("workers")),
        night=NightLimits.read(form.child("night")),
        retention=_retention(form.child("retention")),
        alarm_email=form.text("alarm_email") if _given(form, "alarm_email") else None,
        athena_scan_limit_gb=form.integer("athena_scan_limit_gb", 1, 100_000),
        reserved_concurrency=_integer_if_given(form, "reserved_concurrency", 1, 100),
        monthly_budget_usd=_integer_if_given(form, "monthly_budget_usd", 1, 10_000_000),
        keeps_data=form.flag("keeps_data"),
    )
    form.refuse_unread()
    _check_forms(stage, form)
    _check_schedules(stage, form)
    _check_source(stage, form)
    return stage


def _network(form: Form, region: str) -> ExistingNetwork | None:
    if not _given(form, "network"):
        return None
    return ExistingNetwork.read(form.child("network"), region=region)


def _source(form: Form, region: str) -> ExistingSource | None:
    named = _value(form, "source")
    if named is None or named == DEMO:
        return None
    if isinstance(named, str):
        form.report(("source",), f"expected a mapping, or the word {DEMO!r}, found {named!r}")
        return None
    return ExistingSource.read(form.child("source"), region=region)


def _check_forms(stage: Stage, form: Form) -> None:
    expected = {
        "region": (stage.region, "[a-z]{2}(-[a-z]+)+-[0-9]", "a region such as us-east-1"),
        "pandas_layer_arn": (stage.pandas_layer_arn, _LAYER, "the ARN of a version of a layer"),
        "alarm_email": (stage.alarm_email or "a@b.c", r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail"),
    }
    if not re.fullmatch(_NAME, stage.name):
        form.report((), "the name of a stage has 1 to 12 small letters and digits")
    for field, (value, pattern, meaning) in expected.items():
        if value and not re.fullmatch(pattern, value):
            form.report((field,), f"expected {meaning}, found {value!r}")
    if f":{stage.region}:" not in stage.pandas_layer_arn:
        form.report(("pandas_layer_arn",), f"is not a layer of the region {stage.region}")


def _check_schedules(stage: Stage, form: Form) -> None:
    for field, problems in (
        ("schedule", glue_schedule_problems(stage.schedule)),
        ("rates_schedule", eventbridge_schedule_problems(stage.rates_schedule)),
    ):
        for problem in problems if getattr(stage, field) else ():
            form.report((field,), problem)


def _check_source(stage: Stage, form: Form) -> None:
    if stage.source and not stage.network:
        form.report(("network",), "is needed with a source: the VPC that leads to the database")
    if stage.keeps_data and _value(form, "source") is None:
        form.report(
            ("source",),
            "names no database, and this stage keeps its data: name yours, and in `network` the "
            f"VPC that leads to it, as in {EXAMPLE}; or {DEMO!r} for one of made-up people",
        )
    if stage.source is None and stage.network and len(stage.network.availability_zones) == 1:
        form.report(
            ("network", "availability_zones"),
            "there is one, and RDS makes the demo database in no fewer than two: name a second "
            "one with its subnet, or a source",
        )


def _workers(form: Form) -> Workers:
    workers = Workers(
        type=form.choice("type", WORKER_TYPES),
        count=form.integer("count", 2, 299),
        is_flex=form.flag("flex"),
        timeout_minutes=form.integer("timeout_minutes", 10, 2880),
    )
    form.refuse_unread()
    if workers.is_flex and workers.type not in FLEX_TYPES:
        form.report(("type",), f"{workers.type} does not come as Flex; {', '.join(FLEX_TYPES)} do")
    return workers


def _retention(form: Form) -> Retention:
    retention = Retention(
        log_days=form.integer("log_days", 1, 3653),
        noncurrent_days=form.integer("noncurrent_days", 1, 3650),
        results_days=form.integer("results_days", 1, 3650),
    )
    form.refuse_unread()
    if retention.log_days not in LOG_DAYS:
        form.report(
            ("log_days",), f"CloudWatch keeps logs for {', '.join(map(str, LOG_DAYS))} days"
        )
    return retention


def _given(form: Form, name: str) -> bool:
    """Whether a field is there and not null."""
    return _value(form, name) is not None


def _value(form: Form, name: str) -> object:
    """A field as it is written, null where it is not there."""
    form.has(name)  # so that it counts as read
    return form.values[name] if name in form.values else form.defaults.get(name)


def _integer_if_given(form: Form, name: str, low: int, high: int) -> int | None:
    return form.integer(name, low, high) if _given(form, name) else None
