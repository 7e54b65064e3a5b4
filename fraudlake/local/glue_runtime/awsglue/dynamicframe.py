"""Records that describe themselves, and the reader that makes them from the catalog."""

# Names and signatures are Glue's; some of its parameters have no effect here.
# ruff: noqa: ANN401, ARG002, N802, N803, PLR0913, PLR0917
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType

from ._catalog import find_table
from ._choices import Records, resolved
from ._partitions import selected
from ._reading import no_columns, read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame, Row

    from .context import GlueContext

# They change how Glue reads, not what.
_TUNING = {"groupFiles", "groupSize", "useS3ListImplementation"}
_EXPRESSION = "catalogPartitionPredicate"


class DynamicFrame:
    """Records of which each knows its own columns.

    Without a record there is no column, unless it was made from a DataFrame. A column whose type
    differs from record to record is a choice, which `resolveChoice` settles; `toDF` makes a
    struct of it otherwise.
    """

    def __init__(self, jdf: Records, glue_ctx: GlueContext, name: str = "") -> None:
        """Take the records; in Glue `jdf` is an object of the JVM."""
        self._records = jdf
        self.glue_ctx = glue_ctx
        self.name = name

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: GlueContext, name: str = "") -> DynamicFrame:
        """The rows of a DataFrame."""
        return cls(Records(dataframe), glue_ctx, name)

    def toDF(self, options: Sequence[object] | None = None) -> DataFrame:
        """The records as a DataFrame; one without columns when there is no record."""
        if options:
            raise NotImplementedError("toDF takes no options in the stand-in; use resolveChoice")
        if not self._records.is_declared and self._records.frame.isEmpty():
            return no_columns(self.glue_ctx.spark_session)
        return self._records.frame

    def count(self) -> int:
        """How many records there are; reads them all."""
        return self._records.frame.count()

    def filter(
        self,
        f: Callable[[Any], object],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """The records for which a Python function is true.

        As in Glue, a record for which it raises KeyError, ValueError or TypeError is dropped.
        """
        frame = self._records.frame
        keeps = F.udf(_keeps(f, frozenset(self._records.choices)), BooleanType())
        kept = frame.where(keeps(F.struct(*(F.col(f"`{name}`") for name in frame.columns))))
        return self._with(Records(kept, self._records.choices, is_declared=False))

    def resolveChoice(
        self,
        specs: Iterable[tuple[str, str]] | None = None,
        choice: str = "",
        database: str | None = None,
        table_name: str | None = None,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
        catalog_id: str | None = None,
    ) -> DynamicFrame:
        """The records with choices settled: some, as `specs` say, or all of them by `choice`.

        Args:
            specs: pairs of a column and its action: `cast:TYPE`, `project:TYPE`, `make_cols`,
                `make_struct`.
            choice: one of them for every choice, or `match_catalog`: the types of a table.
            database: the table's database, for `match_catalog`.
            table_name: the table, for `match_catalog`.
            transformation_ctx: without effect here, as the next three.
            info: without effect.
            stageThreshold: without effect.
            totalThreshold: without effect.
            catalog_id: the table's catalog.

        Raises:
            ValueError: neither or both of `specs` and `choice` are given, or an action is none.
        """
        if bool(specs) == bool(choice):
            raise ValueError("resolveChoice takes either specs or choice, exactly one of them")
        if choice == "match_catalog":
            specs = _catalog_casts(database, table_name, catalog_id)
        records = self._records
        for name, action in specs or [(one, choice) for one in records.choices]:
            records = resolved(records, name, action)
        return self._with(records)

    def _with(self, records: Records) -> DynamicFrame:
        return DynamicFrame(records, self.glue_ctx, self.name)


class DynamicFrameReader:
    """Makes DynamicFrames; a context has one as `create_dynamic_frame`."""

    def __init__(self, glue_context: GlueContext) -> None:
        """Take the context that reads."""
        self._glue_context = glue_context

    def from_catalog(
        self,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        additional_options: Mapping[str, Any] = {},
        catalog_id: str | None = None,
        **kwargs: Any,
    ) -> DynamicFrame:
        """The records of a table's registered partitions.

        Args:
            database: the table's; `name_space` is another name of it.
            table_name: the table.
            redshift_tmp_dir: for other sources.
            transformation_ctx: the frame's name; in Glue also the bookmark's.
            push_down_predicate: an expression of Spark SQL over the partition keys.
            additional_options: `catalogPartitionPredicate`, an expression for the catalog;
                those that only tune Glue's reading are passed over, others refused.
            catalog_id: the catalog, an account's id.
            **kwargs: `name_space`.

        Raises:
            CatalogCallError: no such table, or no leave to read it.
            AnalysisException: the predicate names what is no partition key.
            ValueError: no database or no table is named.
            NotImplementedError: an option that the stand-in has not.
        """
        database = kwargs.pop("name_space", database)
        if not database or not table_name:
            raise ValueError("from_catalog needs a database and a table_name")
        unknown = (additional_options.keys() - _TUNING - {_EXPRESSION}) | kwargs.keys()
        if unknown:
            raise NotImplementedError(f"the stand-in knows no option {', '.join(sorted(unknown))}")
        spark = self._glue_context.spark_session
        table = find_table(database, table_name, catalog_id, additional_options.get(_EXPRESSION))
        records = read_records(spark, table, selected(spark, table, push_down_predicate))
        return DynamicFrame(records, self._glue_context, transformation_ctx)


class _Record(dict[str, Any]):
    """A record as a function sees it: its fields are attributes, too."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


def _keeps(f: Callable[[Any], object], choices: frozenset[str]) -> Callable[[Row], bool]:
    def keeps(row: Row) -> bool:
        fields = row.asDict(recursive=True)
        for name in choices & fields.keys():
            kinds = fields[name] or {}
            fields[name] = next((one for one in kinds.values() if one is not None), None)
        try:
            return bool(f(_Record(fields)))
        except (KeyError, ValueError, TypeError):
            return False

    return keeps


def _catalog_casts(
    database: str | None, table_name: str | None, catalog_id: str | None
) -> list[tuple[str, str]]:
    if not database or not table_name:
        raise ValueError("match_catalog needs a database and a table_name")
    table = find_table(database, table_name, catalog_id, None)
    columns = table.folders[0].layout.columns if table.folders else ()
    return [(name, f"cast:{kind}") for name, kind in columns]
