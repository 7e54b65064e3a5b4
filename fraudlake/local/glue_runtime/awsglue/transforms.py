"""Transforms of DynamicFrames: each is called on the class, `Join.apply(...)`."""

# Names and signatures are Glue's; some of its parameters have no effect here.
# ruff: noqa: ANN401, ARG002, N803, PLR0913, PLR0917
from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from ._choices import Records
from .dynamicframe import DynamicFrame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pyspark.sql import Column

__all__ = ["ApplyMapping", "Filter", "Join", "ResolveChoice"]

# Source column, its type, target column, its type.
Mapping = tuple[str, str, str, str]
_MAPPING_LENGTH = 4


class GlueTransform:
    """A transform: `apply` makes one and calls it."""

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> DynamicFrame:
        """The transformed frame; the arguments are those of the transform's own call."""
        transform: Any = cls()
        frame: DynamicFrame = transform(*args, **kwargs)
        return frame


class Filter(GlueTransform):
    """Keeps the records for which a function is true; see `DynamicFrame.filter`."""

    def __call__(
        self,
        frame: DynamicFrame,
        f: Callable[[Any], object],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """The kept records."""
        return frame.filter(f)


class ResolveChoice(GlueTransform):
    """Settles columns of several types; see `DynamicFrame.resolveChoice`."""

    def __call__(
        self,
        frame: DynamicFrame,
        specs: Iterable[tuple[str, str]] | None = None,
        choice: str = "",
        database: str | None = None,
        table_name: str | None = None,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
        catalog_id: str | None = None,
    ) -> DynamicFrame:
        """The records with settled columns."""
        return frame.resolveChoice(specs, choice, database, table_name, catalog_id=catalog_id)


class ApplyMapping(GlueTransform):
    """Picks, renames and casts columns; those that no mapping names are left out."""

    def __call__(
        self,
        frame: DynamicFrame,
        mappings: Sequence[Mapping],
        case_sensitive: bool = False,  # noqa: FBT001, FBT002
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """The mapped records. NotImplementedError for a mapping that is no tuple of four."""
        rows = frame.toDF()
        columns = [_mapped(one) for one in mappings if one[0] in rows.columns]
        return DynamicFrame(Records(rows.select(*columns)), frame.glue_ctx, frame.name)


def _mapped(mapping: Mapping) -> Column:
    if len(mapping) != _MAPPING_LENGTH:
        raise NotImplementedError(f"the stand-in maps by tuples of four; found {mapping!r}")
    source, _, target, kind = mapping
    return F.col(f"`{source}`").cast("bigint" if kind == "long" else kind).alias(target)


class Join(GlueTransform):
    """Joins two frames where their keys are equal, as SQL's inner join."""

    def __call__(
        self,
        frame1: DynamicFrame,
        frame2: DynamicFrame,
        keys1: str | Sequence[str],
        keys2: str | Sequence[str],
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Records with the columns of both; one of frame2 whose name is taken begins with a dot."""
        left, right = frame1.toDF(), frame2.toDF()
        taken = set(left.columns)
        right = right.toDF(*(f".{name}" if name in taken else name for name in right.columns))
        pairs = zip(_names(keys1), _names(keys2), strict=True)
        equal = [left[f"`{a}`"] == right[f"`.{b}`" if b in taken else f"`{b}`"] for a, b in pairs]
        rows = left.join(right, reduce(and_, equal), how="inner")
        return DynamicFrame(Records(rows), frame1.glue_ctx, frame1.name)


def _names(keys: str | Sequence[str]) -> list[str]:
    return [keys] if isinstance(keys, str) else list(keys)
