"""Reads JSON as the OpenX SerDe does: one record a line, keys matched with columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlglot.expressions import DType as _Kind

from fraudlake.local.athena.failures import NotPlayed, QueryFailed
from fraudlake.local.athena.kinds import FLOATS, INTEGERS, TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

    from fraudlake.local.athena.catalog import Table

_NO_RECORD: dict[str, Any] = {}


def json_rows(text: str, table: Table, where: str) -> list[dict[str, object]]:
    """The records of an object, one a line, in the types of the table's columns.

    Raises QueryFailed for a line that is no record, or a value of another type, unless the table
    says `ignore.malformed.json`; then such a line is a row of nulls, as in Athena.
    """
    settings = table.settings
    renamed = [name for name in settings if name.startswith("mapping.")]
    if renamed or settings.get("dots.in.keys", "false") == "true":
        raise NotPlayed(f"the SerDe's parameters {renamed or 'dots.in.keys'} of {table.name}")
    reader = _Reader(
        table.columns,
        where,
        folds=settings.get("case.insensitive", "true") == "true",
        forgives=settings.get("ignore.malformed.json", "false") == "true",
    )
    return [reader.row(line) for line in _lines(text)]


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


class _Reader:
    def __init__(
        self, columns: Mapping[str, exp.DataType], where: str, *, folds: bool, forgives: bool
    ) -> None:
        self._columns, self._where = columns, where
        self._folds, self._forgives = folds, forgives

    def row(self, line: str) -> dict[str, object]:
        record = self._record(line)
        return {
            name: _value(record.get(name), kind, f"{name} in {self._where}")
            for name, kind in self._columns.items()
        }

    def _record(self, line: str) -> dict[str, Any]:
        if not line.strip():
            return _NO_RECORD
        try:
            found = json.loads(line, object_pairs_hook=self._object)
        except ValueError as error:
            return self._malformed(str(error))
        return found if isinstance(found, dict) else self._malformed("A JSONObject must begin '{'")

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {(name.lower() if self._folds else name): value for name, value in pairs}

    def _malformed(self, told: str) -> dict[str, Any]:
        if self._forgives:
            return _NO_RECORD
        raise QueryFailed(
            "HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: "
            f"{told} (in {self._where})"
        )


def _value(found: Any, kind: exp.DataType, where: str) -> object:  # noqa: ANN401 - any JSON
    """A value of JSON in a declared type: text takes anything, as this SerDe does."""
    if found is None:
        return None
    if kind.this in TEXTS:
        return found if isinstance(found, str) else _as_text(found)
    if kind.this in {_Kind.ARRAY, _Kind.MAP, _Kind.STRUCT}:
        return _nested(found, kind, where)
    return _scalar(found, kind, where)


def _as_text(found: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def _nested(found: Any, kind: exp.DataType, where: str) -> object:  # noqa: ANN401 - any JSON
    inner = kind.expressions
    if kind.this == _Kind.ARRAY and isinstance(found, list):
        return [_value(one, inner[0], where) for one in found]
    if kind.this == _Kind.MAP and isinstance(found, dict):
        return [(_value(k, inner[0], where), _value(v, inner[1], where)) for k, v in found.items()]
    if kind.this == _Kind.STRUCT and isinstance(found, dict):
        return {one.name: _value(found.get(one.name), one.args["kind"], where) for one in inner}
    raise _mismatch(found, kind, where)


def _scalar(found: Any, kind: exp.DataType, where: str) -> object:  # noqa: ANN401 - any JSON
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    try:
        if kind.this in INTEGERS and (isinstance(found, str) or is_number):
            if int(found) == float(found):
                return int(found)
        elif kind.this in FLOATS and (isinstance(found, str) or is_number):
            return float(found)
        elif kind.this == _Kind.BOOLEAN and str(found).lower() in {"true", "false"}:
            return str(found).lower() == "true"
    except ValueError:
        pass
    raise _mismatch(found, kind, where)


def _mismatch(found: object, kind: exp.DataType, where: str) -> QueryFailed:
    return QueryFailed(
        f"HIVE_BAD_DATA: a {type(found).__name__} is no {kind.sql('trino').lower()}: {where}"
    )
