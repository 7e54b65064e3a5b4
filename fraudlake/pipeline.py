"""The whole flow of a few batches: cleanse, convert, match, features, score, summarise.

Each batch sees itself and those before it, never a later one, so scoring them together gives the
rows that scoring them one after another gives. What comes out of one function is needed more than
once after it: the caller keeps it. None of them runs anything but small look-ups.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake import aggregates, baseline, blacklist, cleansing, customers, scoring
from fraudlake.fx import with_usd
from fraudlake.tables import BatchSummary, History, scored_schema
from fraudlake.velocity import with_velocity

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fraudlake.batches import Batches
    from fraudlake.fx import FxRates
    from fraudlake.profile import Standings
    from fraudlake.rules.book import RuleBook
    from fraudlake.settings import BaselineSettings


@dataclass(frozen=True)
class Facts:
    """What is looked up for each transaction: its customer on the day, and company in time.

    `people` are those of `with_past`, `velocities` those of `velocity`; each may say by a hint how
    it is joined.
    """

    people: DataFrame
    velocities: DataFrame

    def of_customers(self) -> DataFrame:
        """Of each customer on each day what the scores build on."""
        match_type = F.col("match_type").alias("blacklist_match_type")
        keys = ("customer_id", "batch_at")
        return self.people.select(*keys, "customer_known", match_type, *baseline.OWN_BASELINE)


def typed_rows(raw: DataFrame, book: RuleBook) -> DataFrame:
    """One row for each raw row, its values typed, with its `id_hash` (`with_id_hash`)."""
    return cleansing.with_typed_values(raw, book.settings.cleansing.carry)


def judged_rows(typed: DataFrame, fx: FxRates, book: RuleBook, batches: Batches) -> DataFrame:
    """The typed rows, converted, with every reason of their own to set them aside."""
    converted = with_usd(typed, fx, batches, book.settings)
    return cleansing.with_reject_mask(converted, batches, book.settings.cleansing)


def sound_rows(typed: DataFrame, fx: FxRates, book: RuleBook, batches: Batches) -> DataFrame:
    """Of `judged_rows` those without any reason, with their typed columns only."""
    # What a late row's currency was worth matters to nobody here.
    judged = judged_rows(typed, replace(fx, covered=()), book, batches)
    return cleansing.filter_accepted(judged)


def named_customers(days: DataFrame, known: DataFrame) -> DataFrame:
    """Every customer that a row names, with what the customers table says, and customer_known."""
    return with_customer(customers.customers_named(days), known)


def match_customers(days: DataFrame, known: DataFrame, matches: DataFrame) -> DataFrame:
    """`customer_days` with what is known of each customer on the day.

    In: customer_id and customer_known, and the `blacklist_matches`; each may say by a hint how it
    is joined. Adds customer_known and the match (null when there is none).
    """
    named = days.join(known, "customer_id", how="inner")
    return named.join(matches, ["customer_id", "batch_at"], how="left")


def blacklist_matches(
    people: DataFrame, entries: DataFrame, book: RuleBook, batches: Batches
) -> DataFrame:
    """The best match of each customer on each batch date, looked for once while entries stay.

    Out: customer_id, batch_at, blacklist_id, match_type, similarity, reason.
    """
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


def with_past(people: DataFrame, accounts: Standings, settings: BaselineSettings) -> DataFrame:
    """Add the customer's own past as a baseline (`OWN_BASELINE`, null without one)."""
    own = baseline.with_own_baseline(accounts.own_moments(), settings)
    # Looked up rather than sorted: both sides are spread by customer anyway.
    return people.join(own.hint("shuffle_hash"), ["customer_id", "batch_at"], how="left")


def with_facts(accepted: DataFrame, facts: Facts) -> DataFrame:
    """The accepted rows with what is looked up for each of them."""
    informed = accepted.join(facts.of_customers(), ["customer_id", "batch_at"], how="left")
    return with_velocity(informed, facts.velocities)


def score_batches(
    informed: DataFrame, history: History, book: RuleBook, batches: Batches
) -> DataFrame:
    """The rows of `with_facts` with features and scores (`scored_schema`, and `batch_at`)."""
    settings = book.settings
    based = baseline.with_baseline(
        informed, batches, history.population, history.of_batches, settings.baseline
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
    for rule in book.window_rules:
        timeline = rule.with_measure(timeline)
    return timeline.where("is_current")
