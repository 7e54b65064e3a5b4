"""Kind `outlier`: an amount far above what the baseline says is usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.rules.rule import Heading, Rule, money

if TYPE_CHECKING:
    from decimal import Decimal

    from pyspark.sql import Column

    from fraudlake.rules.form import Form


@dataclass(frozen=True, kw_only=True)
class OutlierRule(Rule):
    """Fires when amount_zscore is above `zscore_over` and amount_usd above `amount_over` (USD).

    The second keeps small change from being an event: 9 USD after a row of 1 USD payments.
    """

    kind = "outlier"
    zscore_over: Decimal
    amount_over: Decimal

    @classmethod
    def read(cls, form: Form, heading: Heading, carry: tuple[str, ...]) -> OutlierRule:  # noqa: ARG003 - one signature for all kinds
        """Read `zscore_over` and `amount_over`."""
        return cls(
            heading=heading,
            zscore_over=form.number("zscore_over", "0", "1000"),
            amount_over=form.number("amount_over", "0"),
        )

    def fires(self) -> Column:
        """Both limits passed; without a baseline there is no outlier."""
        is_far = F.col("amount_zscore") > F.lit(float(self.zscore_over))
        return is_far & (F.col("amount_usd") > F.lit(self.amount_over))

    def sentence(self) -> Column:
        """The amount, its distance, and the baseline that it was measured against."""
        return F.concat(
            money(F.col("amount_usd")),
            F.lit(" is "),
            F.format_number("amount_zscore", 1),
            F.lit(" standard deviations above the mean of "),
            money(F.col("baseline_mean_usd")),
            F.lit(" ("),
            F.col("baseline_source"),
            F.lit(" baseline)"),
        )
