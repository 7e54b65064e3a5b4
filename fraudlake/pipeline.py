"""The whole flow of a batch: cleanse, convert, match, features, score, summarise.

Four functions, because what comes out of one is needed more than once after it: the caller keeps
it. None of them runs anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake import aggregates, blacklist, cleansing, customers, features, scoring
from fraudlake.fx import with_usd
from fraudlake.tables import (
    BatchInputs,
    BatchSummary,
    History,
    ScoredBatch,
    quarantine_schema,
    scored_schema,
)

if TYPE_CHECKING:
    from datetime import date

    from pyspark.sql import DataFrame

    from fraudlake.rules.book import RuleBook


def cleanse_batch(
    inputs: BatchInputs, accepted_ids: DataFrame, book: RuleBook, batch: date
) -> DataFrame:
    """One row for each row read: typed, converted, and with every reason to set it aside."""
    settings, carry = book.settings, book.settings.cleansing.carry
    typed = cleansing.with_typed_values(inputs.transactions, carry)
    converted = with_usd(typed, inputs.fx, batch, settings)
    judged = cleansing.with_reject_reasons(converted, batch, settings.cleansing)
    return cleansing.with_duplicates_rejected(judged, accepted_ids, carry)


def match_customers(
    cleansed: DataFrame, inputs: BatchInputs, profile: DataFrame, book: RuleBook, batch: date
) -> DataFrame:
    """One row for each customer that the batch names: known or not, best match, own past.

    Columns customer_id, customer_known, the match (blacklist_id, match_type, similarity, reason,
    null when there is none) and own_count, own_sum, own_squares (null without a past).
    """
    named = customers.customers_named(cleansed)
    people = with_customer(named, inputs.customers)
    entries = blacklist.active_entries(inputs.blacklist, batch)
    matches = blacklist.best_matches(people, entries, book.settings.blacklist)
    past = profile.select("customer_id", *_OWN_MOMENTS).withColumnsRenamed(_OWN_MOMENTS)
    return (
        people.select("customer_id", "customer_known")
        .join(matches, "customer_id", how="left")
        .join(past, "customer_id", how="left")
    )


def score_batch(
    cleansed: DataFrame, people: DataFrame, history: History, book: RuleBook
) -> ScoredBatch:
    """Scores for the accepted rows of a cleansed batch; the others to quarantine."""
    settings, carry = book.settings, book.settings.cleansing.carry
    accepted = with_customer_facts(cleansing.filter_accepted(cleansed), people)
    based = features.with_baseline(accepted, history.population, settings.baseline)
    timeline = with_earlier(based, history.scored)
    timed = features.with_velocity(timeline, settings.velocity.window)
    measured = features.with_measures(timed, book.window_rules).where("is_current")
    scored = scoring.with_score(measured, book)
    return ScoredBatch(
        scored_transactions=scored.select(*scored_schema(carry).names),
        quarantine=cleansing.filter_quarantined(cleansed).select(*quarantine_schema(carry).names),
    )


def summarise_batch(
    scored: DataFrame, people: DataFrame, profile: DataFrame, left: DataFrame, book: RuleBook
) -> BatchSummary:
    """The tables by customer, from the scored rows as they were written.

    `people` is of `match_customers`, `profile` that of the batches before, `left` the
    customer_risk of the batches that leave the baseline's days with this batch.
    """
    risk = aggregates.risk_by_customer(scored, book.categories)
    matches = people.where("match_type is not null")
    return BatchSummary(
        flagged_customers=aggregates.flagged_customers(matches, risk),
        customer_risk=risk,
        customer_profile=aggregates.moved_profile(profile, arrived=risk, left=left),
    )


def with_customer(named: DataFrame, known: DataFrame) -> DataFrame:
    """The customers that a batch names, with what the customers table says of them."""
    facts = known.drop("customer_id", "duplicates").withColumn("customer_known", F.lit(True))
    joined = named.join(facts, "customer_key", how="left")
    return joined.withColumn("customer_known", F.coalesce("customer_known", F.lit(False)))


def with_customer_facts(accepted: DataFrame, people: DataFrame) -> DataFrame:
    """Add customer_known, blacklist_match_type and the moments of the customer's past."""
    match_type = F.col("match_type").alias("blacklist_match_type")
    facts = people.select("customer_id", "customer_known", match_type, *_OWN_MOMENTS.values())
    return accepted.join(facts, "customer_id", how="left")


def with_earlier(current: DataFrame, earlier: DataFrame) -> DataFrame:
    """The rows of this batch and the earlier ones that a window can reach, told by `is_current`."""
    return current.withColumn("is_current", F.lit(True)).unionByName(
        earlier.withColumn("is_current", F.lit(False)), allowMissingColumns=True
    )


_OWN_MOMENTS = {
    "baseline_count": "own_count",
    "baseline_sum_cents": "own_sum",
    "baseline_sum_of_squares_cents": "own_squares",
}
