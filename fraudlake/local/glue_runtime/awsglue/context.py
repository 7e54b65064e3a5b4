"""The entry: Glue's view of a Spark session."""

# Names and signatures are Glue's; some of its parameters have no effect here.
# ruff: noqa: ANN401, ARG002, N803, PLR0913, PLR0917
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import SparkSession

from .dynamicframe import DynamicFrame, DynamicFrameReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark import SparkContext


class GlueContext:
    """Spark's session, and the readers of the catalog.

    In Glue it is a `SQLContext` as well; what that one had is in `spark_session`.
    """

    def __init__(
        self, sparkContext: SparkContext | SparkSession | None = None, **options: int
    ) -> None:
        """Take a context or a session; the options only tune how Glue splits its input."""
        if sparkContext is None:
            raise TypeError("GlueContext needs a SparkContext, such as SparkContext.getOrCreate()")
        self.spark_session = _session(sparkContext)
        self.create_dynamic_frame = DynamicFrameReader(self)

    def create_dynamic_frame_from_catalog(
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
        """What `DynamicFrameReader.from_catalog` says."""
        return self.create_dynamic_frame.from_catalog(
            database,
            table_name,
            redshift_tmp_dir,
            transformation_ctx,
            push_down_predicate,
            additional_options,
            catalog_id,
            **kwargs,
        )


def _session(given: SparkContext | SparkSession) -> SparkSession:
    return given if isinstance(given, SparkSession) else SparkSession(given)
