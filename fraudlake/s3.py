"""A folder of an S3 bucket."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from fraudlake.errors import InputError
from fraudlake.storage import Storage, StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from typing_extensions import Buffer

_READ_AHEAD = 1 << 16  # bytes that a short read fetches; a long one is a request of its own


@dataclass(frozen=True)
class S3Folder:
    """What lies below a prefix of a bucket; `client` is boto3's client for S3."""

    bucket: str
    prefix: str  # empty, or with a slash at its end
    client: Any = field(compare=False, repr=False)

    @property
    def where(self) -> str:
        """The URI."""
        return self.uri("").rstrip("/")

    def __str__(self) -> str:
        """The URI."""
        return self.where

    def uri(self, name: str) -> str:
        """The URI of an object or a folder of them."""
        return f"s3://{self.bucket}/{self.prefix}{name}"

    def single_file(self) -> tuple[Storage, StoredFile] | None:
        """The object whose key the URI is, in its folder."""
        key = self.prefix.rstrip("/")
        found = self._page(Prefix=key, MaxKeys=1).get("Contents", []) if key else []
        if not found or found[0]["Key"] != key:
            return None
        parent = S3Folder(self.bucket, key[: key.rfind("/") + 1], self.client)
        return parent, parent._stored(found[0])

    def is_folder(self) -> bool:
        """Whether an object lies below."""
        return bool(self._page(Prefix=self.prefix, MaxKeys=1).get("Contents"))

    def folders(self, below: str = "") -> list[str]:
        """The parts of keys up to the next slash."""
        start = self.prefix + (f"{below}/" if below else "")
        pages = self._pages(Prefix=start, Delimiter="/")
        found = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]
        return [one.removeprefix(start).rstrip("/") for one in found]

    def files(self, below: str = "") -> list[StoredFile]:
        """Every object below; empty ones that stand for folders are none."""
        start = self.prefix + (f"{below}/" if below else "")
        found = [one for page in self._pages(Prefix=start) for one in page.get("Contents", [])]
        return [self._stored(one) for one in found if not one["Key"].endswith("/")]

    def open(self, name: str) -> BinaryIO:
        """Read the object part by part, as far as it is asked for."""
        with self._told(name):
            head = self.client.head_object(Bucket=self.bucket, Key=self.prefix + name)
        parts = _ObjectReader(self, self.prefix + name, head["ContentLength"], head["ETag"])
        return cast("BinaryIO", io.BufferedReader(parts, _READ_AHEAD))

    def put_new(self, name: str, content: bytes) -> None:
        """One PUT: the object is there whole, or not. S3 is not asked whether the name is taken."""
        with self._told(name):
            self.client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=content)

    def parts(self, folder: str, aside: str) -> AbstractContextManager[str]:  # noqa: ARG002
        """Written in place: objects appear when the committer completes their uploads."""
        return nullcontext(self.uri(folder))

    def part(self, key: str, etag: str, first: int, last: int) -> bytes:
        """Bytes `first` to `last` of an object, as long as it is the one that was opened."""
        with self._told(key.removeprefix(self.prefix)):
            found = self.client.get_object(
                Bucket=self.bucket, Key=key, Range=f"bytes={first}-{last}", IfMatch=etag
            )
            content: bytes = found["Body"].read()
        return content

    def _stored(self, found: dict[str, Any]) -> StoredFile:
        modified = found["LastModified"].astimezone(UTC).isoformat()
        name = found["Key"].removeprefix(self.prefix)
        return StoredFile(name, found["Size"], modified, found["ETag"].strip('"'))

    def _page(self, **wanted: object) -> dict[str, Any]:
        with self._told():
            page: dict[str, Any] = self.client.list_objects_v2(Bucket=self.bucket, **wanted)
        return page

    def _pages(self, **wanted: object) -> Iterator[dict[str, Any]]:
        with self._told():
            pages = self.client.get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self.bucket, **wanted)

    @contextmanager
    def _told(self, name: str = "") -> Iterator[None]:
        """Tell what S3 refused, of which object."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - with S3 only

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise InputError(
                f"{self.uri(name)}: {error}; see that the bucket is there, and that the caller's "
                "role may read and write it"
            ) from error


class _ObjectReader(io.RawIOBase):
    """The bytes of an object, fetched where they are read."""

    def __init__(self, folder: S3Folder, key: str, size: int, etag: str) -> None:
        self._folder, self._key, self._size, self._etag = folder, key, size, etag
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        into = memoryview(buffer).cast("B")
        last = min(self._at + len(into), self._size) - 1
        if last < self._at:
            return 0
        content = self._folder.part(self._key, self._etag, self._at, last)
        into[: len(content)] = content
        self._at += len(content)
        return len(content)


def s3_folder(bucket: str, prefix: str = "") -> S3Folder:
    """A folder of a bucket, reached with the login of this process."""
    import boto3  # noqa: PLC0415 - a second, and for S3 only

    inside = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    return S3Folder(bucket, inside, boto3.client("s3"))
