"""Transactions in PySpark as tutorials write it: typed, judged, and windows over all of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from benchmarks.peers import rules

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from benchmarks.peers.task import Task

_TEXTS = ("transaction_id", "customer_id", "merchant_id", "channel", "country")


def read_transactions(spark: SparkSession, task: Task) -> DataFrame:
    """Every row of the history and of the batches, converted, with `reject_reasons`."""
    folders = [str(task.transactions / f"ingest_date={d}") for d in [*task.history, *task.batches]]
    raw = spark.read.option("basePath", str(task.transactions)).parquet(*folders)
    texts = {name: F.trim(F.col(name)) for name in _TEXTS}
    typed = raw.withColumns({name: F.when(text != "", text) for name, text in texts.items()})
    typed = (
        typed.withColumnRenamed("ingest_date", "batch_date")
        .withColumn("currency", F.upper(F.trim("currency")))
        .withColumn("day", F.to_date("transaction_ts"))
        .withColumn("rate_day", F.least("day", "batch_date"))
        .join(_rate_days(spark, task), ["currency", "rate_day"], how="left")
    )
    is_fresh = F.col("rate_date") >= F.date_sub("day", rules.RATE_AGE_DAYS)
    is_usd = F.col("currency") == "USD"
    usd = (F.col("amount") * F.col("fx_rate")).cast("decimal(18,2)")
    return (
        typed.withColumn(
            "fx_rate",
            F.when(is_usd, F.lit(1)).when(is_fresh, F.col("usd_per_unit")).cast("decimal(18,10)"),
        )
        .withColumn("fx_rate_date", F.when(is_usd, F.col("day")).when(is_fresh, F.col("rate_date")))
        .withColumn("amount_usd", usd)
        .withColumn("cents", (F.col("amount_usd") * 100).cast("long"))
        .withColumn("reject_reasons", _reasons())
        .drop("rate_day", "rate_date", "usd_per_unit")
    )


def with_repeats_rejected(rows: DataFrame) -> DataFrame:
    """Of the rows with one id only the first stays.

    The history is searched whole; batches before the last one repeat no id.
    """
    order = [
        "batch_date",
        "transaction_ts",
        "amount",
        "currency",
        "channel",
        "country",
        "merchant_id",
    ]
    is_bad = F.size("reject_reasons") > 0
    same = Window.partitionBy("customer_id", "transaction_id").orderBy(is_bad, *order)
    repeat = (~is_bad) & (F.row_number().over(same) > 1)
    reasons = F.when(repeat, F.array(F.lit("DUPLICATE_TRANSACTION")))
    return rows.withColumn("reject_reasons", F.coalesce(reasons, "reject_reasons"))


def with_features(accepted: DataFrame, task: Task) -> DataFrame:
    """Moments of the 90 days before, and the rows of the last 60 seconds."""
    day_number = F.datediff("batch_date", F.lit("1970-01-01"))
    customer = Window.partitionBy("customer_id")
    days = customer.orderBy(day_number).rangeBetween(-rules.BASELINE_DAYS, -1)
    seconds = customer.orderBy(F.unix_micros("transaction_ts")).rangeBetween(
        -(rules.WINDOW_MICROS - 1), Window.currentRow
    )
    squares = F.col("cents") * F.col("cents")
    windowed = (
        accepted.withColumn("own_n", F.count(F.lit(1)).over(days))
        .withColumn("own_s", F.sum("cents").over(days))
        .withColumn("own_ss", F.sum(squares).over(days))
        .withColumn("velocity_count", F.count(F.lit(1)).over(seconds))
        .join(_batch_moments(accepted), "batch_date")
    )
    return windowed if len(task.batches) == 1 else _without_later(windowed, accepted)


def with_baseline(rows: DataFrame) -> DataFrame:
    """The baseline columns and amount_zscore."""
    cents = F.col("cents")
    has_own = F.col("own_n") >= rules.CUSTOMER_MIN
    has_all = F.col("all_n") >= rules.POPULATION_MIN
    has_batch = F.col("batch_n") - 1 >= rules.BATCH_MIN
    less = {"n": F.lit(1), "s": cents, "ss": cents * cents}
    moments = {
        name: F.when(has_own, F.col(f"own_{name}"))
        .when(has_all, F.col(f"all_{name}"))
        .when(has_batch, F.col(f"batch_{name}") - less[name])
        for name in less
    }
    source = F.when(has_own, "customer").when(has_all, "population").when(has_batch, "batch")
    n, s, ss = (F.col(name).cast("decimal(38,0)") for name in ("bn", "bs", "bss"))
    spread = F.sqrt(F.greatest((n * ss - s * s).cast("double"), F.lit(0.0)))
    floor = [F.col("bs") * F.lit(0.05), F.col("bn") * F.lit(100.0)]
    distance = (F.col("bn") * cents - F.col("bs")).cast("double")
    return (
        rows.withColumns({f"b{name}": column for name, column in moments.items()})
        .withColumn("baseline_source", source.otherwise("none"))
        .withColumn("baseline_count", F.col("own_n"))
        .withColumn("baseline_mean_usd", F.col("bs") / F.col("bn") / 100)
        .withColumn("baseline_sd_usd", spread / F.col("bn") / 100)
        .withColumn("amount_zscore", distance / F.greatest(spread, *floor))
    )


def with_score(rows: DataFrame) -> DataFrame:
    """Evidence, reasons, score, category and rank."""
    fires = _fires()
    evidence = F.array_compact(
        F.array(*(F.when(one, _reason(rule)) for rule, one in fires.items()))
    )
    score = F.aggregate("evidence", F.lit(0), lambda total, one: total + one["points"])
    rank = 0.99 * F.atan(F.coalesce("amount_zscore", F.lit(0.0))) / F.pi()
    return (
        rows.withColumn("evidence", evidence)
        .withColumn("risk_reasons", F.col("evidence.rule"))
        .withColumn("risk_score", F.least(F.lit(rules.HIGHEST), score))
        .withColumn("risk_category", category("risk_score"))
        .withColumn("risk_rank", F.col("risk_score") + 0.5 + rank)
        .withColumn("rules_version", F.lit("default"))
    )


def category(score: str) -> Column:
    """High, Medium or Low."""
    at = F.col(score)
    return F.when(at >= rules.HIGH, "High").when(at >= rules.MEDIUM, "Medium").otherwise("Low")


def _rate_days(spark: SparkSession, task: Task) -> DataFrame:
    """currency, rate_day, rate_date, usd_per_unit: the rate in force on each day."""
    rates = spark.read.parquet(str(task.fx_rates))
    ahead = F.lead("rate_date").over(Window.partitionBy("currency").orderBy("rate_date"))
    fresh = F.date_add("rate_date", rules.RATE_AGE_DAYS)
    until = F.least(fresh, F.date_sub(ahead, 1), F.lit(task.last + timedelta(days=1)))
    days = F.explode(F.sequence("rate_date", "until"))
    spread = rates.withColumn("until", until).where("until >= rate_date")
    return spread.select("currency", "rate_date", "usd_per_unit", days.alias("rate_day"))


def _reasons() -> Column:
    batch = F.col("batch_date")
    amount, moment = F.col("amount"), F.col("transaction_ts")
    is_currency = F.coalesce(F.col("currency").rlike("^[A-Z]{3}$"), F.lit(False))
    holds = {
        "MISSING_TRANSACTION_ID": F.col("transaction_id").isNull(),
        "MISSING_CUSTOMER_ID": F.col("customer_id").isNull(),
        "INVALID_TIMESTAMP": moment.isNull(),
        "FUTURE_TIMESTAMP": moment > batch.cast("timestamp") + F.expr("INTERVAL 25 HOURS"),
        "TOO_LATE": F.col("day") < F.date_sub(batch, rules.TOO_LATE_DAYS),
        "INVALID_AMOUNT": amount.isNull(),
        "REFUND_OR_REVERSAL": amount < 0,
        "ZERO_AMOUNT": amount == 0,
        "INVALID_CURRENCY": ~is_currency,
        "NO_FX_RATE": is_currency & moment.isNotNull() & F.col("fx_rate").isNull(),
    }
    return F.array_compact(F.array(*(F.when(one, F.lit(name)) for name, one in holds.items())))


def _batch_moments(accepted: DataFrame) -> DataFrame:
    """Moments of each batch, and of all batches of the 90 days before it."""
    by_batch = accepted.groupBy("batch_date").agg(
        F.count(F.lit(1)).alias("batch_n"),
        F.sum("cents").alias("batch_s"),
        F.sum(F.col("cents") * F.col("cents")).alias("batch_ss"),
    )
    day_number = F.datediff("batch_date", F.lit("1970-01-01"))
    before = Window.orderBy(day_number).rangeBetween(-rules.BASELINE_DAYS, -1)
    sums = {f"all_{one}": F.coalesce(F.sum(f"batch_{one}").over(before), F.lit(0)) for one in _SUMS}
    return by_batch.withColumns(sums)


_SUMS = ("n", "s", "ss")


def _without_later(windowed: DataFrame, accepted: DataFrame) -> DataFrame:
    """Take away from velocity_count what only later batches delivered: rows that came late."""
    late = accepted.where(F.col("day") < F.col("batch_date")).select(
        "customer_id",
        F.col("batch_date").alias("late_batch"),
        F.unix_micros("transaction_ts").alias("late_micros"),
    )
    micros = F.unix_micros("transaction_ts")
    in_window = F.col("late_micros").between(micros - (rules.WINDOW_MICROS - 1), micros)
    pairs = windowed.select("row_id", "customer_id", "batch_date", "transaction_ts").join(
        F.broadcast(late), "customer_id"
    )
    too_many = (
        pairs.where(in_window & (F.col("late_batch") > F.col("batch_date")))
        .groupBy("row_id")
        .agg(F.count(F.lit(1)).alias("later"))
    )
    counted = F.col("velocity_count") - F.coalesce("later", F.lit(0))
    joined = windowed.join(too_many, "row_id", how="left")
    return joined.withColumn("velocity_count", counted).drop("later")


def _fires() -> dict[str, Column]:
    match, zscore = F.col("blacklist_match_type"), F.col("amount_zscore")
    cents = F.col("cents")
    return {
        "AMOUNT_OVER_LIMIT": cents > rules.OVER_LIMIT_CENTS,
        "AMOUNT_OUTLIER": (zscore > rules.OUTLIER_ZSCORE) & (cents > rules.OUTLIER_CENTS),
        "VELOCITY_BURST": F.col("velocity_count") >= rules.BURST,
        "BLACKLISTED_CUSTOMER": match.isin(*rules.EXACT_MATCHES),
        "BLACKLIST_NAME_MATCH": match == "name",
        "UNKNOWN_CUSTOMER": ~F.col("customer_known"),
    }


def _reason(rule: str) -> Column:
    money = F.format_number("amount_usd", 2)
    customer = F.concat(F.lit("Customer "), F.col("customer_id"))
    by = F.concat(customer, F.lit(" matches the blacklist by "))
    sentences = {
        "AMOUNT_OVER_LIMIT": F.concat(money, F.lit(" USD is over the limit of 5,000.00 USD")),
        "AMOUNT_OUTLIER": F.format_string(
            "%s USD is %,.1f standard deviations above the mean of %,.2f USD (%s baseline)",
            money,
            F.col("amount_zscore"),
            F.col("baseline_mean_usd"),
            F.col("baseline_source"),
        ),
        "VELOCITY_BURST": F.format_string(
            "%,d transactions of one customer_id within 60 s (rule: at least 4)",
            F.col("velocity_count"),
        ),
        "BLACKLISTED_CUSTOMER": F.concat(by, F.translate("blacklist_match_type", "_", " ")),
        "BLACKLIST_NAME_MATCH": F.concat(by, F.lit("name")),
        "UNKNOWN_CUSTOMER": F.concat(customer, F.lit(" is not in the customer table")),
    }
    return F.struct(
        F.lit(rule).alias("rule"),
        F.lit(rules.POINTS[rule]).alias("points"),
        sentences[rule].alias("text"),
    )
