"""What calls of S3 need in IAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.needed import facts_of, named, needs
from tests.local.tiny_templates import KEY

if TYPE_CHECKING:
    from pathlib import Path

    from fraudlake.local.permissions.resource_facts import ResourceFacts


@pytest.fixture
def facts(tmp_path: Path) -> ResourceFacts:
    return facts_of(tmp_path)


def of_object(action: str, *uses: str, key: str = "a/b") -> list[str]:
    return [
        f"s3:{action} on arn:aws:s3:::lake/{key}",
        *(f"kms:{use} on {KEY} through s3" for use in uses),
    ]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("GetObject", of_object("GetObject", "Decrypt")),
        ("HeadObject", of_object("GetObject", "Decrypt")),
        ("PutObject", of_object("PutObject", "GenerateDataKey")),
        ("CreateMultipartUpload", of_object("PutObject", "GenerateDataKey")),
        ("UploadPart", of_object("PutObject", "Decrypt", "GenerateDataKey")),
        ("CompleteMultipartUpload", of_object("PutObject", "Decrypt")),
        ("AbortMultipartUpload", of_object("AbortMultipartUpload")),
        ("ListParts", of_object("ListMultipartUploadParts")),
        ("DeleteObject", of_object("DeleteObject")),
    ],
)
def test_an_object_of_an_encrypted_bucket_needs_its_key_too(
    facts: ResourceFacts, operation: str, expected: list[str]
) -> None:
    assert named(needs(facts, "s3", operation, Bucket="lake", Key="a/b")) == expected


def test_s3_tells_kms_the_bucket_where_it_has_a_key_of_its_own(facts: ResourceFacts) -> None:
    [_, use] = needs(facts, "s3", "GetObject", Bucket="lake", Key="a/b")

    assert use.keys["kms:encryptioncontext:aws:s3:arn"] == ("arn:aws:s3:::lake",)


def test_an_object_needs_no_key_where_the_bucket_or_the_call_asks_for_none(
    facts: ResourceFacts,
) -> None:
    plain = needs(facts, "s3", "PutObject", Bucket="plain", Key="a")
    asked = needs(facts, "s3", "PutObject", Bucket="lake", Key="a", ServerSideEncryption="AES256")

    assert [len(plain), len(asked)] == [1, 1]


def test_a_call_that_names_a_key_needs_that_one(facts: ResourceFacts) -> None:
    own = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/lake"}
    [_, use] = needs(facts, "s3", "PutObject", Bucket="plain", Key="a", **own)

    assert use.resource == KEY
    assert use.keys["kms:encryptioncontext:aws:s3:arn"] == ("arn:aws:s3:::plain/a",)


def test_a_copy_needs_to_read_its_source(facts: ResourceFacts) -> None:
    found = needs(facts, "s3", "CopyObject", Bucket="plain", Key="b", CopySource="/lake/a%20b")

    assert named(found) == [
        *of_object("GetObject", "Decrypt", key="a b"),
        "s3:PutObject on arn:aws:s3:::plain/b",
    ]


def test_versions_tags_and_acls_are_actions_of_their_own(facts: ResourceFacts) -> None:
    version = needs(facts, "s3", "GetObject", Bucket="plain", Key="a", VersionId="3")
    tags = needs(facts, "s3", "GetObjectTagging", Bucket="plain", Key="a", VersionId="3")
    put = needs(facts, "s3", "PutObject", Bucket="plain", Key="a", Tagging="a=b", ACL="private")

    assert [version[0].action, tags[0].action] == [
        "s3:GetObjectVersion",
        "s3:GetObjectVersionTagging",
    ]
    assert [one.action for one in put] == [
        "s3:PutObject",
        "s3:PutObjectAcl",
        "s3:PutObjectTagging",
    ]


def test_every_object_of_a_common_deletion_is_needed(facts: ResourceFacts) -> None:
    objects = {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "1"}]}

    assert named(needs(facts, "s3", "DeleteObjects", Bucket="lake", Delete=objects)) == [
        "s3:DeleteObject on arn:aws:s3:::lake/a",
        "s3:DeleteObjectVersion on arn:aws:s3:::lake/b",
    ]


@pytest.mark.parametrize("operation", ["ListObjectsV2", "ListObjects", "HeadBucket"])
def test_listing_is_a_right_on_the_bucket(facts: ResourceFacts, operation: str) -> None:
    [found] = needs(facts, "s3", operation, Bucket="lake", Prefix="a/")

    assert str(found) == "s3:ListBucket on arn:aws:s3:::lake"
    assert found.keys == {"s3:prefix": ("a/",)}
