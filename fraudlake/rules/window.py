"""Kind `window`: a measure over the last seconds, minutes or days of the same key."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, NumericType

from fraudlake.rules.rule import Heading, Rule
from fraudlake.settings import LONGEST_WINDOW_SECONDS
from fraudlake.tables import condition_schema

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.window import WindowSpec

    from fraudlake.rules.form import Form

_AGGREGATES = {"count": F.count, "sum": F.sum, "mean": F.avg, "max": F.max}
MEASURES = (*_AGGREGATES, "count_distinct")


@dataclass(frozen=True, kw_only=True)
class WindowRule(Rule):
    """Fires when a measure over `(transaction_ts - duration, transaction_ts]` reaches a limit.

    The rows are those with the same `key`, of this batch and of earlier ones, and with `where`
    only rows that pass it count and can fire. `at_least` fires at the limit, `over` above it.
    """

    kind = "window"
    measure: str
    column: str | None
    key: str
    duration: int
    where: str | None
    at_least: Decimal | None
    over: Decimal | None

    @classmethod
    def read(cls, form: Form, heading: Heading, carry: tuple[str, ...]) -> WindowRule:
        """Read measure, column, key, duration, where, and one of at_least and over."""
        names = condition_schema(carry).names
        measure = form.choice("measure", MEASURES)
        return cls(
            heading=heading,
            measure=measure,
            column=_read_column(form, measure, carry),
            key=form.choice("key", names),
            duration=form.duration("duration", LONGEST_WINDOW_SECONDS),
            where=form.text("where") if form.has("where") else None,
            **_read_limit(form),
        )

    @property
    def measure_column(self) -> str:
        """The column that holds the measure while a batch is scored."""
        return f"measure_of_{self.heading.id}"

    def is_velocity(self, window_seconds: int) -> bool:
        """Whether the measure is velocity_count, which every transaction has already."""
        plain = (self.measure, self.column, self.key, self.where) == (
            "count",
            None,
            "customer_id",
            None,
        )
        return plain and self.duration == window_seconds

    def with_velocity(self, rows: DataFrame) -> DataFrame:
        """Add the measure of a rule that `is_velocity`."""
        return rows.withColumn(self.measure_column, F.col("velocity_count"))

    def with_measure(self, timeline: DataFrame) -> DataFrame:
        """Add the measure to rows of this batch and of the earlier ones that it can reach."""
        passes = F.expr(self.where) if self.where else F.lit(True)
        counted = passes & F.col(self.key).isNotNull()
        measured = self._measured(counted)
        return timeline.withColumn(self.measure_column, F.when(counted, measured))

    def fires(self) -> Column:
        """The measure reached the limit; a null key or a row that `where` refuses never fires."""
        measure = F.col(self.measure_column)
        if self.at_least is not None:
            return measure >= F.lit(self.at_least)
        return measure > F.lit(self.over)

    def sentence(self) -> Column:
        """The measure, the window and the limit."""
        limit = (
            f"at least {self.at_least:,}" if self.at_least is not None else f"over {self.over:,}"
        )
        of_what = {"count": "transactions", "count_distinct": f"different {self.column}"}
        what = of_what.get(self.measure, f"{self.measure} of {self.column}")
        matching = f" where {self.where}" if self.where else ""
        return F.concat(
            self._number(),
            F.lit(f" {what} of one {self.key} within {duration_text(self.duration)}{matching}"),
            F.lit(f" (rule: {limit})"),
        )

    def _measured(self, counted: Column) -> Column:
        value = F.when(counted, F.col(self.column) if self.column else F.lit(1))
        if self.measure == "count_distinct":
            return F.size(F.collect_set(value).over(self._window()))
        return _AGGREGATES[self.measure](value).over(self._window())

    def _number(self) -> Column:
        decimals = 0 if self.measure.startswith("count") else 2
        return F.format_number(self.measure_column, decimals)

    def _window(self) -> WindowSpec:
        # Half open: a row exactly `duration` earlier is outside. Rows of a null key are spread
        # out, since they never fire and must not become one straggling task.
        spread = [] if self.key == "customer_id" else [_spread_of_null(self.key)]
        span = self.duration * 1_000_000 - 1
        ordered = Window.partitionBy(self.key, *spread).orderBy(F.unix_micros("transaction_ts"))
        return ordered.rangeBetween(-span, Window.currentRow)


def duration_text(seconds: int) -> str:
    """A duration in the largest unit that divides it: `60 s`, `24 h`, `30 d`."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % size == 0 and seconds > size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _spread_of_null(key: str) -> Column:
    return F.when(F.col(key).isNull(), F.col("transaction_id"))


def _read_column(form: Form, measure: str, carry: tuple[str, ...]) -> str | None:
    if measure == "count" and not form.has("column"):
        return None
    schema = condition_schema(carry)
    column = form.choice("column", schema.names)
    kind = schema[column].dataType
    if measure in ("sum", "mean", "max") and not isinstance(kind, NumericType):
        form.report(("column",), f"{column} is no number: {measure} cannot be taken of it")
    if measure in ("sum", "mean") and isinstance(kind, DoubleType):
        # Floating sums depend on the order in which rows arrive; scores must not.
        form.report(("column",), f"{column} is not exact: its {measure} would depend on row order")
    return column


def _read_limit(form: Form) -> dict[str, Decimal | None]:
    given = [name for name in ("at_least", "over") if form.has(name)]
    if len(given) != 1:
        form.report((), f"needs one of at_least and over, found {len(given)}")
    limit = form.number(given[0], "0") if given else Decimal(0)
    return {name: limit if [name] == given[:1] else None for name in ("at_least", "over")}
