"""How the policies of keys decide, on tiny templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraudlake.local.permissions.judge import Judge, Verdict
from tests.local.tiny_templates import (
    DELEGATING,
    KEY,
    READS,
    ROLE,
    Properties,
    allow,
    bucket,
    deployment_of,
    get,
    key,
    policy,
    role,
)

if TYPE_CHECKING:
    from pathlib import Path


def encrypted(folder: Path, *key_policy: Properties, identity: tuple[str, Properties]) -> Verdict:
    resources = {"Role": role(), "Key": key(*key_policy), "Reads": identity}
    made = deployment_of(folder, **resources)
    arn = made.resources("AWS::KMS::Key")[0].arn
    return Judge(deployment_of(folder, **resources, Lake=bucket(key=arn))).judge(get())


THROUGH_S3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}


def test_a_key_that_leaves_it_to_the_account_needs_the_identity_policy_too(tmp_path: Path) -> None:
    decrypts = policy(allow("s3:GetObject"), allow("kms:Decrypt", Condition=THROUGH_S3))

    assert encrypted(tmp_path, DELEGATING, identity=decrypts).allowed
    assert "kms:Decrypt" in encrypted(tmp_path, DELEGATING, identity=READS).reason


def test_an_identity_policy_is_nothing_to_a_key_that_does_not_leave_it_to_the_account(
    tmp_path: Path,
) -> None:
    found = encrypted(tmp_path, identity=policy(allow("*")))

    assert found.reason.endswith("because no resource-based policy allows the kms:Decrypt action")


def test_a_key_may_let_a_role_in_by_itself(tmp_path: Path) -> None:
    assert encrypted(tmp_path, allow("kms:*", Principal={"AWS": ROLE}), identity=READS).allowed


def test_a_right_to_a_key_through_another_service_is_none_through_s3(tmp_path: Path) -> None:
    through = {"StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com"}}
    decrypts = policy(allow("s3:GetObject"), allow("kms:Decrypt", Condition=through))

    assert not encrypted(tmp_path, DELEGATING, identity=decrypts).allowed


def test_the_encryption_context_is_the_bucket(tmp_path: Path) -> None:
    def of(arn: str) -> tuple[str, Properties]:
        condition = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": arn}}
        return policy(allow("s3:GetObject"), allow("kms:Decrypt", Condition=condition))

    assert encrypted(tmp_path, DELEGATING, identity=of("arn:aws:s3:::lake")).allowed
    assert not encrypted(tmp_path, DELEGATING, identity=of("arn:aws:s3:::lake/*")).allowed


def test_a_key_that_is_not_in_the_templates_is_named(tmp_path: Path) -> None:
    made = deployment_of(tmp_path, Role=role(), Reads=READS, Lake=bucket(key=KEY))

    assert f"the policy of the key {KEY}" in Judge(made).judge(get()).reason
