"""The whole flow of a few batches: cleanse, convert, match, features, score, summarise.

Each batch sees itself and those before it, never a later one, so scoring them together gives the
rows that scoring them one after another gives. What comes out of one function is needed more than
once after it: the caller keeps it. None of them runs anything but small look-ups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake import aggregates, blacklist, cleansing, customers, features, scoring
from fraudlake.exact import cents
from fraudlake.fx import with_usd
from fraudlake.tables import BatchInputs, BatchSummary, History, scored_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fraudlake.batches import Batches
    from fraudlake.profile import Standings
    from fraudlake.rules.book import RuleBook


def cleanse_batches(
    inputs: BatchInputs, accepted_ids: DataFrame, book: RuleBook, batches: Batches
) -> DataFrame:
    """One row for each row read: typed, converted, and with every reason to set it aside."""
    settings, carry = book.settings, book.settings.cleansing.carry
    typed = cleansing.with_typed_values(inputs.transactions, carry)
    converted = with_usd(typed, inputs.fx, batches, settings)
    judged = cleansing.with_reject_mask(converted, batches, settings.cleansing)
    dedupe = settings.cleansing.dedupe_batches
    unique = cleansing.with_duplicates_rejected(judged, accepted_ids, carry, dedupe)
    return unique.withColumn("cents", cents(F.col("amount_usd")))


def named_customers(days: DataFrame, inputs: BatchInputs) -> DataFrame:
    """Every customer that a row names, with what the customers table says, and customer_known."""
    return with_customer(customers.customers_named(days), inputs.customers)


def match_customers(
    days: DataFrame, people: DataFrame, inputs: BatchInputs, book: RuleBook, batches: Batches
) -> DataFrame:
    """`customer_days` with what is known of each customer (of `named_customers`) on the day.

    Adds customer_known and the match (blacklist_id, match_type, similarity, reason, null when
    there is none).
    """
    matches = _matches(people, inputs.blacklist, book, batches)
    known = people.select("customer_id", "customer_known")
    return days.join(known, "customer_id").join(matches, ["customer_id", "batch_at"], how="left")


def _matches(people: DataFrame, entries: DataFrame, book: RuleBook, batches: Batches) -> DataFrame:
    """The best match of each customer on each batch date, looked for once while entries stay."""
    found: DataFrame | None = None
    for first, last in blacklist.unchanged_stretches(entries, batches):
        active = blacklist.active_entries(entries, batches.dates[first])
        best = blacklist.best_matches(people, active, book.settings.blacklist)
        every = F.explode(F.sequence(F.lit(first), F.lit(last))).alias("batch_at")
        dated = best.select("*", every)
        found = dated if found is None else found.unionByName(dated)
    if found is None:
        raise ValueError("there is no batch")
    return found


def with_past(people: DataFrame, accounts: Standings, earlier: DataFrame | None) -> DataFrame:
    """Add the customer's own past (own_count, own_sum, own_spread) and near `earlier` times."""
    own = features.with_own_spread(accounts.own_moments())
    both = people.join(own, ["customer_id", "batch_at"], how="left")
    if earlier is None:
        return both.withColumn("earlier", F.lit(None).cast("array<bigint>"))
    return both.join(earlier, ["customer_id", "batch_at"], how="left")


def score_batches(
    cleansed: DataFrame,
    people: DataFrame,
    history: History,
    book: RuleBook,
    batches: Batches,
) -> DataFrame:
    """The accepted rows with features and scores (`scored_schema`, and `batch_at`)."""
    settings = book.settings
    accepted = features.with_own_velocity(
        cleansing.filter_accepted(cleansed), settings.velocity.window
    )
    informed = _with_facts(accepted, people)
    timed = features.with_velocity(informed, settings.velocity.window)
    based = features.with_baseline(
        timed, batches, history.population, history.of_batches, settings.baseline
    )
    measured = _with_measures(based, history.scored, book)
    scored = scoring.with_score(measured, book)
    return scored.select(*scored_schema(settings.cleansing.carry).names, "batch_at")


def summarise_batches(
    days: DataFrame, people: DataFrame, striking: DataFrame, accounts: Standings, book: RuleBook
) -> BatchSummary:
    """The tables by customer, each with `batch_at`.

    `striking` are the scored rows, as they were written, with a reason or a velocity above one.
    """
    return BatchSummary(
        flagged_customers=aggregates.flagged_customers(people),
        customer_risk=aggregates.risk_by_customer(days, striking, book.categories),
        customer_profile=accounts.profiles(),
    )


def with_customer(named: DataFrame, known: DataFrame) -> DataFrame:
    """The customers that a batch names, with what the customers table says of them."""
    facts = known.drop("customer_id", "duplicates").withColumn("customer_known", F.lit(True))
    joined = named.join(facts, "customer_key", how="left")
    return joined.withColumn("customer_known", F.coalesce("customer_known", F.lit(False)))


def _with_facts(accepted: DataFrame, people: DataFrame) -> DataFrame:
    """Add what is known of the customer; the rows stay where they are, and in their order."""
    keys = ["customer_hash", "customer_id", "batch_at"]
    facts = people.select(
        *keys,
        "customer_known",
        F.col("match_type").alias("blacklist_match_type"),
        *("own_count", "own_sum", "own_spread", "earlier"),
    )
    return accepted.join(facts.hint("shuffle_hash"), keys, how="left")


def _with_measures(current: DataFrame, earlier: DataFrame | None, book: RuleBook) -> DataFrame:
    """Add the measures of the book's window rules, over `earlier` scored rows too."""
    for rule in book.velocity_rules:
        current = rule.with_velocity(current)
    if not book.window_rules:
        return current
    timeline = current.withColumn("is_current", F.lit(True))
    if earlier is not None:
        before = earlier.withColumn("is_current", F.lit(False))
        timeline = timeline.unionByName(before, allowMissingColumns=True)
    return features.with_measures(timeline, book.window_rules).where("is_current")
