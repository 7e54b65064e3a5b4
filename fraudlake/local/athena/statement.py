"""The text of a statement: its parameters put in, read as a query, or found to be none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import TokenType

from fraudlake.local.athena.dialects import AthenaSql
from fraudlake.local.athena.failures import NotPlayed, QueryFailed
from fraudlake.local.calls import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot.tokenizer_core import Token

LONGEST = 262144  # bytes, Athena's limit
_LITERALS = (exp.Literal, exp.Boolean, exp.Null, exp.Neg, exp.Cast, exp.DataType, exp.DataTypeParam)
# What Athena knows beside queries.
_OTHER_STATEMENTS = frozenset(
    {
        *("ALTER", "ANALYZE", "CALL", "CREATE", "DEALLOCATE", "DELETE", "DROP", "EXECUTE"),
        *("EXPLAIN", "GRANT", "INSERT", "MERGE", "MSCK", "OPTIMIZE", "PREPARE", "RESET"),
        *("REVOKE", "SET", "SHOW", "UNLOAD", "UPDATE", "USE", "VACUUM"),
    }
)


def bad_request(message: str) -> CallError:
    """How Athena refuses a call."""
    return CallError("InvalidRequestException", message)


def filled_in(text: str, parameters: Sequence[str]) -> str:
    """A statement with its question marks replaced by the parameters, in their order.

    Raises CallError for a text that is no SQL or a parameter that is no literal, QueryFailed when
    their numbers differ.
    """
    tokens = _tokens(text)
    places = [one for one in tokens if one.token_type == TokenType.PLACEHOLDER]
    if len(places) != len(parameters):
        told = f"expected {len(places)} but found {len(parameters)}"
        raise QueryFailed(f"INVALID_PARAMETER_USAGE: Incorrect number of parameters: {told}")
    for place, parameter in reversed(list(zip(places, parameters, strict=True))):
        text = f"{text[: place.start]}{_literal(parameter)}{text[place.end + 1 :]}"
    return text


def _literal(parameter: str) -> str:
    """A parameter as a literal of SQL: 5, 'text', DATE '2025-01-31'."""
    try:
        parsed = sqlglot.parse_one(parameter, dialect=AthenaSql)
    except (ParseError, TokenError):
        parsed = None
    if parsed is None or not all(isinstance(one, _LITERALS) for one in parsed.walk()):
        raise bad_request(
            f"the parameter {parameter} is no literal; text is written in single quotes"
        )
    return parsed.sql(AthenaSql)


def parse_query(text: str) -> exp.Query:
    """A statement that reads, parsed.

    Raises CallError for what cannot be parsed, as Athena refuses it when it is sent; NotPlayed
    for statements that do not read.
    """
    if len(text.encode()) > LONGEST or not text.strip():
        raise bad_request(f"queryString must have 1 to {LONGEST} bytes")
    first = _tokens(text)[:1]
    word = first[0].text.upper() if first else ""
    if word in _OTHER_STATEMENTS:
        raise NotPlayed(f"the statement {word}", "only statements that read are played")
    statements = _parsed(text)
    if len(statements) != 1 or isinstance(statements[0], exp.Block):
        raise bad_request(f"Only one sql statement is allowed. Got: {text}")
    [statement] = statements
    if not isinstance(statement, exp.Query):
        raise bad_request(f"line 1:1: mismatched input '{word}'")
    return statement


def _parsed(text: str) -> list[exp.Expr]:
    try:
        return [one for one in sqlglot.parse(text, dialect=AthenaSql) if one is not None]
    except ParseError as error:
        raise bad_request(_mismatch(error)) from error


def _tokens(text: str) -> list[Token]:
    try:
        return sqlglot.tokenize(text, dialect=AthenaSql)
    except TokenError as error:
        raise bad_request(str(error)) from error


def _mismatch(error: ParseError) -> str:
    [first, *_] = error.errors
    found = first.get("highlight") or "<EOF>"
    return f"line {first.get('line')}:{first.get('col')}: mismatched input '{found}'"
