"""Athena's functions that DuckDB lacks, or has with another meaning, as macros of DuckDB."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING

from fraudlake.local.athena.values import double_text

if TYPE_CHECKING:
    import duckdb

_ERROR = "INVALID_FUNCTION_ARGUMENT: "
# Each is written once here, and named in athena_rules; parameters are put in as they stand.
MACROS = (
    # map[key]: an error when there is none; element_at gives null.
    f"""athena_map_value(m, k) AS CASE WHEN m IS NULL OR k IS NULL THEN NULL
        WHEN map_contains(m, k) THEN m[k]
        ELSE error('{_ERROR}Key not present in map: ' || k) END""",
    "athena_map_element(m, k) AS m[k]",
    # array[place]: counted from 1, an error outside; element_at counts from the end below 0.
    f"""athena_array_value(a, i) AS CASE WHEN a IS NULL OR i IS NULL THEN NULL
        WHEN i = 0 THEN error('{_ERROR}SQL array indices start at 1')
        WHEN i < 0 THEN error('{_ERROR}Array subscript is negative: ' || i)
        WHEN i > len(a) THEN error('{_ERROR}Array subscript must be less than or equal to '
            || 'array length: ' || i || ' > ' || len(a))
        ELSE a[i] END""",
    f"""athena_array_element(a, i) AS CASE
        WHEN i = 0 THEN error('{_ERROR}SQL array indices start at 1') ELSE a[i] END""",
    # A value that is not there may be the one that is null.
    """athena_contains(a, x) AS CASE WHEN list_contains(a, x) THEN true
        WHEN len(a) > list_count(a) THEN NULL ELSE list_contains(a, x) END""",
    """athena_integer_quotient(a, b) AS
        CASE WHEN b = 0 THEN error('DIVISION_BY_ZERO: Division by zero') ELSE a // b END""",
    """athena_remainder(a, b) AS
        CASE WHEN b = 0 THEN error('DIVISION_BY_ZERO: Division by zero') ELSE a % b END""",
    # A decimal as text, when it has as many digits after the point as the rule that asks assumed.
    """athena_decimal_text(x, scale) AS CASE
        WHEN typeof(x) LIKE 'DECIMAL%,' || scale || ')'
            OR (scale = 0 AND typeof(x) IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT'))
        THEN CAST(x AS VARCHAR)
        ELSE error('NOT_SUPPORTED: the local Athena does not play arithmetic with a ' || typeof(x)
            || ' here; cast it to decimal(p, s)') END""",
    # Texts that a cast would not take, as an error or as null.
    """athena_checked(x, form, kind) AS CASE WHEN x IS NULL OR regexp_full_match(x, form) THEN x
        ELSE error('INVALID_CAST_ARGUMENT: Cannot cast ''' || x || ''' to ' || kind) END""",
    "athena_matching(x, form) AS CASE WHEN regexp_full_match(x, form) THEN x END",
    "athena_timestamp_text(x) AS strftime(x, '%Y-%m-%d %H:%M:%S.%g')",
    """athena_substr(s, i) AS
        CASE WHEN i = 0 OR abs(i) > length(s) THEN '' ELSE substring(s, i) END""",
    """athena_substr_of(s, i, n) AS
        CASE WHEN i = 0 OR abs(i) > length(s) OR n <= 0 THEN '' ELSE substring(s, i, n) END""",
    """athena_split_part(s, d, i) AS
        CASE WHEN i <= len(string_split(s, d)) THEN split_part(s, d, i) END""",
    "athena_regexp(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END",
    """athena_json_scalar(j, p) AS CASE
        WHEN json_valid(j) AND json_type(j, p) NOT IN ('OBJECT', 'ARRAY', 'NULL')
        THEN json_extract_string(j, p) END""",
    "athena_iso_timestamp(x) AS date_trunc('milliseconds', CAST(x AS TIMESTAMPTZ))",
)


def add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make Athena's functions known to a connection."""
    for macro in MACROS:
        connection.execute(f"CREATE MACRO {macro}")
    connection.create_function("athena_double_text", double_text, ["DOUBLE"], "VARCHAR")  # type: ignore[list-item,arg-type]
    connection.create_function(
        "athena_decimal_quotient",
        _decimal_quotient,
        ["VARCHAR", "VARCHAR", "INTEGER"],  # type: ignore[list-item]
        "VARCHAR",  # type: ignore[arg-type]
    )


def _decimal_quotient(dividend: str, divisor: str, scale: int) -> str:
    """A quotient of decimals, rounded half up to `scale` digits after the point."""
    if not Decimal(divisor):
        raise ZeroDivisionError("DIVISION_BY_ZERO: Division by zero")
    with localcontext() as exact:
        exact.prec = 100
        return str(
            (Decimal(dividend) / Decimal(divisor)).quantize(
                Decimal(1).scaleb(-scale), ROUND_HALF_UP
            )
        )
