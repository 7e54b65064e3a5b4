"""Which partitions the objects below a table's location make up, as a Glue crawler sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HIDDEN = ("_", ".")
_FOLDER_MARKERS = ("/", "_$folder$")


class Listed(NamedTuple):
    """An object as a listing shows it."""

    key: str
    size: int


@dataclass(frozen=True)
class Folder:
    """A folder of data. `prefix` ends in a slash; `sample` is its first object with content."""

    prefix: str
    sample: str | None


@dataclass
class Found:
    """What lies below a table: partitions by their values, and folders that are none.

    `skipped` holds the prefixes whose keys are not the table's in name, order and number: the
    table's own location among them, when objects lie loose beside its partitions.
    """

    partitions: dict[tuple[str, ...], Folder] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def folders_below(location: str, keys: Sequence[str], objects: Iterable[Listed]) -> Found:
    """Sort the objects below a table's location (a prefix that ends in a slash) into partitions.

    Objects are taken in the order of their keys. Hidden ones (`_` or `.` before any part of the
    path) and folder markers count for nothing. Of two folders that spell the same values, the
    first is the partition and the other one is skipped.
    """
    found = Found()
    for prefix, sample in sorted(_samples(location, objects).items()):
        values = _values(prefix.removeprefix(location), keys)
        if values is None or values in found.partitions:
            found.skipped.append(prefix)
        else:
            found.partitions[values] = Folder(prefix, sample)
    return found


def _samples(location: str, objects: Iterable[Listed]) -> dict[str, str | None]:
    """The folders that hold data, each with its first object that has content."""
    samples: dict[str, str | None] = {}
    for one in objects:
        if _is_data(one, location):
            folder = one.key[: one.key.rindex("/") + 1]
            samples[folder] = samples.get(folder) or (one.key if one.size else None)
    return samples


def _is_data(one: Listed, location: str) -> bool:
    parts = one.key.removeprefix(location).split("/")
    is_hidden = any(part.startswith(_HIDDEN) for part in parts)
    is_marker = not one.size and one.key.endswith(_FOLDER_MARKERS)
    return not is_hidden and not is_marker


def _values(path: str, keys: Sequence[str]) -> tuple[str, ...] | None:
    """The values of the keys in a path `key=value/key=value/`; None when it has other keys."""
    parts = [part.partition("=") for part in path.split("/")[:-1]]
    names = [unquote(name).lower() for name, _, _ in parts]
    if names != [key.lower() for key in keys] or not all(sign for _, sign, _ in parts):
        return None
    return tuple(unquote(value) for _, _, value in parts)
