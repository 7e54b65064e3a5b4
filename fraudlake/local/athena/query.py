"""Answers one query: from its text to the rows, read as the role that asks."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp

from fraudlake.local.athena.catalog import Catalog
from fraudlake.local.athena.engine import Engine
from fraudlake.local.athena.failures import cancelled, scan_limit_exceeded
from fraudlake.local.athena.formats import read_rows, schema
from fraudlake.local.athena.objects import Objects
from fraudlake.local.athena.scans import Scan, scans_of
from fraudlake.local.athena.sources import with_sources, with_types
from fraudlake.local.athena.statement import parse_query
from fraudlake.local.athena.translation import in_duckdb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from fraudlake.local.athena.catalog import Partition, Table
    from fraudlake.local.athena.engine import Answer


@dataclass
class Progress:
    """How far a query is: what it has scanned, and whether somebody wants it to stop."""

    limit: int | None
    scanned_bytes: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    engine: Engine | None = None

    def add(self, scanned: int) -> None:
        """Count bytes. Raises QueryFailed when they are more than the limit."""
        self.scanned_bytes += scanned
        if self.limit is not None and self.scanned_bytes > self.limit:
            raise scan_limit_exceeded()

    def check(self) -> None:
        """Raise QueryFailed when somebody has stopped the query."""
        if self.stopped.is_set():
            raise cancelled("Query was cancelled by user")

    def stop(self) -> None:
        """Stop the query."""
        self.stopped.set()
        if self.engine:
            self.engine.interrupt()


class Reader:
    """Reads tables for queries of one role."""

    def __init__(self, glue: Any, s3: Any, folder: Path) -> None:  # noqa: ANN401 - boto3 clients
        """Take clients that call as the role, and a folder for objects once read."""
        self.catalog = Catalog(glue)
        self._objects = Objects(s3, folder)

    def answer(self, text: str, database: str, now: datetime, progress: Progress) -> Answer:
        """The answer to a query that has its parameters. Raises QueryFailed and CallError."""
        self.catalog.open(database)
        query, tables = with_sources(parse_query(text), self.catalog, database)
        typed = with_types(query, tables)
        sql, scans = in_duckdb(typed, now), scans_of(typed)
        with closing(Engine()) as engine:
            progress.engine = engine
            for table in tables.values():
                own = [
                    one for one in scans if (one.database, one.name) == (table.database, table.name)
                ]
                engine.add_table(table, self._rows(table, own, engine, now, progress))
            engine.lock()
            progress.check()
            return engine.answer(sql)

    def _rows(
        self, table: Table, scans: Sequence[Scan], engine: Engine, now: datetime, progress: Progress
    ) -> pa.Table:
        asked = {column for scan in scans for column in scan.columns}
        found = []
        for partition in self._partitions(table, scans, engine, now):
            for stored in self._objects.below(partition.location):
                progress.check()
                rows = read_rows(self._objects.fetch(stored), stored, table, asked)
                progress.add(rows.scanned_bytes)
                found.append(_with_keys(rows.table, table, partition))
        columns = schema({**table.columns, **table.partition_keys})
        return pa.concat_tables([columns.empty_table(), *found])

    def _partitions(
        self, table: Table, scans: Sequence[Scan], engine: Engine, now: datetime
    ) -> list[Partition]:
        """The partitions that any of the scans may need a row of."""
        registered = self.catalog.partitions(table)
        needed: set[Partition] = set()
        for scan in scans:
            conditions = [
                in_duckdb(one, now)
                for one in scan.conditions
                if all(column.name in table.partition_keys for column in one.find_all(exp.Column))
            ]
            needed |= (
                engine.matching(table, registered, conditions) if conditions else set(registered)
            )
        return [one for one in registered if one in needed]


def _with_keys(rows: pa.Table, table: Table, partition: Partition) -> pa.Table:
    """Rows with the values of their partition's keys, in the types of the keys."""
    keys = schema(table.partition_keys)
    for key, value in zip(keys, partition.values, strict=True):
        column = (
            pa.array([value], pa.string())
            .cast(key.type)
            .take(pa.array([0] * len(rows), pa.int64()))
        )
        rows = rows.append_column(key, column)
    return rows
