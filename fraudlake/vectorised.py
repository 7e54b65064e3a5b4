"""Python functions over columns, a batch of Arrow rows at a time, and small tables from Python.

For the customers of a batch and the blacklist, whose Unicode work Spark SQL cannot do. Never for
transactions: there are a hundred of them to each customer.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

import pandas as pd  # noqa: TC002 - Spark evaluates the hints below to tell the kind of function
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import Column, DataFrame, SparkSession

_column_function: Any = pandas_udf  # its published overloads know no function with plain hints


def mapped_text(function: Callable[[str], str | None], text: str) -> Column:
    """A function of one text, over a text column; nulls stay null."""

    def mapped(texts: pd.Series) -> pd.Series:
        return texts.map(function, na_action="ignore")

    return cast("Column", _column_function(mapped, returnType="string")(text))


def mapped_rows(
    function: Callable[[pd.DataFrame], pd.DataFrame], columns: list[str], returns: str
) -> Column:
    """A function from a frame of `columns` to a frame, as a struct column of type `returns`."""

    def mapped(rows: pd.DataFrame) -> pd.DataFrame:
        return function(rows)

    return cast("Column", _column_function(mapped, returnType=returns)(F.struct(*columns)))


def local_table(spark: SparkSession, rows: pd.DataFrame, schema: str) -> DataFrame:
    """A table small enough to be part of the plan: no job reads it."""
    with warnings.catch_warnings():
        # PySpark 3.5 asks for the kind of a column in a way that pandas gave up.
        warnings.simplefilter("ignore", DeprecationWarning)
        return spark.createDataFrame(rows, schema)
