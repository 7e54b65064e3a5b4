"""Values as Athena writes them: in results, and in the CSV object that it leaves in S3."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from fraudlake.local.athena.failures import QueryFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb.sqltypes import DuckDBPyType

# Between these, Java writes a number without an exponent.
_SMALL, _LARGE = 1e-3, 1e7
_BEYOND_BIGINT = 2**63


def value_text(value: Any, kind: DuckDBPyType) -> str | None:  # noqa: ANN401 - any of DuckDB's
    """A value of a type of DuckDB as Athena writes it; nulls stay None."""
    if value is None:
        return None
    if kind.id in {"list", "struct", "map"}:
        return _nested_text(value, kind)
    if kind.id == "float":
        return double_text(float(str(np.float32(value))))
    if kind.id == "hugeint" and not -_BEYOND_BIGINT <= value < _BEYOND_BIGINT:
        raise QueryFailed(f"NUMERIC_VALUE_OUT_OF_RANGE: bigint overflow: {value}")
    return _plain_text(value)


def _plain_text(value: Any) -> str:  # noqa: ANN401 - any scalar
    match value:
        case bool():
            return str(value).lower()
        case float():
            return double_text(value)
        case datetime():
            zone = " UTC" if value.tzinfo else ""
            return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}{zone}"
        case date():
            return value.isoformat()
        case bytes():
            return value.hex(" ")
        case _:
            return str(value)


def _nested_text(value: Any, kind: DuckDBPyType) -> str:  # noqa: ANN401 - a list or dict
    children: dict[str, Any] = dict(kind.children)
    if kind.id == "list":
        return f"[{', '.join(_inner(one, children['child']) for one in value)}]"
    if kind.id == "map":
        pairs = [
            (_inner(k, children["key"]), _inner(v, children["value"])) for k, v in value.items()
        ]
    else:
        pairs = [(name, _inner(value[name], inner)) for name, inner in children.items()]
    return "{" + ", ".join(f"{name}={text}" for name, text in pairs) + "}"


def _inner(value: Any, kind: DuckDBPyType) -> str:  # noqa: ANN401 - any of DuckDB's
    text = value_text(value, kind)
    return "null" if text is None else text


def double_text(value: float) -> str:
    """A double as Java writes it, which Athena's engine is: 1.0, 1.0E7, 1.0E-4, NaN, Infinity."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else ("-" if value < 0 else "") + "Infinity"
    if value == 0 or _SMALL <= abs(value) < _LARGE:
        return np.format_float_positional(value, trim="0")
    mantissa, _, exponent = np.format_float_scientific(value, trim="0").partition("e")
    return f"{mantissa}E{int(exponent)}"


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """A result as the object that Athena leaves: all in quotes, but nulls, which are empty."""
    return "".join(",".join(map(_quoted, row)) + "\n" for row in (header, *rows))


def _quoted(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'
