"""Kind `blacklist`: the customer matches an entry in one of the named ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.rules.rule import Heading, Rule
from fraudlake.tables import MATCH_TYPES

if TYPE_CHECKING:
    from pyspark.sql import Column

    from fraudlake.rules.form import Form


@dataclass(frozen=True, kw_only=True)
class BlacklistRule(Rule):
    """Fires when the customer's best match is of one of `match_types`."""

    kind = "blacklist"
    match_types: tuple[str, ...]

    @classmethod
    def read(cls, form: Form, heading: Heading, carry: tuple[str, ...]) -> BlacklistRule:  # noqa: ARG003 - one signature for all kinds
        """Read `match_types`."""
        return cls(heading=heading, match_types=form.texts("match_types", MATCH_TYPES))

    def fires(self) -> Column:
        """The match type is one of those named; no match never fires."""
        return F.col("blacklist_match_type").isin(*self.match_types)

    def sentence(self) -> Column:
        """How the customer matches; which entry it is stands in flagged_customers."""
        how = F.translate("blacklist_match_type", "_", " ")
        return F.concat(
            F.lit("Customer "), F.col("customer_id"), F.lit(" matches the blacklist by "), how
        )
