"""Literal frames for tests: a few rows written down, typed by a schema."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import yaml
from pyspark.sql import functions as F
from pyspark.sql import types as t

from fraudlake.rules.book import read_rule_book
from fraudlake.rules.file import default_rule_file, read_rule_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column, DataFrame, SparkSession

    from fraudlake.rules.rule import Rule

Literal = dict[str, object]
DAY = date(2025, 3, 10)
BOOK = read_rule_file()
DEFAULTS: Literal = yaml.safe_load(default_rule_file().read_text(encoding="utf-8"))
SETTINGS = BOOK.settings


def frame(
    spark: SparkSession, schema: t.StructType | str, *rows: Mapping[str, object]
) -> DataFrame:
    """Rows of a schema (or `name type, ...`): values cast from their text, null where not named."""
    types = _types(schema)
    strange = {name for row in rows for name in row} - set(types)
    assert not strange, f"not in the schema: {strange}"
    literals = [tuple(_text(row.get(name)) for name in types) for row in rows]
    as_texts = t.StructType([t.StructField(name, t.StringType()) for name in types])
    columns = [F.col(name).cast(kind).alias(name) for name, kind in types.items()]
    return spark.createDataFrame(literals, as_texts).select(*columns)


def texts(spark: SparkSession, values: list[str | None]) -> DataFrame:
    """One text column, `text`."""
    return frame(spark, "text string", *({"text": one} for one in values))


def pairs(rows: DataFrame, key: str | Column, value: str | Column) -> dict[Any, Any]:
    """The values of one column by another one, which must be a key of the frame."""
    found = rows.select(key, value).collect()
    assert len({row[0] for row in found}) == len(found), "the key is there more than once"
    return {row[0]: row[1] for row in found}


def records(rows: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows as tuples of the named columns, sorted by their text."""
    return sorted((tuple(row) for row in rows.select(*columns).collect()), key=repr)


def as_text(column: str) -> Column:
    """A column as Spark writes it: times in UTC, decimals with all their decimals."""
    return F.col(column).cast("string")


def rule_of(carry: tuple[str, ...] = (), **parameters: object) -> Rule:
    """One rule with the parameters as a rule file has them."""
    heading: Literal = {"id": "RULE", "title": "A rule", "description": "A test.", "points": 10}
    values = {
        "rules": [{**heading, **parameters}],
        "settings": {"cleansing": {"carry": list(carry)}},
    }
    book, problems = read_rule_book(values, DEFAULTS)
    assert not problems, problems
    return book.rules[0]


def firing(rule: Rule, rows: DataFrame) -> set[str]:
    """The transaction_ids of the rows on which a rule fires."""
    return {row[0] for row in rows.where(rule.fires()).select("transaction_id").collect()}


def sentences(rule: Rule, rows: DataFrame) -> dict[str, str]:
    """What the rule says of each row on which it fires, by transaction_id."""
    fired = rows.where(rule.fires())
    return pairs(fired, "transaction_id", rule.sentence())


def _types(schema: t.StructType | str) -> dict[str, str]:
    if isinstance(schema, str):
        return dict(one.split(" ") for one in schema.split(", "))
    return {one.name: one.dataType.simpleString() for one in schema.fields}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
