"""Fills an empty local cloud with the resources of a deployment, by AWS's ordinary calls.

Every resource type is either made, or named in `NOT_MADE` with the reason; nothing is passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from fraudlake.local.provisioning import access, glue, queries, storage, watch
from fraudlake.local.provisioning.site import ProvisionError, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from fraudlake.local.actors import Actors
    from fraudlake.local.deployment import Deployment, Resource

    Maker = Callable[[Resource, Site], None]

# In the order in which they need each other.
STEPS: tuple[tuple[str, Maker], ...] = (
    ("AWS::KMS::Key", access.make_key),
    ("AWS::KMS::Alias", access.make_alias),
    ("AWS::S3::Bucket", storage.make_bucket),
    ("AWS::S3::BucketPolicy", storage.make_bucket_policy),
    ("AWS::S3::Bucket", storage.log_accesses),
    ("AWS::IAM::Role", access.make_role),
    ("AWS::IAM::Policy", access.make_policy),
    ("AWS::IAM::ManagedPolicy", access.make_managed_policy),
    ("AWS::Logs::LogGroup", watch.make_log_group),
    ("AWS::SNS::Topic", watch.make_topic),
    ("AWS::SNS::TopicPolicy", watch.make_topic_policy),
    ("AWS::SNS::Subscription", watch.make_subscription),
    ("AWS::SQS::Queue", watch.make_queue),
    ("AWS::SQS::QueuePolicy", watch.make_queue_policy),
    ("AWS::Lambda::Function", queries.make_function),
    ("AWS::Events::Rule", watch.make_rule),
    ("AWS::CloudWatch::Alarm", watch.make_alarm),
    ("AWS::Glue::Database", glue.make_database),
    ("AWS::Glue::Table", glue.make_table),
    ("AWS::Glue::SecurityConfiguration", glue.make_security_configuration),
    ("AWS::Glue::Crawler", glue.make_crawler),
    ("AWS::Glue::Job", glue.make_job),
    ("AWS::Glue::Workflow", glue.make_workflow),
    ("AWS::Glue::Trigger", glue.make_trigger),
    ("AWS::Athena::WorkGroup", queries.make_workgroup),
    ("AWS::Athena::NamedQuery", queries.make_named_query),
)
_NO_NETWORK = "no network is played: calls go over loopback, and security groups stop nothing"
_NO_RDS = "no RDS is made: a private MariaDB stands in for the database"
_ASYNCHRONOUS = "functions are called in turn: nothing calls them asynchronously or from a rule"
NOT_MADE = {
    "AWS::EC2::FlowLog": _NO_NETWORK,
    "AWS::EC2::RouteTable": _NO_NETWORK,
    "AWS::EC2::SecurityGroup": _NO_NETWORK,
    "AWS::EC2::SecurityGroupEgress": _NO_NETWORK,
    "AWS::EC2::SecurityGroupIngress": _NO_NETWORK,
    "AWS::EC2::Subnet": _NO_NETWORK,
    "AWS::EC2::SubnetRouteTableAssociation": _NO_NETWORK,
    "AWS::EC2::VPC": _NO_NETWORK,
    "AWS::EC2::VPCEndpoint": _NO_NETWORK,
    "AWS::RDS::DBInstance": _NO_RDS,
    "AWS::RDS::DBParameterGroup": _NO_RDS,
    "AWS::RDS::DBSubnetGroup": _NO_RDS,
    "AWS::CloudWatch::Dashboard": "no dashboard is drawn",
    "AWS::Lambda::EventInvokeConfig": _ASYNCHRONOUS,
    "AWS::Lambda::Permission": _ASYNCHRONOUS,
    "Custom::AWS": "custom resources of the network call nothing, as there is no network",
    "Custom::DemoSourceSchema": "no custom resource runs: MariaDB is given its schema directly",
}
# What the local cloud keeps of a resource, and does not act on.
KEPT_ONLY = {
    "AWS::S3::Bucket": "lifecycle rules expire nothing, access logs stay empty, and objects carry "
    "their key's name without being encrypted",
    "AWS::S3::BucketPolicy": "bucket policies are judged as the templates have them; a bucket "
    "keeps only what its access log needs",
    "AWS::KMS::Key": "keys are renamed to the templates' ids, and do not rotate",
    "AWS::Lambda::Function": "functions are made without their layers",
    "AWS::Logs::LogGroup": "log groups are not encrypted and keep everything",
    "AWS::SNS::Subscription": "nothing is sent to subscribers",
    "AWS::Events::Rule": "no rule starts anything by its schedule",
    "AWS::Glue::Trigger": "no trigger starts anything by its schedule",
}


def provision(
    deployment: Deployment, actors: Actors, *, report: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Make the resources of a deployment in an empty local cloud, as its deployer.

    `report` is told what has been made, a line a type. Returns what is left out or only kept, in
    sentences for "differs from AWS".

    Raises:
        ProvisionError: types that are not known here (before anything is made), or a resource
            that cannot be made, in the words of its service.
    """
    _refuse_unknown_types(deployment)
    site = Site(deployment, actors)
    storage.ship_assets(site)
    for kind, make in STEPS:
        made = deployment.resources(kind)
        for resource in made:
            _run(make, resource, site)
        if made:
            report(f"{len(made)} x {kind}: {make.__name__.replace('_', ' ')}")
    return _differences(deployment)


def _run(make: Maker, resource: Resource, site: Site) -> None:
    try:
        make(resource, site)
    except (BotoCoreError, ClientError) as error:
        message = f"{resource.type} {resource.name} of {resource.stack} cannot be made: {error}"
        raise ProvisionError(message) from error


def _refuse_unknown_types(deployment: Deployment) -> None:
    known = {kind for kind, _ in STEPS} | NOT_MADE.keys()
    unknown = sorted({one.type for one in deployment.all} - known)
    if unknown:
        raise ProvisionError(
            f"{kind} ({', '.join(one.name for one in deployment.resources(kind))}) is not known to "
            f"the local cloud: give it a step or a reason in {__name__}"
            for kind in unknown
        )


def _differences(deployment: Deployment) -> list[str]:
    used = {one.type for one in deployment.all}
    missing = dict.fromkeys(reason for kind, reason in NOT_MADE.items() if kind in used)
    kept = [reason for kind, reason in KEPT_ONLY.items() if kind in used]
    return [
        *(f"{reason} ({', '.join(_types(used, reason))})" for reason in missing),
        *kept,
    ]


def _types(used: set[str], reason: str) -> list[str]:
    return sorted(kind for kind in used if NOT_MADE.get(kind) == reason)
