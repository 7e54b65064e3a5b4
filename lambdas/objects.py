"""Objects in S3 that are put whole, in one request, and checked by S3 against their SHA-256."""

from __future__ import annotations

import base64
import hashlib
from contextlib import closing
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import TYPE_CHECKING, BinaryIO, cast

from fraudlake.errors import RunError
from lambdas.aws import AWS_ERRORS, fault_of, is_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import BufferedRandom, BytesIO

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_NOT_THERE = frozenset({"NoSuchKey", "404"})


class PutConflict(Exception):  # noqa: N818 - a situation to be handled, not an error
    """The object is not, or no longer, the one that was to be replaced."""


@dataclass(frozen=True, kw_only=True)
class NewObject:
    """An object to put: where, what, and what must be there before.

    `replaces` is the ETag of the object that must still be there; `is_new` says that none may be
    there; with neither, whatever is there is replaced.
    """

    key: str
    body: BufferedRandom | BytesIO
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    replaces: str | None = None
    is_new: bool = False


@dataclass(frozen=True)
class StoredHead:
    """What S3 tells of an object without its bytes: ETag and metadata."""

    etag: str
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class StoredObject:
    """An object as it was read: its bytes, ETag and metadata."""

    body: bytes
    etag: str
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Bucket:
    """A bucket as the functions use it; its errors are RunError and name the object."""

    s3: S3Client
    name: str

    def put(self, new: NewObject) -> str:
        """Put an object in one request, and return its SHA-256 in hex.

        Readers see the old bytes or all the new ones. S3 refuses bytes that do not have the
        SHA-256 sent along. Encryption is what the bucket's default says. Raises PutConflict when
        what must be there before is not.
        """
        digest = sha256_of(new.body)
        try:
            self.s3.put_object(**self._request(new, digest))
        except AWS_ERRORS as error:
            self._judge(new, digest, error)
        return digest

    def get(self, key: str) -> StoredObject | None:
        """Return a small object, or None where there is none."""
        try:
            found = self.s3.get_object(Bucket=self.name, Key=key)
            return StoredObject(found["Body"].read(), found["ETag"], found["Metadata"])
        except AWS_ERRORS as error:
            if fault_of(error) in _NOT_THERE:
                return None
            raise self._not("read", key, error) from error

    def head(self, key: str) -> StoredHead | None:
        """Return ETag and metadata of an object, or None where there is none."""
        try:
            found = self.s3.head_object(Bucket=self.name, Key=key)
            return StoredHead(found["ETag"], found["Metadata"])
        except AWS_ERRORS as error:
            if fault_of(error) in _NOT_THERE:
                return None
            raise self._not("read", key, error) from error

    def lines(self, key: str) -> Iterator[str]:
        """The lines of a text object of any size, with their ends, as they come in."""
        try:
            body = self.s3.get_object(Bucket=self.name, Key=key)["Body"]
            with closing(body):
                yield from TextIOWrapper(cast("BinaryIO", body), encoding="utf-8-sig", newline="")
        except (*AWS_ERRORS, UnicodeDecodeError) as error:
            raise self._not("read", key, error) from error

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys of all objects below a prefix, in order of their names."""
        try:
            for page in self.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            ):
                yield from (found["Key"] for found in page.get("Contents", []))
        except AWS_ERRORS as error:
            raise self._not("listed", prefix, error) from error

    def _judge(self, new: NewObject, digest: str, error: Exception) -> None:
        """Say what a failed put left behind: an answer that was lost may have been a yes."""
        if is_refusal(error) and fault_of(error) not in _CONFLICTS:
            raise self._not("written", new.key, error) from error
        try:
            found = self.head(new.key)
        except RunError:
            raise RunError(
                f"s3://{self.name}/{new.key} may or may not have been written ({fault_of(error)}): "
                "S3 does not answer. Call again when it does"
            ) from error
        if found and found.metadata.get("sha256") == digest and _is_ours(found, new):
            return
        if fault_of(error) in _CONFLICTS:
            raise PutConflict from error
        raise self._not("written", new.key, error) from error

    def _request(self, new: NewObject, digest: str) -> PutObjectRequestTypeDef:
        request: PutObjectRequestTypeDef = {
            "Bucket": self.name,
            "Key": new.key,
            "Body": new.body,
            "ContentType": new.content_type,
            "ChecksumSHA256": base64.b64encode(bytes.fromhex(digest)).decode(),
            "Metadata": {"sha256": digest, **new.metadata},
        }
        if new.replaces:
            request["IfMatch"] = new.replaces
        if new.is_new:
            request["IfNoneMatch"] = "*"
        return request

    def _not(self, done: str, key: str, error: Exception) -> RunError:
        return RunError(
            f"s3://{self.name}/{key} was not {done} ({fault_of(error)}); what was there stays as "
            "it was. See that the function's role, the bucket's policy and its key allow it, and "
            "call again"
        )


def _is_ours(found: StoredHead, new: NewObject) -> bool:
    """Whether an object was put with all the metadata of this one."""
    return all(found.metadata.get(name) == value for name, value in new.metadata.items())


def sha256_of(body: BufferedRandom | BytesIO) -> str:
    """SHA-256 of a file from its start, in hex; the file is back at its start after it."""
    body.seek(0)
    digest = hashlib.file_digest(body, "sha256").hexdigest()
    body.seek(0)
    return digest
