"""Puts the rows of a CSV into a table of a private server, every value as the text that it is."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pymysql

from fraudlake.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Connection = pymysql.Connection[pymysql.cursors.Cursor]


def load_table(connection: Connection, table: str, path: Path) -> int:
    """Replace a table's content by the rows of a CSV with a header; return their number.

    An empty field becomes null. Raises InputError, and changes nothing, when the file is no such
    CSV, names other columns than the table's, or has a value that does not fit its column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [*_rows(csv.reader(file, strict=True), path)] or [[]]
        return _replace(connection, table, header, rows, path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV in UTF-8: {error}") from None
    except (pymysql.DataError, pymysql.IntegrityError) as error:
        raise InputError(f"{path} does not fit {table}: {error.args[-1]}") from None


def _replace(
    connection: Connection,
    table: str,
    header: list[str | None],
    rows: list[list[str | None]],
    path: Path,
) -> int:
    with connection.cursor() as cursor:
        _check_header(cursor, table, header, path)
        names = ", ".join(f"`{name}`" for name in header)
        marks = ", ".join(["%s"] * len(header))
        connection.begin()
        try:
            cursor.execute(f"DELETE FROM `{table}`")  # noqa: S608 - our own table
            insert = f"INSERT INTO `{table}` ({names}) VALUES ({marks})"  # noqa: S608 - checked names
            cursor.executemany(insert, rows)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
    return len(rows)


def _rows(lines: Iterator[list[str]], path: Path) -> Iterator[list[str | None]]:
    """The header and the rows, empty fields as None; lines without a field are passed over."""
    width = 0
    for number, fields in enumerate(lines, start=1):
        width = width or len(fields)
        if fields and len(fields) != width:
            raise InputError(f"row {number} of {path} has {len(fields)} fields, its header {width}")
        if fields:
            yield [value or None for value in fields]


def _check_header(
    cursor: pymysql.cursors.Cursor, table: str, header: list[str | None], path: Path
) -> None:
    cursor.execute(f"SELECT * FROM `{table}` LIMIT 0")  # noqa: S608 - our own table
    columns = [one[0] for one in cursor.description or ()]
    unknown = [str(name) for name in header if name not in columns]
    if unknown or not header:
        raise InputError(
            f"{path} has no header of columns of {table}: {', '.join(unknown) or 'it is empty'}; "
            f"these are {', '.join(columns)}"
        )
