"""What a night of a stage takes: how old its inputs may be, and how many batches it scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fraudlake.rules.form import Form


@dataclass(frozen=True, kw_only=True)
class NightLimits:
    """Days by which a batch's blacklist and newest rate may be older; most batches of one night."""

    blacklist_max_age_days: int
    rates_max_age_days: int
    catch_up_batches: int

    @classmethod
    def read(cls, form: Form) -> NightLimits:
        """Read `night` of a stage, problems kept in the form."""
        limits = cls(
            blacklist_max_age_days=form.integer("blacklist_max_age_days", 0, 3650),
            rates_max_age_days=form.integer("rates_max_age_days", 0, 3650),
            catch_up_batches=form.integer("catch_up_batches", 1, 3650),
        )
        form.refuse_unread()
        return limits
