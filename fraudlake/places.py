"""Where tables may lie: a folder of this machine, or of a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fraudlake.errors import SettingsError
from fraudlake.s3 import S3Folder, s3_folder
from fraudlake.storage import LocalFolder

if TYPE_CHECKING:
    from fraudlake.storage import Storage

Place = Path | S3Folder


def storage_at(place: Place) -> Storage:
    """The storage of a path, or of a folder in S3."""
    return LocalFolder(place) if isinstance(place, Path) else place


def place_named(text: str) -> Place:
    """The place that an option names: a path, or `s3://bucket/folder` with the caller's login.

    Raises SettingsError for the URI of other storage, or without the name of a bucket.
    """
    if "://" not in text:
        return Path(text)
    bucket, _, prefix = text.removeprefix("s3://").partition("/")
    if not text.startswith("s3://") or not bucket:
        raise SettingsError(f"{text}: name a folder of this machine, or s3://bucket/folder")
    return s3_folder(bucket, prefix)
