"""Arrow columns from whole arrays, without a Python object a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Whole = NDArray[np.integer[Any]]


def decimals(unscaled: Whole, precision: int, scale: int) -> pa.Array:
    """Decimals from whole numbers of 10 to the -scale."""
    low = unscaled.astype(np.int64)
    words = np.column_stack([low, low >> 63])
    kind = pa.decimal128(precision, scale)
    return pa.Array.from_buffers(kind, len(low), [None, pa.py_buffer(words.tobytes())])


def numbered(prefix: str, numbers: Whole, digits: int) -> pa.Array:
    """Text such as `C000042`."""
    text = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), digits, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), text, "")


def chosen(values: Sequence[str] | pa.Array, index: Whole) -> pa.Array:
    """The values at these places; null where the place is negative."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array.take(pa.array(index, mask=index < 0))


def nullable(values: pa.Array | NDArray[Any], is_null: NDArray[np.bool_]) -> pa.Array:
    """The values with nulls punched in."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return pc.if_else(pa.array(is_null), pa.scalar(None, array.type), array)
