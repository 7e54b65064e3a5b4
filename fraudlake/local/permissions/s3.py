"""What calls of S3 need: the action, and where the bucket has a key of KMS, the use of that key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fraudlake.local.permissions.needs import Need, encryption_context, key_needs, named, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fraudlake.local.calls import Call
    from fraudlake.local.permissions.needs import Keys
    from fraudlake.local.permissions.resource_facts import ResourceFacts

_READ, _WRITE, _PART = ("Decrypt",), ("GenerateDataKey",), ("Decrypt", "GenerateDataKey")
# Calls about one object: the action, and what it does with the key of the bucket.
_OBJECTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "AbortMultipartUpload": ("AbortMultipartUpload", ()),
    "CompleteMultipartUpload": ("PutObject", _READ),
    "CopyObject": ("PutObject", _WRITE),
    "CreateMultipartUpload": ("PutObject", _WRITE),
    "DeleteObject": ("DeleteObject", ()),
    "DeleteObjectTagging": ("DeleteObjectTagging", ()),
    "GetObject": ("GetObject", _READ),
    "GetObjectAcl": ("GetObjectAcl", ()),
    "GetObjectAttributes": ("GetObjectAttributes", _READ),
    "GetObjectTagging": ("GetObjectTagging", ()),
    "HeadObject": ("GetObject", _READ),
    "ListParts": ("ListMultipartUploadParts", ()),
    "PutObject": ("PutObject", _WRITE),
    "PutObjectAcl": ("PutObjectAcl", ()),
    "PutObjectTagging": ("PutObjectTagging", ()),
    "UploadPart": ("PutObject", _PART),
    "UploadPartCopy": ("PutObject", _PART),
}
_BUCKETS = {
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketPolicy": "GetBucketPolicy",
    "GetBucketVersioning": "GetBucketVersioning",
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
}
_VERSIONED = frozenset({"GetObject", "DeleteObject", "GetObjectAcl", "GetObjectTagging"})
# The parameters that conditions may ask about, by what botocore calls them.
_KEYS = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "Delimiter": "s3:delimiter",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
    "MaxKeys": "s3:max-keys",
    "Prefix": "s3:prefix",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:versionid",
}


def s3_needs(call: Call, facts: ResourceFacts) -> list[Need]:
    """What a call of S3 needs."""
    if call.operation == "ListBuckets":
        return [Need("s3:ListAllMyBuckets", "*", _keys(call))]
    if call.operation == "DeleteObjects":
        return _deletions(call)
    if call.operation in _BUCKETS:
        return [Need(f"s3:{_BUCKETS[call.operation]}", _bucket(call), _keys(call))]
    if call.operation not in _OBJECTS:
        raise unknown(call)
    return [*_sources(call, facts), *_object(call, facts)]


def listing_need(call: Call) -> Need:
    """What the caller of a missing object needs to be told that it is missing, and not 403.

    S3 looks at `s3:prefix` as if the object's name had been listed.
    """
    return Need("s3:ListBucket", _bucket(call), {"s3:prefix": (named(call, "Key"),)})


def _object(call: Call, facts: ResourceFacts) -> list[Need]:
    action, uses = _OBJECTS[call.operation]
    bucket, key = named(call, "Bucket"), named(call, "Key")
    needs = [_on_object(action, bucket, key, call)]
    if call.operation == "GetObjectAttributes":
        needs.append(_on_object("GetObject", bucket, key, call))
    needs += [_on_object(one, bucket, key, call) for one in _extras(call)]
    return [*needs, *_key_needs(call, facts, bucket, key, uses)]


def _on_object(action: str, bucket: str, key: str, call: Call) -> Need:
    suffix = "Version" if call.parameters.get("VersionId") and action in _VERSIONED else ""
    if suffix and action.endswith(("Acl", "Tagging")):
        action, suffix = action.replace("Object", "ObjectVersion"), ""
    return Need(f"s3:{action}{suffix}", _arn(bucket, key), _keys(call))


def _extras(call: Call) -> list[str]:
    """Actions that headers of a put ask for beside it."""
    asked = {"ACL": "PutObjectAcl", "Tagging": "PutObjectTagging"}
    puts = call.operation in ("PutObject", "CopyObject", "CreateMultipartUpload")
    return [action for name, action in asked.items() if puts and call.parameters.get(name)]


def _sources(call: Call, facts: ResourceFacts) -> list[Need]:
    """What the source of a copy needs."""
    if "CopySource" not in call.parameters:
        return []
    source, _, query = str(call.parameters["CopySource"]).partition("?versionId=")
    bucket, _, key = unquote(source).lstrip("/").partition("/")
    action = "s3:GetObjectVersion" if query else "s3:GetObject"
    need = Need(action, _arn(bucket, key), {})
    return [need, *_default_key_needs(facts, bucket, key, _READ)]


def _key_needs(
    call: Call, facts: ResourceFacts, bucket: str, key: str, uses: tuple[str, ...]
) -> list[Need]:
    asked = call.parameters.get("ServerSideEncryption")
    if not uses or asked == "AES256":
        return []
    own = call.parameters.get("SSEKMSKeyId")
    if own:
        context = encryption_context("aws:s3:arn", _arn(bucket, key))
        return key_needs(facts.key_arn(str(own)), "s3", uses, context)
    return _default_key_needs(facts, bucket, key, uses)


def _default_key_needs(
    facts: ResourceFacts, bucket: str, key: str, uses: tuple[str, ...]
) -> list[Need]:
    """What the bucket's own key needs: each object is taken to be encrypted with it."""
    found = facts.bucket_key(bucket)
    if found is None:
        return []
    arn = _arn(bucket) if found.is_per_bucket else _arn(bucket, key)
    return key_needs(found.arn, "s3", uses, encryption_context("aws:s3:arn", arn))


def _deletions(call: Call) -> list[Need]:
    bucket = named(call, "Bucket")
    listed: list[Mapping[str, Any]] = call.parameters.get("Delete", {}).get("Objects", [])
    return [
        Need(
            "s3:DeleteObjectVersion" if one.get("VersionId") else "s3:DeleteObject",
            _arn(bucket, str(one["Key"])),
            _keys(call),
        )
        for one in listed
    ]


def _keys(call: Call) -> Keys:
    return {
        key: (str(call.parameters[name]),)
        for name, key in _KEYS.items()
        if call.parameters.get(name) is not None
    }


def _bucket(call: Call) -> str:
    return _arn(named(call, "Bucket"))


def _arn(bucket: str, key: str | None = None) -> str:
    return f"arn:aws:s3:::{bucket}" if key is None else f"arn:aws:s3:::{bucket}/{key}"
