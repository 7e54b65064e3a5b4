"""DuckDB with nothing but the tables of one query in it, and no way out of it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from fraudlake.local.athena.failures import QueryFailed
from fraudlake.local.athena.kinds import result_type
from fraudlake.local.athena.macros import add_macros
from fraudlake.local.athena.values import value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from fraudlake.local.athena.catalog import Partition, Table

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "threads": 2,
    "preserve_insertion_order": False,
}
# What DuckDB puts before the sentences that macros make.
_PREFIX = re.compile(r"^(?:\w+ )+Error: (?:Python exception[^:]*: \w+: )?")


@dataclass(frozen=True)
class Column:
    """A column of a result, as Athena calls it."""

    name: str
    type: str
    precision: int
    scale: int


@dataclass(frozen=True)
class Answer:
    """The result of a query: every value as text, nulls as None."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | None, ...], ...]


class Engine:
    """A DuckDB in memory for one query."""

    def __init__(self) -> None:
        """Open one, with Athena's functions and without any access to files or the network."""
        self._connection = duckdb.connect(config=_CONFIG)
        self._connection.execute("SET TimeZone = 'UTC'")
        add_macros(self._connection)

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def interrupt(self) -> None:
        """End what is running, if anything still is; for another thread."""
        with suppress(duckdb.ConnectionException):  # closed meanwhile
            self._connection.interrupt()

    def add_table(self, table: Table, rows: pa.Table) -> None:
        """Copy rows in, under the table's name."""
        schema, name = _quoted(table.database), _quoted(table.name)
        self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        self._connection.from_arrow(rows).create(f"{schema}.{name}")

    def matching(
        self, table: Table, partitions: Sequence[Partition], conditions: Sequence[str]
    ) -> set[Partition]:
        """The partitions that fulfil all conditions on their keys; all, if that cannot be told."""
        keys = table.partition_keys
        read = ", ".join(
            f"CAST(v[{place}] AS {kind.sql('duckdb')}) AS {_quoted(name)}"
            for place, (name, kind) in enumerate(keys.items(), start=1)
        )
        values = [[list(one.values) for one in partitions]]
        asked = " AND ".join(f"({one})" for one in conditions)
        sql = f"SELECT v FROM (SELECT v, {read} FROM (SELECT unnest(?::VARCHAR[][]) AS v)) WHERE {asked}"  # noqa: S608, E501 - names are quoted, conditions translated
        try:
            found = {tuple(row[0]) for row in self._connection.execute(sql, values).fetchall()}
        except duckdb.Error:
            return set(partitions)
        return {one for one in partitions if one.values in found}

    def lock(self) -> None:
        """Let no statement change a setting from now on."""
        self._connection.execute("SET lock_configuration = true")

    def answer(self, sql: str) -> Answer:
        """Run a query.

        Raises QueryFailed with the words of an error that the query makes.
        """
        try:
            result = self._connection.execute(sql)
            described = result.description or []
            columns = tuple(Column(name, *result_type(kind)) for name, kind, *_ in described)
            kinds = [one[1] for one in described]
            rows = tuple(_texts(row, kinds) for row in result.fetchall())
        except duckdb.Error as error:
            raise QueryFailed(_told(error)) from error
        return Answer(columns, rows)


def _texts(row: Sequence[Any], kinds: Sequence[Any]) -> tuple[str | None, ...]:
    return tuple(value_text(value, kind) for value, kind in zip(row, kinds, strict=True))


def _told(error: duckdb.Error) -> str:
    text = str(error).split("\n")[0]
    told = _PREFIX.sub("", text)
    return told if re.match(r"[A-Z_]+: ", told) else f"GENERIC_USER_ERROR: {text}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
