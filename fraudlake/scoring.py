"""From rules that fired to a score, a category, a rank, and the reasons for it."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from fraudlake.tables import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

    from fraudlake.rules.book import Categories, RuleBook
    from fraudlake.rules.rule import Rule

HIGHEST_SCORE = 100


def with_score(features: DataFrame, book: RuleBook) -> DataFrame:
    """Add evidence, risk_reasons, risk_score, risk_category, risk_rank and rules_version."""
    return (
        features.withColumn("evidence", evidence(book.rules))
        .withColumn("risk_reasons", F.col("evidence.rule"))
        .withColumn("risk_score", capped_points(book.rules))
        .withColumn("risk_category", risk_category(F.col("risk_score"), book.categories))
        .withColumn("risk_rank", risk_rank(F.col("risk_score"), F.col("amount_zscore")))
        .withColumn("rules_version", F.lit(book.version))
    )


def evidence(rules: Sequence[Rule]) -> Column:
    """One struct (rule, points, text) for each rule that fired, in file order."""
    nothing = F.array().cast(EVIDENCE)
    found = F.array_compact(F.array(*(F.when(rule.fires(), _reason(rule)) for rule in rules)))
    fires = [F.coalesce(rule.fires(), F.lit(False)) for rule in rules]
    # Most rows fire nothing, and sentences are dear.
    return F.when(reduce(lambda one, other: one | other, fires, F.lit(False)), found).otherwise(
        nothing
    )


def capped_points(rules: Sequence[Rule]) -> Column:
    """The sum of the points of the rules that fired, at most 100."""
    points = [F.when(rule.fires(), rule.heading.points).otherwise(0) for rule in rules]
    return F.least(F.lit(HIGHEST_SCORE), reduce(lambda one, other: one + other, points, F.lit(0)))


def risk_category(score: Column, categories: Categories) -> Column:
    """High, Medium or Low."""
    return (
        F.when(score >= categories.high, "High")
        .when(score >= categories.medium, "Medium")
        .otherwise("Low")
    )


def risk_rank(score: Column, zscore: Column) -> Column:
    """Orders transactions inside a score by how unusual the amount is, never against the score.

    The arc tangent lies within half of pi on either side, so the rank stays within (score,
    score + 1).
    """
    return score + 0.5 + 0.99 * F.atan(F.coalesce(zscore, F.lit(0.0))) / F.pi()


def _reason(rule: Rule) -> Column:
    return F.struct(
        F.lit(rule.heading.id).alias("rule"),
        F.lit(rule.heading.points).alias("points"),
        rule.sentence().alias("text"),
    )
