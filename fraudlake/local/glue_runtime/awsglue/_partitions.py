"""Which partitions a push-down predicate selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from ._catalog import CatalogTable, Folder

_AT = "at_of_the_folder"  # no predicate names it


def selected(spark: SparkSession, table: CatalogTable, predicate: str) -> tuple[Folder, ...]:
    """The registered folders for which the predicate, an expression of Spark SQL, is true.

    Raises AnalysisException, with Glue's sentence, when it names what is no partition key; a
    table without partitions has none.
    """
    if not predicate:
        return table.folders
    try:
        rows = _keys_of(spark, table).where(predicate).select(_AT).collect()
    except AnalysisException as error:
        # Its words, not its place in the plan: only a name that is none of the keys'.
        if "UNRESOLVED_COLUMN" not in str(error):
            raise
        keys = ", ".join(name for name, _ in table.keys)
        raise AnalysisException(
            f"User's pushdown predicate: {predicate} "
            f"can not be resolved against partition columns: [{keys}]"
        ) from error
    chosen = {int(row[_AT]) for row in rows}
    return tuple(one for at, one in enumerate(table.folders) if at in chosen)


def _keys_of(spark: SparkSession, table: CatalogTable) -> DataFrame:
    """The partitions' values by the types of the keys; as literals, so that no job is needed."""
    texts = [f"k{at}" for at in range(len(table.keys))]
    # One row more than there are partitions: a predicate is looked at when there are none, too.
    registered = [(str(at), *one.values) for at, one in enumerate(table.folders)]
    rows = [("-1", *("" for _ in texts)), *registered]
    literals = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
    values = spark.sql(f"SELECT * FROM VALUES {literals} AS t({', '.join((_AT, *texts))})")  # noqa: S608 - escaped
    keys = zip(texts, table.keys, strict=True)
    return values.select(_AT, *(F.col(text).cast(kind).alias(name) for text, (name, kind) in keys))


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
