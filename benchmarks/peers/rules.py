"""The default rules as the frame peers apply them: numbers, and sentences for the few that fire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OVER_LIMIT_CENTS = 500_000
OUTLIER_ZSCORE = 3.0
OUTLIER_CENTS = 10_000
BURST = 4
WINDOW_MICROS = 60_000_000
HIGH, MEDIUM, HIGHEST = 70, 30, 100
BASELINE_DAYS = 90
CUSTOMER_MIN, POPULATION_MIN, BATCH_MIN = 5, 100, 30
TOO_LATE_DAYS = 7
RATE_AGE_DAYS = 7
RECENT_DAYS = 9  # a row of eight days ago can stand beside the latest that is accepted
EXACT_MATCHES = ("customer_id", "email", "phone")
POINTS = {
    "AMOUNT_OVER_LIMIT": 70,
    "AMOUNT_OUTLIER": 30,
    "VELOCITY_BURST": 40,
    "BLACKLISTED_CUSTOMER": 100,
    "BLACKLIST_NAME_MATCH": 40,
    "UNKNOWN_CUSTOMER": 30,
}
MISSING_TEXTS = ("", "N/A", "NA", "NULL", "NONE", "UNKNOWN", "-")

_SENTENCES = {
    "AMOUNT_OVER_LIMIT": "{amount_usd:,.2f} USD is over the limit of 5,000.00 USD",
    "AMOUNT_OUTLIER": (
        "{amount_usd:,.2f} USD is {amount_zscore:,.1f} standard deviations above the mean of "
        "{baseline_mean_usd:,.2f} USD ({baseline_source} baseline)"
    ),
    "VELOCITY_BURST": (
        "{velocity_count:,} transactions of one customer_id within 60 s (rule: at least 4)"
    ),
    "BLACKLISTED_CUSTOMER": "Customer {customer_id} matches the blacklist by {match_type}",
    "BLACKLIST_NAME_MATCH": "Customer {customer_id} matches the blacklist by name",
    "UNKNOWN_CUSTOMER": "Customer {customer_id} is not in the customer table",
}


def evidence_of(rows: Iterable[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """The evidence of rows that carry `risk_reasons` and what the sentences name."""
    return [[_reason(rule, row) for rule in row["risk_reasons"]] for row in rows]


def _reason(rule: str, row: Mapping[str, Any]) -> dict[str, Any]:
    match_type = (row["blacklist_match_type"] or "").replace("_", " ")
    text = _SENTENCES[rule].format(**row, match_type=match_type)
    return {"rule": rule, "points": POINTS[rule], "text": text}
