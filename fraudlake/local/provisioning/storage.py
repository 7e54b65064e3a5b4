"""Makes the buckets of a deployment, and the one that its assets are shipped to."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from fraudlake.local.provisioning.site import ProvisionError, only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from fraudlake.local.deployment import Deployment, Resource
    from fraudlake.local.provisioning.site import Site

_LIFECYCLE_AS_IN_THE_API = frozenset(
    {"Status", "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration"}
)
_LOGGING = "LoggingConfiguration"
_LOG_WRITER = "logging.s3.amazonaws.com"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def make_bucket(resource: Resource, site: Site) -> None:
    """Make a bucket with all of its settings but its access log (see `log_accesses`)."""
    properties = only(resource, {"BucketName", _LOGGING, *_SETTINGS})
    s3 = site.client("s3")
    _create_bucket(site, resource.name)
    for name, put in _SETTINGS.items():
        if name in properties:
            put(s3, resource.name, properties[name])


def log_accesses(resource: Resource, site: Site) -> None:
    """Turn on a bucket's access log; the log's bucket and its policy must be there by then."""
    if written := resource.properties.get(_LOGGING):
        target = {
            "TargetBucket": written["DestinationBucketName"],
            "TargetPrefix": written.get("LogFilePrefix", ""),
        }
        site.client("s3").put_bucket_logging(
            Bucket=resource.name, BucketLoggingStatus={"LoggingEnabled": target}
        )


def make_bucket_policy(resource: Resource, site: Site) -> None:
    """Put what moto asks a bucket's policy for: the grant to the service that writes access logs.

    moto takes every other statement for one that holds always and for everybody, whatever its
    conditions and principals. The judge of permissions reads the whole policy in the templates.
    """
    properties = only(resource, {"Bucket", "PolicyDocument"})
    document = properties["PolicyDocument"]
    if granted := [one for one in document["Statement"] if _is_for_access_logs(one)]:
        policy = json.dumps({**document, "Statement": granted})
        site.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)


def ship_assets(site: Site) -> None:
    """Upload every file that the templates refer to, where they look for it."""
    buckets = set()
    for uri, path in sorted(_shipped(site.deployment).items()):
        bucket, key = uri.removeprefix("s3://").split("/", 1)
        if bucket not in buckets:
            _create_bucket(site, bucket)
            buckets.add(bucket)
        site.client("s3").put_object(Bucket=bucket, Key=key, Body=_content(path))


def _is_for_access_logs(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    return isinstance(principal, dict) and principal.get("Service") == _LOG_WRITER


def _create_bucket(site: Site, name: str) -> None:
    region = site.deployment.region
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    site.client("s3").create_bucket(Bucket=name, **(elsewhere if region != "us-east-1" else {}))


def _shipped(deployment: Deployment) -> dict[str, Path]:
    """The files that resources name, by where they name them."""
    found = {}
    for resource in deployment.all:
        for uri in _uris(resource.properties):
            try:
                found[uri] = deployment.asset(uri)
            except KeyError:
                continue  # a place that the deployment writes to, not one that it was shipped to
    return found


def _uris(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        yield from (one for one in value.split(",") if one.startswith("s3://"))
    elif isinstance(value, list):
        for one in value:
            yield from _uris(one)
    elif isinstance(value, dict):
        if {"S3Bucket", "S3Key"} <= value.keys():
            yield f"s3://{value['S3Bucket']}/{value['S3Key']}"
        yield from _uris(list(value.values()))


def _content(path: Path) -> bytes:
    """A file as it is; a folder as a zip, the same one every time."""
    if path.is_file():
        return path.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in sorted(path.rglob("*")):
            if one.is_file():
                name = zipfile.ZipInfo(one.relative_to(path).as_posix(), _ZIP_EPOCH)
                archive.writestr(name, one.read_bytes())
    return packed.getvalue()


def _put_encryption(s3: Any, bucket: str, written: Mapping[str, Any]) -> None:  # noqa: ANN401
    rules = [
        {
            "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
        }
        for rule in written["ServerSideEncryptionConfiguration"]
    ]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def _put_versioning(s3: Any, bucket: str, written: Mapping[str, Any]) -> None:  # noqa: ANN401
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=written)


def _put_ownership(s3: Any, bucket: str, written: Mapping[str, Any]) -> None:  # noqa: ANN401
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=written)


def _put_access_block(s3: Any, bucket: str, written: Mapping[str, Any]) -> None:  # noqa: ANN401
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=written)


def _put_tags(s3: Any, bucket: str, written: list[Mapping[str, str]]) -> None:  # noqa: ANN401
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": written})


def _put_lifecycle(s3: Any, bucket: str, written: Mapping[str, Any]) -> None:  # noqa: ANN401
    rules = [_lifecycle_rule(bucket, rule) for rule in written["Rules"]]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def _lifecycle_rule(bucket: str, written: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of CloudFormation's in the words of the API."""
    rule: dict[str, Any] = {"Filter": {"Prefix": written.get("Prefix", "")}}
    for name, value in written.items():
        if name == "ExpirationInDays":
            rule.setdefault("Expiration", {})["Days"] = value
        elif name == "ExpiredObjectDeleteMarker":
            rule.setdefault("Expiration", {})[name] = value
        elif name == "Id":
            rule["ID"] = value
        elif name in _LIFECYCLE_AS_IN_THE_API:
            rule[name] = value
        elif name != "Prefix":
            raise ProvisionError(f"bucket {bucket}: no lifecycle rule with {name} is known here")
    return rule


_SETTINGS: Mapping[str, Callable[[Any, str, Any], None]] = {
    "BucketEncryption": _put_encryption,
    "VersioningConfiguration": _put_versioning,
    "OwnershipControls": _put_ownership,
    "PublicAccessBlockConfiguration": _put_access_block,
    "LifecycleConfiguration": _put_lifecycle,
    "Tags": _put_tags,
}
