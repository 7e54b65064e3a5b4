"""Kind `amount`: one transaction above a limit in USD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.rules.rule import Heading, Rule, money, money_text

if TYPE_CHECKING:
    from decimal import Decimal

    from pyspark.sql import Column

    from fraudlake.rules.form import Form


@dataclass(frozen=True, kw_only=True)
class AmountRule(Rule):
    """Fires when amount_usd is above `over` (USD); the limit itself does not fire."""

    kind = "amount"
    over: Decimal

    @classmethod
    def read(cls, form: Form, heading: Heading, carry: tuple[str, ...]) -> AmountRule:  # noqa: ARG003 - one signature for all kinds
        """Read `over`."""
        return cls(heading=heading, over=form.number("over", "0"))

    def fires(self) -> Column:
        """`amount_usd > over`, compared as decimals."""
        return F.col("amount_usd") > F.lit(self.over)

    def sentence(self) -> Column:
        """The amount and the limit."""
        limit = F.lit(f" is over the limit of {money_text(self.over)}")
        return F.concat(money(F.col("amount_usd")), limit)
