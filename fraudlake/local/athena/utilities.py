"""Statements that look at the catalog: SHOW and DESCRIBE."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING

from fraudlake.local.athena.catalog import Table, View
from fraudlake.local.athena.engine import Answer, Column
from fraudlake.local.athena.failures import NotPlayed, QueryFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fraudlake.local.athena.catalog import Catalog

_TEXT_DIGITS = 2147483647
_NAME = r"[`\"]?(\w+)[`\"]?"
_TABLE = rf"(?:{_NAME}\.)?{_NAME}"
_END = r"\s*;?\s*$"
_OPENS = re.compile(r"\s*(SHOW|DESCRIBE|DESC)\b", re.IGNORECASE)


def is_utility(text: str) -> bool:
    """Whether a statement is one of these."""
    return _OPENS.match(text) is not None


def utility_answer(text: str, catalog: Catalog, database: str) -> Answer:
    """What a statement of these answers. Raises QueryFailed, or NotPlayed for other forms."""
    for form, answer in _FORMS:
        if found := re.match(form + _END, text, re.IGNORECASE):
            return answer(catalog, database, *found.groups())
    raise NotPlayed(f"the statement {' '.join(text.split()[:2]).upper()} in this form")


def _databases(catalog: Catalog, _: str) -> Answer:
    return _texts("database_name", (one["Name"] for one in catalog.databases()))


def _tables(catalog: Catalog, database: str, own: str | None, like: str | None) -> Answer:
    wanted = re.compile(translate(like or "*"))
    names = sorted(one["Name"] for one in catalog.tables(own or database))
    return _texts("tab_name", (one for one in names if wanted.match(one)))


def _partitions(catalog: Catalog, database: str, own: str | None, name: str) -> Answer:
    table = _table(catalog, own or database, name)
    registered = catalog.partitions(table) if table.partition_keys else []
    lines = (
        "/".join(
            f"{key}={value}" for key, value in zip(table.partition_keys, one.values, strict=True)
        )
        for one in registered
    )
    return _texts("partition", sorted(lines))


def _columns(catalog: Catalog, database: str, name: str, own: str | None) -> Answer:
    table = _table(catalog, own or database, name)
    return _texts("field", (*table.columns, *table.partition_keys))


def _described(catalog: Catalog, database: str, own: str | None, name: str) -> Answer:
    table = _table(catalog, own or database, name)
    columns = {**table.columns, **table.partition_keys}
    rows = tuple((one, kind.sql("hive").lower(), "") for one, kind in columns.items())
    return Answer(tuple(map(_text_column, ("col_name", "data_type", "comment"))), rows)


def _table(catalog: Catalog, database: str, name: str) -> Table:
    found = catalog.table(database.lower(), name.lower())
    if isinstance(found, View):
        raise QueryFailed(f"NOT_SUPPORTED: {name} is a view; select from it")
    return found


def _texts(name: str, values: Iterable[str]) -> Answer:
    return Answer((_text_column(name),), tuple((one,) for one in values))


def _text_column(name: str) -> Column:
    return Column(name, "string", _TEXT_DIGITS, 0)


_FORMS: tuple[tuple[str, Callable[..., Answer]], ...] = (
    (r"\s*SHOW\s+(?:DATABASES|SCHEMAS)", _databases),
    (rf"\s*SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+{_NAME})?(?:\s+(?:LIKE\s+)?'([^']*)')?", _tables),
    (rf"\s*SHOW\s+PARTITIONS\s+{_TABLE}", _partitions),
    (rf"\s*SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_NAME}(?:\s+(?:IN|FROM)\s+{_NAME})?", _columns),
    (rf"\s*(?:DESCRIBE|DESC)\s+{_TABLE}", _described),
)
