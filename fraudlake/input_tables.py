"""The tables that go in, and their columns.

Imports the standard library only, so that a Lambda function can carry it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InputTable:
    """A table as it is delivered: every column is text, the required ones must be there."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    has_line_breaks: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Required and optional columns, in the order in which they are written."""
        return self.required + self.optional


TRANSACTIONS = InputTable(
    "transactions",
    ("transaction_id", "customer_id", "transaction_ts", "amount", "currency"),
    ("merchant_id", "channel", "country"),
    has_line_breaks=False,
)
CUSTOMERS = InputTable(
    "customers",
    ("customer_id",),
    ("full_name", "email", "phone", "date_of_birth", "country", "created_at", "updated_at"),
)
BLACKLIST = InputTable(
    "blacklist",
    (),
    (
        "blacklist_id",
        "customer_id",
        "full_name",
        "email",
        "phone",
        "date_of_birth",
        "reason",
        "source",
        "listed_at",
        "expires_at",
    ),
)
FX_RATES = InputTable("fx_rates", ("rate_date", "currency", "usd_per_unit"), ())
