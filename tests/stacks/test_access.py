"""Who may open the data of the lake: every policy of every stack, against one list."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from fraudlake.local.intrinsics import ACCOUNT, Resolver
from tests.stacks.whole_app import REGION, Resource, Templates, resources, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a policy may say of a bucket without opening an object of it.
ABOUT_BUCKETS = {
    "s3:getbucketlocation",
    "s3:listbucket",
    "s3:listbucketmultipartuploads",
    "s3:listmultipartuploadparts",
}
ANSWERS_TO_CLOUDFORMATION = "arn:aws:s3:::cloudformation-custom-resource-response-"
CURATED = {
    "curated/scored_transactions",
    "curated/quarantine",
    "curated/flagged_customers",
    "curated/customer_risk",
    "curated/customer_profile",
    "curated/runs",
}
RAW = {"raw/transactions", "raw/customers", "raw/blacklist", "raw/fx_rates"}
# A role or policy that is not in it opens nothing.
ACCESS: dict[str, dict[str, set[str] | bool]] = {
    "score": {"reads": RAW | CURATED, "writes": CURATED, "key": True},
    "crawl-raw": {"reads": {"raw/transactions", "raw/customers"}, "writes": set(), "key": True},
    "crawl-blacklist": {"reads": {"raw/blacklist"}, "writes": set(), "key": True},
    "crawl-curated": {"reads": CURATED, "writes": set(), "key": True},
    "ingest-ExtractRole": {
        "reads": {"raw/blacklist"},
        "writes": {"raw/blacklist", "raw/control/blacklist"},
        "key": True,
    },
    "ingest-RatesRole": {"reads": {"raw/fx_rates"}, "writes": {"raw/fx_rates"}, "key": True},
    "analyst": {
        "reads": CURATED | {"results/athena"},
        "writes": {"results/athena"},
        "key": True,
    },
}


@pytest.fixture(scope="module", params=["dev", "prod"])
def whole(request: pytest.FixtureRequest) -> Templates:
    found: Templates = request.getfixturevalue(f"whole_{request.param}")
    return found


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    return value if isinstance(value, list) else [value]


def plain(name: str) -> str:
    """A role's or policy's name without its stage, its region and the hash of its place."""
    return re.sub(rf"^fraudlake-[a-z]+-|-{REGION}$|[0-9A-F]{{8}}$", "", name)


def granted(templates: Templates) -> Iterator[tuple[str, Resource]]:
    """Every statement that allows somebody something by an identity policy, with whom."""
    resolver = Resolver(templates, REGION)
    for stack, template in templates.items():
        for logical_id, one in template["Resources"].items():
            if one["Type"].startswith("AWS::IAM::"):
                told = resolver.resolve(stack, one.get("Properties", {}))
                names = holders(told) or [resolver.name(stack, logical_id)]
                said = [part for document in documents(told) for part in document["Statement"]]
                allowed = [part for part in said if part["Effect"] == "Allow"]
                yield from ((plain(name), part) for name in names for part in allowed)


def documents(told: Resource) -> list[Resource]:
    inline = [one["PolicyDocument"] for one in told.get("Policies", [])]
    return [*inline, *([told["PolicyDocument"]] if "PolicyDocument" in told else [])]


def holders(told: Resource) -> list[str]:
    """Whom a policy names; one without any, and the policies inside a role, have its own name."""
    several = [name for field in ("Roles", "Users", "Groups") for name in told.get(field, [])]
    one = [told[field] for field in ("RoleName", "UserName", "GroupName") if field in told]
    return [*several, *one]


def opened(one: Resource, service: str) -> tuple[list[str], list[str]]:
    """The actions on a service and the resources of a statement; what it turns round is all."""
    actions = [str(action).lower() for action in listed(one.get("Action", "*"))]
    found = [name for name in actions if name == "*" or name.startswith(f"{service}:")]
    return found, [str(on) for on in listed(one.get("Resource", "*"))]


def reaches(pattern: str, arn: str) -> bool:
    """Whether a pattern may mean a resource; what follows its first wildcard is not looked at."""
    fixed = re.split(r"[*?$]", pattern)[0]
    return pattern == arn or (fixed != pattern and arn.startswith(fixed))


def folders(patterns: list[str], buckets: dict[str, str]) -> set[str]:
    """The folders of our buckets that patterns of resources reach, as `raw/transactions`."""
    found = set()
    for pattern in patterns:
        for arn, name in buckets.items():
            if pattern.startswith(f"{arn}/"):
                found.add(f"{name}/{pattern.removeprefix(f'{arn}/').removesuffix('/*')}")
            elif reaches(pattern, arn):
                found.add(f"{name}/" if pattern == arn else f"{name}/*")
    return found


def the_lake(templates: Templates) -> tuple[dict[str, str], str]:
    """The buckets by ARN, named as the prefix of their access logs, and the ARN of the key."""
    [(stack, lake)] = [one for one in templates.items() if one[0].endswith("-lake")]
    resolver = Resolver(templates, REGION)
    buckets, keys = {}, []
    for logical_id, one in lake["Resources"].items():
        if one["Type"] == "AWS::S3::Bucket":
            logged = one["Properties"].get("LoggingConfiguration", {})
            name = logged.get("LogFilePrefix", "logs").removesuffix("/")
            buckets[resolver.arn(stack, logical_id)] = name
        elif one["Type"] == "AWS::KMS::Key":
            keys.append(resolver.arn(stack, logical_id))
    [key] = keys
    return buckets, key


def access(templates: Templates) -> dict[str, dict[str, set[str] | bool]]:
    """What everybody may do, those left out who may do nothing with the lake's data."""
    buckets, key = the_lake(templates)
    reads: dict[str, set[str]] = {}
    writes: dict[str, set[str]] = {}
    with_key = set()
    for who, one in granted(templates):
        actions, on = opened(one, "s3")
        for action in set(actions) - ABOUT_BUCKETS:
            if "*" in action or action.startswith("s3:get"):
                reads.setdefault(who, set()).update(folders(on, buckets))
            if "*" in action or not action.startswith("s3:get"):
                writes.setdefault(who, set()).update(folders(on, buckets))
        actions, on = opened(one, "kms")
        if actions and any(reaches(pattern, key) for pattern in on):
            with_key.add(who)
    found: dict[str, dict[str, set[str] | bool]] = {}
    for who in {*reads, *writes, *with_key}:
        mine = (reads.get(who, set()), writes.get(who, set()), who in with_key)
        if any(mine):
            found[who] = dict(zip(("reads", "writes", "key"), mine, strict=True))
    return found


def test_a_role_or_statement_that_opens_data_to_somebody_else(whole: Templates) -> None:
    assert access(whole) == ACCESS


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:GetObject", "{raw}/transactions/*", {"reads": {"raw/transactions"}, "writes": set()}),
        ("s3:Get*", "arn:aws:s3:::*", None),
        ("*", "*", None),
        ("s3:PutBucketPolicy", "{raw}", {"reads": set(), "writes": {"raw/"}}),
        ("s3:GetObjectVersion", "{raw}*", {"reads": {"raw/*"}, "writes": set()}),
    ],
)
def test_a_new_role_is_seen_whatever_its_policy_is_like(
    whole_dev: Templates, action: str, resource: str, expected: dict[str, set[str]] | None
) -> None:
    """The list is worth nothing if a statement could be written past it."""
    [raw] = [arn for arn, name in the_lake(whole_dev)[0].items() if name == "raw"]
    said = {"Effect": "Allow", "Action": action, "Resource": resource.format(raw=raw)}
    policies = [{"PolicyName": "inline", "PolicyDocument": {"Statement": [said]}}]
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "new", "Policies": policies}}

    found = access({**whole_dev, "fraudlake-dev-new": {"Resources": {"New": role}}})["new"]
    if expected is None:
        everything = {"raw/*", "curated/*", "results/*", "logs/*"}
        expected = {"reads": everything, "writes": everything}
    assert found == {**expected, "key": action == "*"}


def test_a_policy_of_aws_that_nobody_here_reads(whole: Templates) -> None:
    for kind in ("Role", "User", "Group"):
        for _, one in resources(whole, f"AWS::IAM::{kind}"):
            assert not one["Properties"].get("ManagedPolicyArns"), one


def test_a_bucket_or_the_key_that_another_stack_opens_by_its_own_policy(whole: Templates) -> None:
    found: dict[str, set[str]] = {"PolicyDocument": set(), "KeyPolicy": set()}
    resolver = Resolver(whole, REGION)
    for kind, field in (("S3::BucketPolicy", "PolicyDocument"), ("KMS::Key", "KeyPolicy")):
        for stack, one in resources(whole, f"AWS::{kind}"):
            if stack.endswith("-lake"):
                for said in resolver.resolve(stack, one["Properties"][field])["Statement"]:
                    if said["Effect"] == "Allow":
                        found[field].update(map(str, principals(said["Principal"])))
    assert found == {
        "PolicyDocument": {"logging.s3.amazonaws.com"},
        "KeyPolicy": {f"arn:aws:iam::{ACCOUNT}:root", f"logs.{REGION}.amazonaws.com"},
    }


def test_a_statement_that_lets_anybody_in(whole: Templates) -> None:
    everybody = [
        one
        for one in statements(whole)
        if one["Effect"] == "Allow"
        and any("*" in listed(who) for who in principals(one.get("Principal", {})))
    ]
    assert everybody, "endpoints have such statements"
    for one in everybody:
        # A way through an endpoint, where CloudFormation signs for its own bucket.
        is_answer = str(one["Resource"]).startswith(ANSWERS_TO_CLOUDFORMATION)
        demanded = one.get("Condition", {}).get("StringEquals", {})
        accounts = {demanded.get(f"aws:{whose}Account") for whose in ("Principal", "Source")}
        assert is_answer or ACCOUNT in accounts, one


def principals(value: str | dict[str, Any]) -> list[Any]:
    return [value] if isinstance(value, str) else [*value.values()]


def test_a_door_that_is_open_to_the_world(whole: Templates) -> None:
    text = json.dumps(whole)
    assert '"AssociatePublicIpAddress": true' not in text
    assert '"PubliclyAccessible": true' not in text
    assert not list(resources(whole, "AWS::EC2::InternetGateway"))
    assert not list(resources(whole, "AWS::EC2::NatGateway"))
    for kind in ("", "Ingress", "Egress"):
        for _, group in resources(whole, f"AWS::EC2::SecurityGroup{kind}"):
            told = group["Properties"]
            inside = [told.get(f"SecurityGroup{way}", []) for way in ("Ingress", "Egress")]
            for one in (told, *inside[0], *inside[1]):
                assert one.get("CidrIp") != "0.0.0.0/0", one
                assert one.get("CidrIpv6") != "::/0", one
