"""One batch in Polars: cleanse it, give each transaction its features and its score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from benchmarks.peers import polars_rates, rules

_CUSTOMER_STRIDE = 1 << 41  # microseconds: more than a window's reach, less than overflows
_OPTIONAL = ("merchant_id", "channel", "country")
_WIDE = pl.Int128  # counts times sums of squares
_EVIDENCE = pl.List(pl.Struct({"rule": pl.String, "points": pl.Int32, "text": pl.String}))
_IN_SENTENCES = [
    "customer_id",
    "amount_usd",
    "amount_zscore",
    "baseline_mean_usd",
    "baseline_source",
    "velocity_count",
    "blacklist_match_type",
    "risk_reasons",
]


@dataclass(frozen=True)
class Baselines:
    """Moments in cents: n, s, ss by customer, and of everybody."""

    by_customer: pl.DataFrame
    everybody: tuple[int, int, int]


def judged(files: list[str], rates: pl.DataFrame, batch: date) -> pl.DataFrame:
    """The rows of a batch, typed and converted, with `reject_reasons`."""
    day = pl.col("transaction_ts").dt.date()
    texts = [_trimmed(one) for one in ("transaction_id", "customer_id", *_OPTIONAL)]
    rows = (
        pl.scan_parquet(files, hive_partitioning=False)
        .with_columns(*texts, _trimmed("currency").str.to_uppercase(), day.alias("day"))
        .with_columns(pl.min_horizontal("day", pl.lit(batch)).alias("rate_day"))
        .join(
            rates.lazy(), left_on=["currency", "rate_day"], right_on=["currency", "day"], how="left"
        )
        .with_columns(_if_fresh("rate_e10"), _if_fresh("rate_date"))
        .with_columns(polars_rates.cents().alias("cents"), _reasons(batch).alias("reject_reasons"))
        .drop("rate_day")
    )
    return rows.collect().with_row_index("row_id")


def without_repeats(good: pl.DataFrame, previous: pl.LazyFrame | None) -> pl.DataFrame:
    """The rows that are no repeats, in the batch or of the batch before."""
    keys = ["customer_id", "transaction_id"]
    twice = good.select(pl.struct(keys).is_duplicated().alias("twice"))["twice"]
    order = ["transaction_ts", "amount", "currency", "channel", "country", "merchant_id"]
    firsts = (
        good.filter(twice)
        .sort(order, nulls_last=False)
        .unique(keys, keep="first", maintain_order=True)
    )
    once = pl.concat([good.filter(~twice), firsts])
    if previous is None:
        return once
    return once.lazy().join(previous.select(keys), on=keys, how="anti").collect()


def velocity(accepted: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """row_id and velocity_count: rows of the same customer in the last 60 seconds."""
    seen = pl.concat(
        [accepted.select("row_id", "customer_id", "transaction_ts"), earlier],
        how="diagonal_relaxed",
    )
    micros = pl.col("transaction_ts").dt.epoch("us")
    key = pl.col("customer_id").cast(pl.Categorical).to_physical().cast(pl.Int64) * _CUSTOMER_STRIDE
    timeline = seen.select(
        "row_id", (key + micros - micros.min() + rules.WINDOW_MICROS).alias("key")
    )
    timeline = timeline.sort("key")
    keys = timeline["key"]
    upto = keys.search_sorted(keys, side="right").cast(pl.Int64)
    before = keys.search_sorted(keys - (rules.WINDOW_MICROS - 1), side="left").cast(pl.Int64)
    counted = timeline.with_columns((upto - before).alias("velocity_count"))
    return counted.select("row_id", "velocity_count").drop_nulls()


def scored(accepted: pl.DataFrame, baselines: Baselines) -> pl.DataFrame:
    """Baseline, score and reasons; needs velocity_count, customer_known, blacklist_match_type."""
    own = accepted.join(baselines.by_customer, on="customer_id", how="left")
    featured = _with_baseline(own, baselines.everybody)
    flagged = featured.with_columns(**_flags())
    points = pl.sum_horizontal(pl.col(rule) * many for rule, many in rules.POINTS.items())
    rated = flagged.with_columns(
        pl.min_horizontal(points, rules.HIGHEST).cast(pl.Int32).alias("risk_score")
    )
    return _with_reasons(rated.with_columns(_category(), _rank())).drop(*rules.POINTS)


def _trimmed(column: str) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    return pl.when(text != "").then(text).alias(column)


def _if_fresh(column: str) -> pl.Expr:
    is_fresh = pl.col("rate_date") >= pl.col("day") - pl.duration(days=rules.RATE_AGE_DAYS)
    return pl.when(is_fresh).then(pl.col(column)).alias(column)


def _reasons(batch: date) -> pl.Expr:
    latest = datetime.combine(batch, time(tzinfo=UTC)) + timedelta(days=1, hours=1)
    is_currency = pl.col("currency").str.contains("^[A-Z]{3}$").fill_null(value=False)
    holds = {
        "MISSING_TRANSACTION_ID": pl.col("transaction_id").is_null(),
        "MISSING_CUSTOMER_ID": pl.col("customer_id").is_null(),
        "INVALID_TIMESTAMP": pl.col("transaction_ts").is_null(),
        "FUTURE_TIMESTAMP": pl.col("transaction_ts") > latest,
        "TOO_LATE": pl.col("day") < batch - timedelta(days=rules.TOO_LATE_DAYS),
        "INVALID_AMOUNT": pl.col("amount").is_null(),
        "REFUND_OR_REVERSAL": pl.col("amount") < 0,
        "ZERO_AMOUNT": pl.col("amount") == 0,
        "INVALID_CURRENCY": ~is_currency,
        "NO_FX_RATE": is_currency & pl.col("day").is_not_null() & pl.col("rate_e10").is_null(),
    }
    any_holds = pl.any_horizontal(one.fill_null(value=False) for one in holds.values())
    named = pl.concat_list(pl.when(one).then(pl.lit(name)) for name, one in holds.items())
    return pl.when(any_holds).then(named.list.drop_nulls())


def _with_baseline(rows: pl.DataFrame, everybody: tuple[int, int, int]) -> pl.DataFrame:
    others = (rows.height - 1, int(rows["cents"].sum()), int((rows["cents"] ** 2).sum()))
    source = (
        pl.when(pl.col("n") >= rules.CUSTOMER_MIN)
        .then(pl.lit("customer"))
        .when(pl.lit(everybody[0] >= rules.POPULATION_MIN))
        .then(pl.lit("population"))
        .when(pl.lit(others[0] >= rules.BATCH_MIN))
        .then(pl.lit("batch"))
        .otherwise(pl.lit("none"))
    )
    sourced = rows.with_columns(source.alias("baseline_source"))
    less = (pl.lit(0), pl.col("cents"), pl.col("cents") ** 2)
    measured = sourced.with_columns(
        _of_source(name, everybody[at], pl.lit(others[at], _WIDE) - less[at].cast(_WIDE))
        for at, name in enumerate(("n", "s", "ss"))
    )
    distance = (pl.col("bn") * pl.col("cents").cast(_WIDE) - pl.col("bs")).cast(pl.Float64)
    mean = pl.col("bs").cast(pl.Float64) / pl.col("bn").cast(pl.Float64) / 100
    return measured.with_columns(
        pl.col("n").fill_null(0).cast(pl.Int64).alias("baseline_count"),
        mean.alias("baseline_mean_usd"),
        (_spread() / pl.col("bn").cast(pl.Float64) / 100).alias("baseline_sd_usd"),
        (distance / _divisor()).alias("amount_zscore"),
    ).drop("n", "s", "ss", "bn", "bs", "bss")


def _of_source(name: str, everybody: int, others: pl.Expr) -> pl.Expr:
    source = pl.col("baseline_source")
    return (
        pl.when(source == "customer")
        .then(pl.col(name).cast(_WIDE))
        .when(source == "population")
        .then(pl.lit(everybody, _WIDE))
        .when(source == "batch")
        .then(others)
        .alias(f"b{name}")
    )


def _spread() -> pl.Expr:
    """The standard deviation in cents, times n: exact up to the root."""
    square = pl.col("bn") * pl.col("bss") - pl.col("bs") * pl.col("bs")
    return square.cast(pl.Float64).clip(lower_bound=0.0).sqrt()


def _divisor() -> pl.Expr:
    least = pl.max_horizontal(
        pl.col("bs").cast(pl.Float64) * 0.05, pl.col("bn").cast(pl.Float64) * 100.0
    )
    return pl.max_horizontal(_spread(), least)


def _flags() -> dict[str, pl.Expr]:
    cents, match = pl.col("cents"), pl.col("blacklist_match_type")
    is_far = pl.col("amount_zscore") > rules.OUTLIER_ZSCORE
    flags = {
        "AMOUNT_OVER_LIMIT": cents > rules.OVER_LIMIT_CENTS,
        "AMOUNT_OUTLIER": is_far & (cents > rules.OUTLIER_CENTS),
        "VELOCITY_BURST": pl.col("velocity_count") >= rules.BURST,
        "BLACKLISTED_CUSTOMER": match.is_in(rules.EXACT_MATCHES),
        "BLACKLIST_NAME_MATCH": match == "name",
        "UNKNOWN_CUSTOMER": ~pl.col("customer_known"),
    }
    return {rule: fires.fill_null(value=False) for rule, fires in flags.items()}


def _category() -> pl.Expr:
    score = pl.col("risk_score")
    return (
        pl.when(score >= rules.HIGH)
        .then(pl.lit("High"))
        .when(score >= rules.MEDIUM)
        .then(pl.lit("Medium"))
        .otherwise(pl.lit("Low"))
        .alias("risk_category")
    )


def _rank() -> pl.Expr:
    unusual = pl.col("amount_zscore").fill_null(0.0).arctan() / math.pi
    return (pl.col("risk_score") + 0.5 + 0.99 * unusual).alias("risk_rank")


def _with_reasons(rows: pl.DataFrame) -> pl.DataFrame:
    """risk_reasons and evidence; sentences are made for the few rows that have any."""
    fired, quiet = rows.filter(pl.col("risk_score") > 0), rows.filter(pl.col("risk_score") == 0)
    named = pl.concat_list(pl.when(rule).then(pl.lit(rule)) for rule in rules.POINTS)
    fired = fired.with_columns(named.list.drop_nulls().alias("risk_reasons"))
    sentences = rules.evidence_of(fired.select(_IN_SENTENCES).iter_rows(named=True))
    explained = fired.with_columns(pl.Series("evidence", sentences, _EVIDENCE))
    nothing = quiet.with_columns(
        pl.lit([], pl.List(pl.String)).alias("risk_reasons"),
        pl.lit([], _EVIDENCE).alias("evidence"),
    )
    return pl.concat([nothing, explained])
