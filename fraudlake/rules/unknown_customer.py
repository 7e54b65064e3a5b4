"""Kind `unknown_customer`: the transaction names a customer that nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.rules.rule import Heading, Rule

if TYPE_CHECKING:
    from pyspark.sql import Column

    from fraudlake.rules.form import Form


@dataclass(frozen=True, kw_only=True)
class UnknownCustomerRule(Rule):
    """Fires when the customer is not in the customer table."""

    kind = "unknown_customer"

    @classmethod
    def read(cls, form: Form, heading: Heading, carry: tuple[str, ...]) -> UnknownCustomerRule:  # noqa: ARG003 - one signature for all kinds
        """There is nothing to read."""
        return cls(heading=heading)

    def fires(self) -> Column:
        """`customer_known` is false."""
        return ~F.col("customer_known")

    def sentence(self) -> Column:
        """Which customer."""
        unknown = F.lit(" is not in the customer table")
        return F.concat(F.lit("Customer "), F.col("customer_id"), unknown)
