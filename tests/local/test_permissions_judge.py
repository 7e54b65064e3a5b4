"""How identity and resource policies decide together, on tiny templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fraudlake.local.actors import DEPLOYER, OPERATOR
from fraudlake.local.calls import Call
from fraudlake.local.permissions.judge import Judge, Verdict, judge
from fraudlake.local.permissions.needs import Need
from tests.local.tiny_templates import (
    ACCOUNT,
    READS,
    ROLE,
    ROOT,
    Properties,
    allow,
    bucket,
    deny,
    deployment_of,
    get,
    policy,
    role,
    verdict,
)

if TYPE_CHECKING:
    from pathlib import Path


def bucket_policy(*statements: Properties) -> tuple[str, Properties]:
    document = {"Statement": [*statements]}
    return "AWS::S3::BucketPolicy", {"Bucket": "lake", "PolicyDocument": document}


def test_a_bucket_policy_denies_what_the_role_is_allowed(tmp_path: Path) -> None:
    guard = bucket_policy(deny("s3:*", "arn:aws:s3:::lake/*", Principal={"AWS": "*"}))

    found = verdict(tmp_path, get(), Reads=READS, Guard=guard)

    assert not found.allowed
    assert found.reason.endswith("with an explicit deny in a resource-based policy")


def test_a_deny_of_the_role_beats_a_bucket_policy_that_lets_it_in(tmp_path: Path) -> None:
    guard = bucket_policy(allow("s3:*", "arn:aws:s3:::lake/*", Principal={"AWS": ROLE}))

    found = verdict(tmp_path, get(), Denies=policy(deny("s3:GetObject")), Guard=guard)

    assert not found.allowed
    assert found.reason.endswith("with an explicit deny in an identity-based policy")


def test_what_nothing_allows_is_refused_in_the_words_of_aws(tmp_path: Path) -> None:
    found = verdict(tmp_path, get())

    assert found.reason == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/reader/local is not authorized to perform: "
        "s3:GetObject on resource: arn:aws:s3:::lake/a because no identity-based policy allows "
        "the s3:GetObject action"
    )


def test_the_identity_policy_alone_is_enough(tmp_path: Path) -> None:
    assert verdict(tmp_path, get(), Reads=READS) == Verdict(
        allowed=True, needs=(Need("s3:GetObject", "arn:aws:s3:::lake/a"),), reason="the policy p"
    )


def test_the_bucket_policy_alone_is_enough_when_it_names_the_role(tmp_path: Path) -> None:
    named = bucket_policy(allow("s3:*", "arn:aws:s3:::lake/*", Principal={"AWS": ROLE}))
    account = bucket_policy(allow("s3:*", "arn:aws:s3:::lake/*", Principal={"AWS": ROOT}))

    assert verdict(tmp_path, get(), Guard=named).allowed
    assert not verdict(tmp_path, get(), Guard=account).allowed


def test_an_endpoint_condition_of_a_bucket_keeps_out_who_comes_another_way(tmp_path: Path) -> None:
    elsewhere = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    guard = bucket_policy(deny("s3:*", Principal="*", Condition=elsewhere))

    assert not verdict(tmp_path, get(), Reads=READS, Guard=guard).allowed


def test_inline_and_managed_policies_of_a_role_count(tmp_path: Path) -> None:
    document = {"Statement": [allow("s3:GetObject")]}
    inline = role("inline", Policies=[{"PolicyName": "own", "PolicyDocument": document}])
    arn = f"arn:aws:iam::{ACCOUNT}:policy/shared"
    managed = role("managed", ManagedPolicyArns=[arn])
    shared = (
        "AWS::IAM::ManagedPolicy",
        {"ManagedPolicyName": "shared", "PolicyDocument": document},
    )
    others = {"Inline": inline, "Managed": managed, "Shared": shared}

    for caller in ("inline", "managed", "shared"):
        assert verdict(tmp_path, get(caller=caller), **others).allowed
    assert not verdict(tmp_path, get(), **others).allowed


def test_a_role_with_a_policy_of_aws_is_refused_and_the_policy_named(tmp_path: Path) -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    admin = role("admin", ManagedPolicyArns=[arn])

    found = verdict(tmp_path, get(caller="admin"), Admin=admin)

    assert not found.allowed
    assert arn in found.reason


def test_a_boundary_limits_what_the_policies_allow(tmp_path: Path) -> None:
    document = {"Statement": [allow("glue:*")]}
    arn = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    limit = "AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "limit", "PolicyDocument": document}
    bound = role("bound", PermissionsBoundary=arn)
    allows = policy(allow("*"), of="bound")

    found = verdict(tmp_path, get(caller="bound"), Limit=limit, Bound=bound, Allows=allows)

    assert "no permissions boundary allows" in found.reason


def test_nobody_else_may_do_anything(tmp_path: Path) -> None:
    assert "is no role" in verdict(tmp_path, get(caller="stranger")).reason


@pytest.mark.parametrize("caller", [OPERATOR, DEPLOYER])
def test_the_operator_and_the_deployer_may_do_everything(tmp_path: Path, caller: str) -> None:
    call = Call(role=caller, service="iam", operation="CreateUser")

    assert judge(call, deployment_of(tmp_path, Lake=bucket())).allowed


def test_a_call_that_cannot_be_judged_is_refused(tmp_path: Path) -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    odd = policy(allow("s3:*", Condition=condition))
    unknown = Call(role="reader", service="dynamodb", operation="GetItem")

    assert "aws:PrincipalOrgID" in verdict(tmp_path, get(), Odd=odd).reason
    assert "dynamodb:GetItem" in verdict(tmp_path, unknown, All=policy(allow("*"))).reason


def test_a_missing_object_is_owned_up_to_only_where_its_name_could_be_listed(
    tmp_path: Path,
) -> None:
    prefix = {"StringLike": {"s3:prefix": "blacklist/*"}}
    lists = policy(allow("s3:GetObject"), allow("s3:ListBucket", Condition=prefix))
    found = Judge(deployment_of(tmp_path, Role=role(), Lake=bucket(), Lists=lists))

    def tells(name: str) -> bool:
        call = get(name)
        return found.judge_absence(call, found.judge(call)).allowed

    assert tells("blacklist/none")
    assert not tells("transactions/none")
