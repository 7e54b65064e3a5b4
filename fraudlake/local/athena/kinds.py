"""Types as Athena's catalog, its SQL, DuckDB, Arrow and its results call them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp
from sqlglot.expressions import DType as _Kind

from fraudlake.local.athena.failures import NotPlayed

if TYPE_CHECKING:
    from duckdb.sqltypes import DuckDBPyType

TEXTS = frozenset({_Kind.VARCHAR, _Kind.CHAR, _Kind.TEXT})
INTEGERS = frozenset({_Kind.TINYINT, _Kind.SMALLINT, _Kind.INT, _Kind.BIGINT})
FLOATS = frozenset({_Kind.FLOAT, _Kind.DOUBLE})
NUMBERS = INTEGERS | FLOATS | {_Kind.DECIMAL}
TIMES = frozenset({_Kind.DATE, _Kind.TIMESTAMP, _Kind.TIMESTAMPTZ, _Kind.TIMESTAMPNTZ})
_ARROW = {
    _Kind.VARCHAR: pa.string(),
    _Kind.CHAR: pa.string(),
    _Kind.TINYINT: pa.int8(),
    _Kind.SMALLINT: pa.int16(),
    _Kind.INT: pa.int32(),
    _Kind.BIGINT: pa.int64(),
    _Kind.FLOAT: pa.float32(),
    _Kind.DOUBLE: pa.float64(),
    _Kind.BOOLEAN: pa.bool_(),
    _Kind.DATE: pa.date32(),
    _Kind.TIMESTAMP: pa.timestamp("us"),
    _Kind.BINARY: pa.binary(),
}
# What results call a type, by DuckDB's id of it, and its precision.
_RESULT_TYPES = {
    "varchar": ("varchar", 2147483647),
    "boolean": ("boolean", 0),
    "tinyint": ("tinyint", 3),
    "smallint": ("smallint", 5),
    "integer": ("integer", 10),
    "bigint": ("bigint", 19),
    "hugeint": ("bigint", 19),  # a sum of whole numbers
    "float": ("float", 17),
    "double": ("double", 17),
    "date": ("date", 0),
    "timestamp": ("timestamp", 3),
    "timestamp with time zone": ("timestamp with time zone", 3),
    "blob": ("varbinary", 1073741824),
    "list": ("array", 0),
    "map": ("map", 0),
    "struct": ("row", 0),
    "NULL": ("unknown", 0),
    '"null"': ("unknown", 0),
    "sqlnull": ("unknown", 0),
}


def catalog_type(text: str) -> exp.DataType:
    """A type as the catalog writes it (`array<struct<rule:string>>`), parsed."""
    kind = exp.DataType.build(text, dialect="hive")
    for one in kind.find_all(exp.DataType):
        if one.this == _Kind.TEXT:
            one.set("this", _Kind.VARCHAR)
    return kind


def duckdb_type(text: str) -> str:
    """A type of the catalog as DuckDB calls it."""
    return catalog_type(text).sql("duckdb")


def arrow_type(kind: exp.DataType) -> pa.DataType:
    """A type as Arrow calls it. Raises NotPlayed for a type that no table here has."""
    inner = kind.expressions
    if kind.this == _Kind.ARRAY:
        return pa.list_(arrow_type(inner[0]))
    if kind.this == _Kind.MAP:
        return pa.map_(arrow_type(inner[0]), arrow_type(inner[1]))
    if kind.this == _Kind.STRUCT:
        return pa.struct([(one.name, arrow_type(one.args["kind"])) for one in inner])
    if kind.this == _Kind.DECIMAL:
        return pa.decimal128(*decimal_digits(kind))
    if kind.this not in _ARROW:
        raise NotPlayed(f"the column type {kind.sql('hive').lower()}")
    return _ARROW[kind.this]


def decimal_digits(kind: exp.DataType) -> tuple[int, int]:
    """Precision and scale of a decimal; Hive's defaults are 10 and 0."""
    digits = [int(one.name) for one in kind.expressions]
    return (digits[0] if digits else 10), (digits[1] if len(digits) > 1 else 0)


def is_kind(node: exp.Expr, kinds: frozenset[_Kind]) -> bool:
    """Whether a part of a typed query has one of some types."""
    return kind_of(node) in kinds


def kind_of(node: exp.Expr) -> _Kind:
    """The type of a part of a typed query, without its parameters."""
    found = node.type.this if node.type else _Kind.UNKNOWN
    return _Kind.VARCHAR if found == _Kind.TEXT else found


def result_type(kind: DuckDBPyType) -> tuple[str, int, int]:
    """What a result calls a column's type, its precision and its scale.

    Raises NotPlayed for a type that Athena would not answer with.
    """
    if kind.id == "decimal":
        digits: dict[str, Any] = dict(kind.children)
        return "decimal", int(digits["precision"]), int(digits["scale"])
    if kind.id not in _RESULT_TYPES:
        raise NotPlayed(f"a column of the type {kind}", "cast it to another")
    name, precision = _RESULT_TYPES[kind.id]
    return name, precision, 3 if name.startswith("timestamp") else 0
