"""Python functions over columns, a batch of Arrow rows at a time.

For the customers of a batch and the blacklist, whose Unicode work Spark SQL cannot do. Never for
transactions: there are a hundred of them to each customer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from pyspark.sql.pandas.functions import PandasUDFType, pandas_udf

if TYPE_CHECKING:
    from pyspark.sql import Column

ColumnFunction = Callable[..., "Column"]


def vectorised(function: Callable[..., Any], returns: str) -> ColumnFunction:
    """A function from pandas columns (or a frame for a struct) to a column of type `returns`."""
    made = pandas_udf(function, returns, PandasUDFType.SCALAR)  # type: ignore[call-overload]
    return cast("ColumnFunction", made)
