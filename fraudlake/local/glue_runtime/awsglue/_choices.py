"""Columns whose type differs from record to record, and how they are settled."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import Column, DataFrame

# What a DynamicFrame calls a type of the catalog; the others bear the same name.
_GLUE_NAMES = {"bigint": "long", "integer": "int", "smallint": "short", "tinyint": "byte"}


@dataclass(frozen=True)
class Records:
    """The records of a DynamicFrame: a frame, in which a choice is a struct with a field a type.

    Attributes:
        frame: the records.
        choices: the types of each column that has several, by the column's name.
        is_declared: the columns are known without a record; else no record means no column.
    """

    frame: DataFrame
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_declared: bool = True


def glue_name(kind: str) -> str:
    """What a DynamicFrame calls a type: `long` for `bigint`, `decimal` for `decimal(16,4)`."""
    plain = re.split(r"[(<]", kind, maxsplit=1)[0]
    return _GLUE_NAMES.get(plain, plain)


def united(parts: Sequence[tuple[DataFrame, Mapping[str, str]]]) -> Records:
    """Frames as one, each with the types of its columns: where they differ there is a choice."""
    kinds: dict[str, dict[str, str]] = {}
    for _, types in parts:
        for name, kind in types.items():
            kinds.setdefault(name, {}).setdefault(glue_name(kind), kind)
    choices = {name: tuple(sorted(found)) for name, found in kinds.items() if len(found) > 1}
    frames = [_with_choices(frame, types, kinds, choices) for frame, types in parts]
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.unionByName(frame, allowMissingColumns=True)
    return Records(whole, choices, is_declared=False)


def _with_choices(
    frame: DataFrame,
    types: Mapping[str, str],
    kinds: Mapping[str, Mapping[str, str]],
    choices: Mapping[str, Sequence[str]],
) -> DataFrame:
    for name in types.keys() & choices.keys():
        own, column = glue_name(types[name]), F.col(f"`{name}`")
        fields = [
            (column if kind == own else F.lit(None)).cast(kinds[name][kind]).alias(kind)
            for kind in choices[name]
        ]
        frame = frame.withColumn(name, F.when(column.isNotNull(), F.struct(*fields)))
    return frame


def resolved(records: Records, name: str, action: str) -> Records:
    """The records with one column settled: `cast:TYPE`, `project:TYPE`, make_cols, make_struct.

    A `cast` takes any column; a column without a choice is otherwise left alone. Raises
    ValueError for an action that is none of them.
    """
    verb, _, kind = action.partition(":")
    if verb not in _ACTIONS or bool(kind) != (verb in {"cast", "project"}):
        raise ValueError(f"{action!r} is no action of resolveChoice; use cast:string and the like")
    if name not in records.frame.columns:
        return records
    settled = _ACTIONS[verb](records, name, kind)
    left = {one: kinds for one, kinds in records.choices.items() if one != name}
    columns = [
        one
        for other in records.frame.columns
        for one in (settled if other == name else [F.col(f"`{other}`")])
    ]
    return Records(records.frame.select(*columns), left, records.is_declared)


def _cast(records: Records, name: str, kind: str) -> list[Column]:
    column = F.col(f"`{name}`")
    if name not in records.choices:
        return [column.cast(kind).alias(name)]
    return [F.coalesce(*(column[one].cast(kind) for one in records.choices[name])).alias(name)]


def _project(records: Records, name: str, kind: str) -> list[Column]:
    is_choice = name in records.choices
    return _cast(records, name, kind) if is_choice else [F.col(f"`{name}`")]


def _make_columns(records: Records, name: str, _: str) -> list[Column]:
    column = F.col(f"`{name}`")
    kinds = records.choices.get(name)
    return [column[one].alias(f"{name}_{one}") for one in kinds] if kinds else [column]


def _make_struct(_: Records, name: str, __: str) -> list[Column]:
    return [F.col(f"`{name}`")]


_ACTIONS: dict[str, Callable[[Records, str, str], list[Column]]] = {
    "cast": _cast,
    "project": _project,
    "make_cols": _make_columns,
    "make_struct": _make_struct,
}
