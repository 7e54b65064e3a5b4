"""The objects that a query reads: listed and fetched as the role that asks, kept by ETag."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from fraudlake.local.athena.failures import QueryFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing shows it, the ETag with its quotes."""

    bucket: str
    key: str
    size: int
    etag: str

    @property
    def uri(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"


class Objects:
    """S3 as one role sees it; what was fetched once is in a folder, by ETag."""

    def __init__(self, s3: Any, folder: Path) -> None:  # noqa: ANN401 - a boto3 client
        """Take a client that calls as the role, and the folder."""
        self._s3, self._folder = s3, folder

    def below(self, location: str) -> Iterator[StoredObject]:
        """Every object below a location that Athena would read, in order of their keys.

        Hidden ones (`_` or `.` before the name, or before a folder's) and empty ones are passed
        over. Raises QueryFailed when the role may not list them.
        """
        bucket, prefix = split_uri(location)
        prefix = prefix.rstrip("/") + "/" if prefix else ""
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for one in (item for page in pages for item in page.get("Contents", [])):
                if one["Size"] and not _is_hidden(one["Key"].removeprefix(prefix)):
                    yield StoredObject(bucket, one["Key"], one["Size"], one["ETag"])
        except ClientError as error:
            raise _denied(error, location) from error

    def fetch(self, stored: StoredObject) -> Path:
        """The object as a file. Raises QueryFailed when the role may not read it.

        What is there already is asked for all the same, without its content: who asks must have
        the right.
        """
        path = self._folder / hashlib.sha256(f"{stored.uri} {stored.etag}".encode()).hexdigest()
        asked = {"Bucket": stored.bucket, "Key": stored.key, "IfMatch": stored.etag}
        try:
            if path.is_file():
                self._s3.head_object(**asked)
            else:
                _save(self._s3.get_object(**asked)["Body"], path)
        except ClientError as error:
            raise _denied(error, stored.uri) from error
        return path


def _save(body: Any, path: Path) -> None:  # noqa: ANN401 - botocore's stream
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as draft, body:
        for chunk in body.iter_chunks(_CHUNK):
            draft.write(chunk)
    Path(draft.name).replace(path)


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    parts = urlsplit(uri, allow_fragments=False)
    return parts.netloc, uri.partition(parts.netloc)[2].removeprefix("/")


def _is_hidden(path: str) -> bool:
    return any(one.startswith(("_", ".")) for one in path.split("/"))


def _denied(error: ClientError, uri: str) -> QueryFailed:
    code = error.response["Error"]["Code"]
    if code in {"AccessDenied", "403", "Forbidden"}:
        told = error.response["Error"].get("Message", "Access Denied")
        return QueryFailed(f"PERMISSION_DENIED: Access Denied on S3 location: {uri}: {told}")
    return QueryFailed(f"HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split {uri}: {error}")
