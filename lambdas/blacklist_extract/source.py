"""Reads src_blacklist from MySQL: verified TLS, one consistent snapshot, streamed in chunks."""

from __future__ import annotations

import ssl
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, cast

from pymysql import err
from pymysql.constants import CR, ER
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from fraudlake.errors import RunError, SchemaError
from fraudlake.input_tables import BLACKLIST
from lambdas.mysql import connect

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pymysql import Connection

    from lambdas.blacklist_extract.settings import DatabaseSettings
    from lambdas.mysql import Login

TABLE = "src_blacklist"
COLUMNS = BLACKLIST.columns
CHUNK_ROWS = 10_000
CHUNK_CHARACTERS = 16_000_000  # whichever comes first: values may be long

# Nothing is decoded: every value is the text that MySQL shows, 0000-00-00 too.
_NO_DECODERS = cast("dict[int | type[Any], Any]", encoders)

# The connection, or the server's day, not our request: worth another try.
_PASSING = {
    CR.CR_CONN_HOST_ERROR: "cannot be reached",
    CR.CR_SERVER_GONE_ERROR: "closed the connection",
    CR.CR_SERVER_LOST: "stopped answering",
    ER.CON_COUNT_ERROR: "has too many connections",
    ER.SERVER_SHUTDOWN: "is shutting down",
    ER.QUERY_INTERRUPTED: "ended the query",
    ER.LOCK_WAIT_TIMEOUT: "waited too long for a lock",
    ER.LOCK_DEADLOCK: "met a deadlock",
    ER.TABLE_DEF_CHANGED: "changed the table meanwhile",
    ER.TOO_MANY_USER_CONNECTIONS: "has too many connections of this user",
    ER.USER_LIMIT_REACHED: "lets this user do no more for now",
    1927: "ended the connection",  # MariaDB
    3169: "ended the connection",
    4031: "ended the connection, which was idle",
}
_LASTING = {
    CR.CR_SSL_CONNECTION_ERROR: "offers no TLS; without it nothing is sent to it",
    ER.ACCESS_DENIED_ERROR: "refused the login; see the user, and the secret or rds-db:connect",
    ER.DBACCESS_DENIED_ERROR: "gives the user no right to the database DB_NAME",
    ER.TABLEACCESS_DENIED_ERROR: f"gives the user no right to {TABLE}; grant SELECT on it",
    ER.COLUMNACCESS_DENIED_ERROR: f"gives the user no right to all of {TABLE}; grant SELECT on it",
    ER.BAD_DB_ERROR: "has no database of the name in DB_NAME",
    ER.NO_SUCH_TABLE: f"has no table {TABLE} in DB_NAME; create it with schema.sql",
}


_UNKNOWN = "failed; look the number up in MySQL's list of errors, and see the server's log"


class SourceUnavailableError(RunError):
    """The server cannot be reached, or broke off: worth another try."""


def read_chunks(
    settings: DatabaseSettings, login: Login
) -> Generator[list[tuple[str | bytes | None, ...]]]:
    """Yield the rows of src_blacklist (`COLUMNS`, all as text) as of one moment, in chunks.

    Raises:
        SourceUnavailableError: the server cannot be reached or broke off; worth another try.
        SchemaError: the table lacks a column.
        RunError: whatever another try would not mend, an unverified certificate among it.
    """
    with _plain_errors(settings), closing(_connection(settings, login)) as connection:
        _start_snapshot(connection)
        _check_columns(connection)
        names = ", ".join(f"`{column}`" for column in COLUMNS)
        yield from _chunks(connection, f"SELECT {names} FROM `{TABLE}`")  # noqa: S608 - constants


def _connection(settings: DatabaseSettings, login: Login) -> Connection[SSCursor]:
    timeout = settings.timeout_seconds
    return connect(settings, login, timeout=timeout, cursor=SSCursor, decoders=_NO_DECODERS)


def _start_snapshot(connection: Connection[SSCursor]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00'")
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def _check_columns(connection: Connection[SSCursor]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM `{TABLE}` LIMIT 0")  # noqa: S608 - a constant
        found = [column[0] for column in cursor.description or ()]
    missing = [column for column in COLUMNS if column not in {name.lower() for name in found}]
    if missing:
        raise SchemaError(
            f"{TABLE} has no column {', '.join(missing)}; found {', '.join(found)}. "
            "Add it to the table, or give the function a view that has it"
        )


def _chunks(
    connection: Connection[SSCursor], query: str
) -> Iterator[list[tuple[str | bytes | None, ...]]]:
    cursor = connection.cursor()
    try:
        cursor.execute(query)
        rows, characters = [], 0
        for row in iter(cursor.fetchone, None):
            rows.append(row)
            characters += sum(len(value) for value in row if value)
            if len(rows) >= CHUNK_ROWS or characters >= CHUNK_CHARACTERS:
                yield rows
                rows, characters = [], 0
        if rows:
            yield rows
    finally:
        _abandon(cursor)


def _abandon(cursor: SSCursor) -> None:
    """Keep PyMySQL from reading the rest of a result, in destructors even, of a read broken off."""
    # There is no public way to give up a result.
    if result := getattr(cursor, "_result", None):
        result.unbuffered_active = False


@contextmanager
def _plain_errors(settings: DatabaseSettings) -> Iterator[None]:
    """Turn what PyMySQL raises into our errors; MySQL's own words are not passed on."""
    server = f"MySQL at {settings.host}:{settings.port}"
    try:
        yield
    except err.MySQLError as error:
        cause = getattr(error, "original_exception", None)
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise RunError(
                f"{server} has a certificate that DB_CA_FILE does not verify: "
                f"{cause.verify_message}. Nothing was sent to it"
            ) from error
        raise _plain(server, error.args[0] if error.args else None) from error


def _plain(server: str, code: object) -> RunError:
    if code in _PASSING or code == 0:
        what = _PASSING.get(code, "closed the connection")
        return SourceUnavailableError(f"{server} {what} (error {code})")
    return RunError(f"{server} {_LASTING.get(code, _UNKNOWN)} (error {code})")  # type: ignore[call-overload]
