"""What lies in a folder, wherever the folder is: names and bytes, no rows."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Protocol
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@dataclass(frozen=True)
class StoredFile:
    """A file by its name below the storage; `etag` is S3's mark of the content."""

    name: str
    size: int
    modified: str
    etag: str | None = None


class Storage(Protocol):
    """A folder and what lies below it; names are relative and have slashes."""

    @property
    def where(self) -> str:
        """The folder, as people name it."""

    def uri(self, name: str) -> str:
        """A file or folder below, as Spark names it."""

    def single_file(self) -> tuple[Storage, StoredFile] | None:
        """When this is one file rather than a folder: its folder, and the file."""

    def is_folder(self) -> bool:
        """Whether there is a folder."""

    def folders(self, below: str = "") -> list[str]:
        """The names of the folders directly in this one, or in one below it."""

    def files(self, below: str = "") -> list[StoredFile]:
        """Every file below, in the order of their names."""

    def open(self, name: str) -> BinaryIO:
        """Open a file to read any part of it."""

    def put_new(self, name: str, content: bytes) -> None:
        """Put a file there whole or not at all; it must not be there yet."""

    def parts(self, folder: str, aside: str) -> AbstractContextManager[str]:
        """Where partitions of a folder are written, as Spark names it; at the end they are there.

        Where a folder has to be finished before it is put into its place, that is `aside`.
        """


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    root: Path

    @property
    def where(self) -> str:
        """The path as it was given."""
        return str(self.root)

    def uri(self, name: str) -> str:
        """The absolute path."""
        return str((self.root / name).absolute())

    def single_file(self) -> tuple[Storage, StoredFile] | None:
        """The file that the path names, in its folder."""
        if not self.root.is_file():
            return None
        parent = LocalFolder(self.root.parent)
        return parent, parent._stored(self.root)

    def is_folder(self) -> bool:
        """Whether the path is a folder."""
        return self.root.is_dir()

    def folders(self, below: str = "") -> list[str]:
        """The names of the folders in it, hidden ones too."""
        return sorted(one.name for one in (self.root / below).iterdir() if one.is_dir())

    def files(self, below: str = "") -> list[StoredFile]:
        """Every file below, none when the folder is not there."""
        found = sorted(one for one in (self.root / below).rglob("*") if one.is_file())
        return [self._stored(one) for one in found]

    def open(self, name: str) -> BinaryIO:
        """Open the file."""
        return (self.root / name).open("rb")

    def put_new(self, name: str, content: bytes) -> None:
        """Write aside, then link into place: FileExistsError when the name is taken."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            with draft.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def parts(self, folder: str, aside: str) -> Iterator[str]:
        """Written aside, then each partition that holds files is moved into its place."""
        begun = self.root / aside
        yield self.uri(aside)
        for file in (one for one in begun.rglob("*") if one.is_file()):
            partition = file.parent.relative_to(begun)
            if partition.parts:  # directly in it lies only the mark that all was written
                place = self.root / folder / partition
                place.mkdir(parents=True, exist_ok=True)
                file.rename(place / file.name)
        shutil.rmtree(begun)

    def _stored(self, path: Path) -> StoredFile:
        facts = path.stat()
        modified = datetime.fromtimestamp(facts.st_mtime_ns // 1000 / 1_000_000, UTC)
        name = path.relative_to(self.root).as_posix()
        return StoredFile(name, facts.st_size, modified.isoformat())
