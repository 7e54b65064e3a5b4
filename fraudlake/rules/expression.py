"""Kind `expression`: a Spark SQL condition over the scored columns, and its checks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType

from fraudlake.rules.rule import Heading, Rule
from fraudlake.tables import condition_schema

if TYPE_CHECKING:
    from py4j.java_gateway import JavaObject
    from pyspark.sql import Column, DataFrame

    from fraudlake.rules.form import Form

# A condition may lean on columns and constants only. Every other leaf of the analysed tree
# (the clock, the session's user, an input file's name) would make a score depend on the run.
_ALLOWED_LEAVES = frozenset({"AttributeReference", "Literal", "NamedLambdaVariable"})
# The parser turns timestamp'now' into a constant before anybody can look.
_CLOCK_WORD = re.compile(r"""['"]\s*(now|today|tomorrow|yesterday)\b""", re.IGNORECASE)
_REFUSED = {
    "RaiseError": "raises an error on a row",
    "AssertTrue": "raises an error on a row",
    "ScalarSubquery": "holds a subquery",
    "Exists": "holds a subquery",
    "InSubquery": "holds a subquery",
    "ListQuery": "holds a subquery",
}


@dataclass(frozen=True, kw_only=True)
class ExpressionRule(Rule):
    """Fires when `condition` is true; a null condition never fires."""

    kind = "expression"
    condition: str
    columns: tuple[str, ...]

    @classmethod
    def read(cls, form: Form, heading: Heading, carry: tuple[str, ...]) -> ExpressionRule:
        """Read `condition`; whether Spark accepts it is for `condition_problem`."""
        condition = form.text("condition")
        return cls(heading=heading, condition=condition, columns=columns_named(condition, carry))

    def parameters(self) -> dict[str, object]:
        """The condition alone: the columns follow from it."""
        return {"condition": self.condition}

    def fires(self) -> Column:
        """The condition itself."""
        return F.expr(self.condition)

    def sentence(self) -> Column:
        """The row's values of the columns that the condition names."""
        values = [
            F.concat(F.lit(f"{name} = "), F.coalesce(F.col(name).cast("string"), F.lit("null")))
            for name in self.columns
        ]
        return F.concat(F.lit(f"{self.heading.title}: "), F.concat_ws(", ", *values))


def columns_named(condition: str, carry: tuple[str, ...]) -> tuple[str, ...]:
    """The scored columns that a condition names, in the order of the table."""
    words = set(re.findall(r"\w+", re.sub(r"'[^']*'", " ", condition).lower()))
    return tuple(name for name in condition_schema(carry).names if name.lower() in words)


def condition_problem(condition: str, rows: DataFrame) -> str | None:
    """Why a condition cannot be used on rows of this schema, or None when it can.

    `rows` may be empty: the text is parsed and analysed, never run.
    """
    try:
        analysed = rows.select(F.expr(condition).alias("condition"))
        if analysed.schema["condition"].dataType != BooleanType():
            found = analysed.schema["condition"].dataType.simpleString()
            return f"is of type {found}, not a condition that is true or false"
        plan = analysed._jdf.queryExecution().analyzed()  # noqa: SLF001 - Python shows no plan trees
        if not _is_of_one_row(plan, rows):
            return "looks at other rows or makes new ones; use a rule of kind window"
        return _tree_problem(plan.expressions().head(), condition)
    except PySparkException as error:
        return _first_line(error)


def _is_of_one_row(plan: JavaObject, rows: DataFrame) -> bool:
    """An aggregate, a window or a generator makes Spark plan more than one selection."""
    input_plan = rows._jdf.queryExecution().analyzed()  # noqa: SLF001 - as above
    return plan.nodeName() == "Project" and bool(plan.child().fastEquals(input_plan))


def _tree_problem(root: JavaObject, condition: str) -> str | None:
    if not root.deterministic():
        return "is not deterministic: the same row could get another score"
    for node in _nodes(root):
        kind = node.getClass().getSimpleName()
        if kind in _REFUSED:
            return _REFUSED[kind]
        if node.children().size() == 0 and kind not in _ALLOWED_LEAVES:
            return f"uses {node.prettyName()}, which is not a column or a constant"
        if kind == "Literal" and _is_time(node) and _CLOCK_WORD.search(condition):
            return "uses the clock (now, today): the same row could get another score"
    return None


def _is_time(literal: JavaObject) -> bool:
    return literal.dataType().simpleString() in ("date", "timestamp", "timestamp_ntz")


def _nodes(root: JavaObject) -> list[JavaObject]:
    children = root.children()
    below = [_nodes(children.apply(index)) for index in range(children.size())]
    return [root, *(node for nodes in below for node in nodes)]


def _first_line(error: PySparkException) -> str:
    text = (error.getMessage() if hasattr(error, "getMessage") else None) or str(error)
    return text.strip().splitlines()[0].strip()
