"""From rules that fired to a score, a category, a rank, and the reasons for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

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
        .withColumn("risk_score", capped_points(F.col("evidence")))
        .withColumn("risk_category", risk_category(F.col("risk_score"), book.categories))
        .withColumn("risk_rank", risk_rank(F.col("risk_score"), F.col("amount_zscore")))
        .withColumn("rules_version", F.lit(book.version))
    )


def evidence(rules: Sequence[Rule]) -> Column:
    """One struct (rule, points, text) for each rule that fired, in file order."""
    return F.array_compact(F.array(*(F.when(rule.fires(), _reason(rule)) for rule in rules)))


def capped_points(evidence: Column) -> Column:
    """The sum of the points, at most 100."""
    total = F.aggregate(evidence, F.lit(0), lambda total, one: total + one["points"])
    return F.least(F.lit(HIGHEST_SCORE), total)


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
